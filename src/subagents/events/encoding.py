"""Every kind of fact by its name, and how one is written and read."""

from __future__ import annotations

import msgspec

# Kinds are found as subclasses, so each module with facts has to be loaded before they are gathered.
from subagents.events import endings, notices, runs, sessions, turns, workspaces  # noqa: F401
from subagents.events.endings import Ending
from subagents.events.fact import Event, RunEvent


def _leaves(kind: type[Event]) -> list[type[Event]]:
    below = [leaf for child in kind.__subclasses__() for leaf in _leaves(child)]
    return [kind, *below]


_ABSTRACT = {Event, RunEvent, Ending}

#: Every kind of fact by the name it is stored under.
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in _leaves(Event) if kind not in _ABSTRACT}

_encoder = msgspec.json.Encoder()
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in EVENTS.items()}


def encode(event: Event) -> bytes:
    """The fact as JSON, in one line of UTF-8."""
    return _encoder.encode(event)


def decode(kind: str, payload: bytes) -> Event:
    """The fact back. Fields that this version does not know are ignored.

    Raises `KeyError` for an unknown kind and `msgspec.MsgspecError` for a payload that is not one.
    """
    return _decoders[kind].decode(payload)
