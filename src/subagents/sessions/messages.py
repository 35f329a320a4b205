"""The model's messages of a run, kept as they arrive; what resume, fork and replay read.

Their JSON is the runner's own and opaque here. A row is a whole message or one part of one, so that a
tool result is kept the moment it is there and not when its siblings are.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from subagents.ids import RunId

#: How what is said in nobody's name begins: the end of what was inherited, and what became of what was too long.
INHERITED_SO_FAR = "(So far what was said before you began."
WAS_TOO_LONG = "(The conversation had become too long"


class MessageKind(StrEnum):
    """What a row's JSON is: a model's whole reply, or one part of what goes to the model next. After a compaction it is
    an object of all `messages` that take the place of everything before, and of what is to be known of it: a `summary`.
    """

    REPLY = "reply"
    PART = "part"
    COMPACTED = "compacted"


class StoredMessage(msgspec.Struct, frozen=True):
    """One row. `n` counts from 1 over all episodes of the run; the store gives it."""

    run: RunId
    episode: int
    n: int
    kind: MessageKind
    json: bytes


class NewMessage(msgspec.Struct, frozen=True):
    """A message on its way into the store."""

    kind: MessageKind
    json: bytes
