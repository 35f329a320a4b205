"""The state of a session, folded from all its facts. Storage is not known here.

It is changed in place, because folding 100,000 facts into new mappings each costs ten times as much;
only `apply` does it, and what it holds is frozen. Whoever is handed a `SessionState` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from subagents.errors import RunNotFound
from subagents.events import (
    AgentRegistered,
    ClientConnected,
    ConflictDetected,
    ConflictResolved,
    Entry,
    FileEdited,
    NoticeAcknowledged,
    NoticePosted,
    RunEvent,
    RunSpawned,
    SessionArchived,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
)
from subagents.ids import RunId, with_prefix
from subagents.notices import state as notices
from subagents.notices.state import NoticeState
from subagents.runs import conflicts, edits, evolving
from subagents.runs.conflicts import ConflictState
from subagents.runs.edits import EditState
from subagents.runs.state import RunState
from subagents.texts import quoted

#: Snapshots of another version are rebuilt from the facts.
STATE_VERSION = 4


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the session itself. `opened_at` is when its first owner opened it; `client` and `thread` are who
    began it, "" where no client did."""

    project: str = ""
    user: str = ""
    title: str = ""
    archived: bool = False
    opened_at: float = 0.0
    owner: int | None = None
    closed: bool = False
    client: str = ""
    thread: str = ""


class SessionState:
    """Runs in the order they were spawned, and what finds them."""

    def __init__(self) -> None:
        self.header = Header()
        self.seq = 0
        self.at = 0.0
        self.notices = NoticeState((), {})
        self.conflicts = ConflictState()
        self.edits = EditState({})
        self._runs: dict[RunId, RunState] = {}
        self._handles: dict[str, RunId] = {}
        self._requests: dict[str, RunId] = {}
        self._children: dict[RunId, tuple[RunId, ...]] = {}
        self.runs: Mapping[RunId, RunState] = MappingProxyType(self._runs)
        self.handles: Mapping[str, RunId] = MappingProxyType(self._handles)
        self.requests: Mapping[str, RunId] = MappingProxyType(self._requests)

    def run(self, run_id: RunId) -> RunState:
        """Raises `RunNotFound`."""
        try:
            return self._runs[run_id]
        except KeyError:
            raise RunNotFound(f"this session has no run {run_id!r}") from None

    def children(self, run_id: RunId) -> tuple[RunId, ...]:
        return self._children.get(run_id, ())

    def path(self, run_id: RunId) -> list[RunId]:
        """The run and those above it, up to the top of its tree as far as it is in this session."""
        found = [run_id]
        # Nobody is above himself, but what a damaged log says must not be followed for ever.
        while (
            (above := self.run(found[-1]).parent) in self._runs and above is not None and above not in found
        ):
            found.append(above)
        return found

    def subtree(self, run_id: RunId) -> list[RunId]:
        """The run and all below it, parents before children."""
        found = [run_id]
        for current in found:
            found.extend(self.children(current))
        return found

    def is_live(self, run_id: RunId) -> bool:
        """Whether it is known here and has not ended."""
        return run_id in self._runs and not self._runs[run_id].status.ended

    def handle(self, run_id: RunId) -> str:
        """What it is called; its id where it is not of this session."""
        return self._runs[run_id].handle if run_id in self._runs else run_id

    def conflicts_of(self, run: RunId) -> tuple[str, ...]:
        """A line for each conflict of the run that somebody should look at."""
        return tuple(conflicts.told(each, self.handle, run) for each in self.conflicts.alarming(run))

    def find(self, name: str) -> RunId:
        """The run with this handle, id or unique prefix of an id. Raises `RunNotFound`, naming the candidates."""
        if name in self._handles:
            return self._handles[name]
        found = with_prefix(name, self._runs) if name else []
        if len(found) == 1:
            return RunId(found[0])
        if found:
            raise RunNotFound(
                f"{quoted(name)} fits several runs: {', '.join(found[:10])}; write more of the id"
            )
        known = ", ".join([*self._handles][-10:]) or "none yet"
        raise RunNotFound(f"no run {quoted(name)} in this session; its runs are {known}")

    def apply(self, entry: Entry) -> None:
        """One more fact. Only the journal and `fold` call this."""
        self.seq, self.at = entry.seq, entry.at
        match entry.event:
            case RunSpawned() as event:
                self._spawned(entry, event)
            case AgentRegistered() as event:
                self._runs[event.run] = evolving.registered(entry, event)
                self._index(self._runs[event.run])
            case RunEvent(run=run_id):
                if (run := self._runs.get(run_id)) is not None:
                    self._runs[run_id] = evolving.evolve(run, entry)
                    if isinstance(entry.event, FileEdited):
                        edits.edited(self.edits, run, entry.event, entry.seq, entry.at)
            case NoticePosted() | NoticeAcknowledged():
                self.notices = notices.evolve(self.notices, entry)
            case ConflictDetected() | ConflictResolved():
                self.conflicts = conflicts.evolve(self.conflicts, entry)
            case event:
                self.header = _evolve_header(self.header, entry.at, event)

    def _spawned(self, entry: Entry, event: RunSpawned) -> None:
        self._runs[event.run] = evolving.spawned(entry, event)
        self._index(self._runs[event.run])
        if event.request_id:
            self._requests[event.request_id] = event.run

    def _index(self, run: RunState) -> None:
        self._handles[run.handle] = run.id
        if run.parent is not None:
            self._children[run.parent] = (*self._children.get(run.parent, ()), run.id)

    def snapshot(self) -> bytes:
        """The state as JSON, for `restore`."""
        return msgspec.json.encode(
            _Snapshot(
                self.header,
                self.seq,
                self.at,
                tuple(self._runs.values()),
                self._requests,
                self.notices,
                self.conflicts,
                self.edits,
            )
        )

    @classmethod
    def restore(cls, data: bytes) -> SessionState:
        """The state that `snapshot` gave. Raises `msgspec.MsgspecError` for anything else."""
        kept = msgspec.json.decode(data, type=_Snapshot)
        state = cls()
        state.header, state.seq, state.at, state.notices = kept.header, kept.seq, kept.at, kept.notices
        state.conflicts, state.edits = kept.conflicts, kept.edits
        state._requests.update(kept.requests)
        for run in kept.runs:
            state._runs[run.id] = run
            state._index(run)
        return state


class _Snapshot(msgspec.Struct, frozen=True):
    header: Header
    seq: int
    at: float
    runs: tuple[RunState, ...]
    requests: dict[str, RunId]
    notices: NoticeState
    conflicts: ConflictState
    edits: EditState


def fold(entries: Iterable[Entry], onto: SessionState | None = None) -> SessionState:
    """The state after `entries`, which follow what `onto` has seen; `onto` itself is changed and returned."""
    state = SessionState() if onto is None else onto
    for entry in entries:
        state.apply(entry)
    return state


def _evolve_header(header: Header, at: float, event: object) -> Header:
    replace = msgspec.structs.replace
    match event:
        case SessionOpened(project=project, user=user, pid=pid):
            opened = header.opened_at or at
            return replace(header, project=project, user=user, opened_at=opened, owner=pid, closed=False)
        case SessionClosed():
            return replace(header, owner=None, closed=True)
        case ClientConnected(client=client, thread=thread) if not header.client:
            return replace(header, client=client, thread=thread)
        case SessionRenamed(title=title):
            return replace(header, title=title)
        case SessionArchived(archived=archived):
            return replace(header, archived=archived)
        case _:
            return header
