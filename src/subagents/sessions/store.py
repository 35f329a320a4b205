"""Where a session's facts, messages and transcript lines are kept: the contract, and the one in memory.

`testing/store_contract.py` says the same as tests; every implementation passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from subagents.errors import SessionError
from subagents.events import Entry
from subagents.ids import RunId
from subagents.sessions.messages import NewMessage, StoredMessage


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs together: facts in order, and what came with them. Kept wholly or not at all.

    `lines` is transcript text, already split; a line break left in one is kept as a blank. `draft` is the
    unfinished text of a reply, which replaces the one before it and is dropped when it is "". `run` and
    `episode` say whose messages and lines they are.
    """

    entries: tuple[Entry, ...] = ()
    run: RunId | None = None
    episode: int = 1
    messages: tuple[NewMessage, ...] = ()
    lines: tuple[str, ...] = ()
    draft: str | None = None

    @property
    def synced(self) -> bool:
        return any(entry.event.synced for entry in self.entries)


class Line(msgspec.Struct, frozen=True):
    """One line of a run's transcript. `n` counts from 1 for the life of the run and never moves."""

    n: int
    text: str


class Stretch(msgspec.Struct, frozen=True):
    """The lines `first` to `last` of a run, both included, as one text with a line break between two of them."""

    first: int
    last: int
    text: str


class Loaded(msgspec.Struct, frozen=True):
    """What opening found: the last good snapshot, if any, the facts after it, and what had to be set aside."""

    snapshot: bytes | None
    entries: tuple[Entry, ...]
    set_aside: str = ""


#: Called once for each write, from any thread, after it is kept (None) or could not be (the reason).
Done = Callable[[SessionError | None], None]


class LineStore(Protocol):
    """Where the lines of runs are read, from any thread. Reading sees what was kept before it began."""

    def draft(self, run: RunId) -> str:
        """The unfinished text of the reply in progress, or ""."""
        ...

    def line_count(self, run: RunId) -> int:
        """The number of the last line."""
        ...

    def lines(self, run: RunId, first: int, last: int) -> Sequence[Line]:
        """The lines numbered `first` to `last`, both included, as far as they exist."""
        ...

    def stretch(
        self, run: RunId, first: int, last: int, size: int, *, backwards: bool = False
    ) -> Stretch | None:
        """Of the same lines the first ones, or the last ones, until they and their line breaks have `size` characters
        or a little more.

        None when there is no such line. It costs what it gives and not what there is, and is for searching: where
        `lines` would find that what is kept is damaged, this may give it as it is.
        """
        ...


class EventStore(LineStore, Protocol):
    """Append-only storage of one session.

    Writes are kept in the order they were given. Facts number on from the last one without gaps; a write that
    breaks this is refused with `SessionError`. Once a write failed, every later one fails too: what is kept is
    always a prefix of what was given. Reading sees what was kept before it began, from any thread.
    """

    def load(self) -> Loaded:
        """All there is, once, before the first `append`. Raises `NewerSession` for a newer format."""
        ...

    def append(self, write: Write, done: Done) -> None:
        """Takes a write and returns at once; `done` is called when its fate is known. Never raises."""
        ...

    def save_snapshot(self, seq: int, data: bytes) -> None:
        """Keeps `data` as the state after fact `seq`; losing it costs time only, so failing is silent."""
        ...

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The facts with a number above `after`, in order."""
        ...

    def entry(self, seq: int) -> Entry:
        """Raises `KeyError` for a number that is not kept."""
        ...

    def messages(self, run: RunId) -> Sequence[StoredMessage]:
        """In order, over all episodes."""
        ...

    def close(self) -> None:
        """Ends when all that was given is kept or refused. May be called again."""
        ...


class MemoryStore:
    """Everything in lists; for tests and for sessions that need not outlive their process.

    Closed, it can be loaded again: that is the next owner's opening of the session.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._messages: dict[RunId, list[StoredMessage]] = {}
        self._lines: dict[RunId, list[str]] = {}
        self._drafts: dict[RunId, str] = {}
        self._refusal: SessionError | None = None

    def load(self) -> Loaded:
        self._refusal = None
        return Loaded(None, tuple(self._entries))

    def append(self, write: Write, done: Done) -> None:
        if self._refusal is None and (reason := out_of_order(write, len(self._entries))) is not None:
            self._refusal = SessionError(reason)
        if self._refusal is not None:
            done(self._refusal)
            return
        self._entries.extend(write.entries)
        if write.run is not None:
            self._extend(write.run, write)
        done(None)

    def _extend(self, run: RunId, write: Write) -> None:
        kept = self._messages.setdefault(run, [])
        for new in write.messages:
            kept.append(StoredMessage(run, write.episode, len(kept) + 1, new.kind, new.json))
        self._lines.setdefault(run, []).extend(line.replace("\n", " ") for line in write.lines)
        if write.draft is not None:
            self._drafts[run] = write.draft

    def save_snapshot(self, seq: int, data: bytes) -> None:
        """Nothing to win: loading is as fast without."""

    def entries(self, after: int = 0) -> Iterator[Entry]:
        return iter(self._entries[max(after, 0) :])

    def entry(self, seq: int) -> Entry:
        if not 1 <= seq <= len(self._entries):
            raise KeyError(seq)
        return self._entries[seq - 1]

    def messages(self, run: RunId) -> Sequence[StoredMessage]:
        return tuple(self._messages.get(run, ()))

    def draft(self, run: RunId) -> str:
        return self._drafts.get(run, "")

    def line_count(self, run: RunId) -> int:
        return len(self._lines.get(run, ()))

    def lines(self, run: RunId, first: int, last: int) -> Sequence[Line]:
        kept = self._lines.get(run, [])
        start = max(first, 1)
        return [Line(n, text) for n, text in enumerate(kept[start - 1 : max(last, 0)], start)]

    def stretch(
        self, run: RunId, first: int, last: int, size: int, *, backwards: bool = False
    ) -> Stretch | None:
        start, kept = max(first, 1), self._lines.get(run, [])
        numbers = range(start, min(last, len(kept)) + 1)
        taken = 0
        for n in reversed(numbers) if backwards else numbers:
            taken += 1
            size -= len(kept[n - 1]) + 1
            if size <= 0:
                break
        if not taken:
            return None
        begin = numbers[-taken] if backwards else start
        return Stretch(begin, begin + taken - 1, "\n".join(kept[begin - 1 : begin - 1 + taken]))

    def close(self) -> None:
        self._refusal = self._refusal or SessionError("the store is closed")


def out_of_order(write: Write, kept: int) -> str | None:
    """Why these facts cannot follow fact number `kept`, or None."""
    for expected, entry in enumerate(write.entries, kept + 1):
        if entry.seq != expected:
            return f"fact {entry.seq} was given where {expected} was due"
    return None
