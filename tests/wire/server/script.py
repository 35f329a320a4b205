"""What a loopback model server is told to answer, in no provider's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Call:
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Thought:
    """Thinking that is shown, with the seal that its provider wants back."""

    text: str
    seal: str = "sealed"


@dataclass(frozen=True)
class Tokens:
    """What is counted for a reply; `input` without what the cache had or was given."""

    input: int = 100
    output: int = 20
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True)
class Reply:
    """A whole reply."""

    parts: tuple[Text | Call | Thought, ...]
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Refusal:
    """No reply but an error, before any of it."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


@dataclass(frozen=True)
class Overload:
    """The first half of a reply, then an error that says the server is overloaded."""

    reply: Reply


@dataclass(frozen=True)
class Cut:
    """The first half of a reply, then nothing: the connection is closed, or with `cleanly` the reply just ends."""

    reply: Reply
    cleanly: bool = False


@dataclass(frozen=True)
class Hang:
    """The first half of a reply, then silence until the client goes away."""

    reply: Reply


Step = Reply | Refusal | Overload | Cut | Hang


def says(text: str, tokens: Tokens = Tokens()) -> Reply:
    return Reply((Text(text),), tokens)


def calls(*called: Call, tokens: Tokens = Tokens()) -> Reply:
    return Reply(called, tokens)
