"""Yesterday's payload to today's event. What a fact was stored as is its kind, its version and its JSON; no SQL here.

A kind whose fields changed in a way that defaults cannot bridge gets a new `version` in `events.py` and a
step here, which makes of the older JSON object the next one. Steps are never removed: logs are read for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from subagents.errors import NewerSession
from subagents.events import EVENTS, Event, decode

#: One version's JSON object to the next version's.
Step = Callable[[dict[str, Any]], dict[str, Any]]

#: The step that leads on from (kind, version).
STEPS: Mapping[tuple[str, int], Step] = {}


def read_event(
    kind: str, version: int, payload: bytes, *, steps: Mapping[tuple[str, int], Step] = STEPS
) -> Event:
    """The fact that was stored as `payload`, in today's form.

    Raises `NewerSession` for what only a newer program can have written.
    """
    require_known(kind, version)
    try:
        if version == EVENTS[kind].version:
            return decode(kind, payload)
        return msgspec.convert(_upcast(kind, version, payload, steps), EVENTS[kind])
    except msgspec.MsgspecError as error:
        raise NewerSession(f"this version cannot read a fact of the kind {kind!r}: {error}") from error


def require_known(kind: str, version: int) -> None:
    """Raises `NewerSession` for a kind, or a version of one, that this program does not know."""
    known = EVENTS.get(kind)
    if known is None:
        raise NewerSession(
            f"the session holds facts of the kind {kind!r}, which this version does not know; "
            "open it with the newer version of subagents that wrote it"
        )
    if version > known.version:
        raise NewerSession(
            f"the session holds facts of the kind {kind!r} in version {version}, and this program reads them "
            f"up to version {known.version}; open it with the newer version of subagents that wrote it"
        )


def _upcast(kind: str, version: int, payload: bytes, steps: Mapping[tuple[str, int], Step]) -> dict[str, Any]:
    fields = msgspec.json.decode(payload, type=dict[str, Any])
    for number in range(version, EVENTS[kind].version):
        fields = steps[kind, number](fields)
    return fields
