"""Writes the golden log of this version: a session with every kind of fact, as this version stores it.

    python tests/golden/make.py 0.2.0

Run once for a release, into a folder of its own; what is there is never written again, because the logs of
users of that version are not either. `facts.jsonl` has the facts as they are encoded, `log.sql` the whole
database as SQL, `state.json` the state they fold to. `test_golden.py` reads all of them for ever.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from subagents.conflict import ConflictKind, ConflictPlace, LineRange, ResolvedBy
from subagents.events import (
    EVENTS,
    AgentDeregistered,
    AgentRegistered,
    ClientConnected,
    CommandStarted,
    ConflictDetected,
    ConflictResolved,
    ContextCompacted,
    DirectoryChanged,
    Entry,
    Event,
    FileEdited,
    ModelReplied,
    ModelRequestFailed,
    NoticeAcknowledged,
    Noticed,
    NoticePosted,
    OutputFault,
    OutputRejected,
    ResultDelivered,
    RunCleared,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunResumed,
    RunSpawned,
    RunStarted,
    RunSteered,
    RunStopped,
    RunUnpaused,
    ServerLeftOut,
    SessionArchived,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SteerDelivered,
    StoppedBy,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    WorkspaceClosed,
    WorkspaceOpened,
    WrapUpAsked,
    encode,
)
from subagents.ids import RunId
from subagents.sessions.messages import MessageKind, NewMessage
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import fold
from subagents.sessions.store import Write
from subagents.spec import AskedBy, DefinitionSource, Inherited, Limits, PromptMode, RunSpec, ToolSelection
from subagents.testing.facts import numbered
from subagents.testing.store_contract import Writing
from subagents.usage import ModelUsage

PARENT, CHILD, FAILING, LEFT, OUTSIDE = (RunId(name * 8) for name in "abcde")

SPEC = RunSpec(
    agent="explore",
    prompt="Where are retries handled?",
    description="find retries",
    instructions="You look, you don't touch. 中文 🎉",
    prompt_mode=PromptMode.APPEND,
    tools=ToolSelection(names=("read", "grep", "bash"), denied=("write",)),
    model="anthropic:some-model",
    limits=Limits(max_turns=20, grace_turns=3, max_seconds=600.0),
    output_schema={"type": "object", "properties": {"files": {"type": "array", "items": {"type": "string"}}}},
    runner="native",
    cwd="/home/me/project",
    project="/home/me/project",
    user="me",
    source=DefinitionSource("/home/me/project/.subagents/agents/explore.md", "0" * 64, "project"),
    decided={"model": "caller", "max_turns": "definition"},
)
HEIR = msgspec.structs.replace(
    SPEC, inherited=Inherited(run=PARENT, until=9, messages=12, tokens=3_400, left_out=2)
)
USAGE = ModelUsage(requests=1, input=1_200, output=80, cache_read=900, cache_write=40, cost=0.0123)
BROKEN = ModelUsage(requests=1, input=1_200, output=1, cost=0.0012)


def story() -> list[Event]:
    """Every kind of fact at least once, in an order in which they happen."""
    return [
        SessionOpened(project="/home/me/project", user="me", program="subagents run", pid=4242),
        ClientConnected(client="claude-code", program_version="2.1.329", thread="thread-1"),
        SessionRenamed(title="Retries"),
        *_parent_begins(),
        *_child_lives(),
        *_parent_ends(),
        *_two_that_end_badly(),
        *_one_reports(),
        *_they_meet(),
        SessionArchived(archived=True),
        SessionClosed(reason="the day is over"),
    ]


def _one_reports() -> list[Event]:
    spec = RunSpec(
        agent="aider",
        prompt="",
        description="mends the tests",
        instructions="",
        cwd="/home/me/project",
        project="/home/me/project",
        runner="reported",
    )
    return [
        AgentRegistered(
            run=OUTSIDE, episode=1, handle="aider", spec=spec, capabilities=("edit", "test"), owner="mcp"
        ),
        FileEdited(
            run=OUTSIDE, episode=1, path="a.py", before=None, after="0" * 64, first_line=1, last_line=9
        ),
        AgentDeregistered(run=OUTSIDE, episode=1, seconds=12.5, partial="All tests pass."),
    ]


def _they_meet() -> list[Event]:
    place = ConflictPlace(
        path="a.py", ours=(LineRange(1, 12),), theirs=(LineRange(1, 9),), functions=("main",)
    )
    return [
        ConflictDetected(
            conflict="c0ffee01", runs=(PARENT, OUTSIDE), kind=ConflictKind.LINES, places=(place,)
        ),
        ConflictDetected(
            conflict="c0ffee02",
            runs=(PARENT,),
            kind=ConflictKind.DELETED,
            places=(ConflictPlace(path="b.py"),),
            heads=("1" * 40, "2" * 40),
        ),
        ConflictDetected(
            conflict="c0ffee03",
            runs=(PARENT, RunId("stranger")),
            kind=ConflictKind.TEXT,
            places=(place,),
            heads=("1" * 40, "2" * 40),
            stranger="Explore",
        ),
        ConflictResolved(conflict="c0ffee02", by=ResolvedBy.PERSON, reason="it is to go"),
    ]


def _parent_begins() -> list[Event]:
    here: dict[str, Any] = {"run": PARENT, "episode": 1}
    return [
        RunSpawned(
            **here,
            handle="explore",
            parent=None,
            root=PARENT,
            depth=1,
            spec=SPEC,
            asked_by=AskedBy.PERSON,
            request_id="request-1",
        ),
        RunStarted(**here, model="anthropic:some-model-2026"),
        WorkspaceOpened(**here, root="/home/me/project", isolation="shared"),
        ServerLeftOut(
            **here,
            text="The MCP server 'docs' could not be started: it wrote: no key; its tools are left out.",
        ),
        ModelRequestFailed(
            **here,
            model="anthropic:some-model-2026",
            reason="its provider is overloaded (HTTP 529: Overloaded)",
            attempt=1,
            wait=1.5,
            usage=BROKEN,
        ),
        ModelReplied(
            **here, model="anthropic:some-model-2026", usage=USAGE, text="I will look.", tool_calls=2
        ),
        ToolCalled(
            **here, call="c1", tool="bash", arguments='{"command":"make"}', digest="1" * 64, changes=True
        ),
        CommandStarted(**here, group=777, started="123456"),
        ToolCalled(**here, call="c2", tool="write", arguments='{"path":"a.py"}', digest="2" * 64),
        FileEdited(**here, path="a.py", before=None, after="3" * 64, first_line=1, last_line=12),
        ToolReturned(**here, call="c2", tool="write", characters=31),
        DirectoryChanged(**here, path="/home/me/project/src"),
        RunSteered(**here, steer="s1", text="only the client", asked_by=AskedBy.PERSON),
        ToolReturned(**here, call="c1", tool="bash", ok=False, characters=2_048),
        TurnEnded(**here, turn=1),
        ContextCompacted(
            **here,
            reason="its window was nearly full",
            tokens_before=160_000,
            tokens_after=21_000,
            count=1,
            model="anthropic:some-model-2026",
            usage=USAGE,
        ),
        SteerDelivered(**here, steer="s1", turn=2),
        RunPaused(**here),
        RunParked(**here),
        RunUnpaused(**here),
        RunStarted(**here, model="anthropic:some-model-2026"),
    ]


def _child_lives() -> list[Event]:
    here: dict[str, Any] = {"run": CHILD, "episode": 1}
    return [
        RunSpawned(
            **here, handle="explore-2", parent=PARENT, root=PARENT, depth=2, spec=HEIR, asked_by=AskedBy.MODEL
        ),
        RunStarted(**here),
        RunStopped(
            **here, by=StoppedBy.PARENT, reason="not needed", seconds=1.5, partial="so far", subtree=True
        ),
        RunCleared(**here),
    ]


def _parent_ends() -> list[Event]:
    here: dict[str, Any] = {"run": PARENT, "episode": 1}
    again: dict[str, Any] = {"run": PARENT, "episode": 2}
    return [
        WrapUpAsked(**here, limit="turns"),
        OutputRejected(
            **here,
            problems=("/files: is missing",),
            text="{}",
            faults=(OutputFault("", "'files' is a required property", "/required"),),
            digest="4" * 64,
        ),
        RunSteered(**here, steer="s2", text="no tests", asked_by=AskedBy.MODEL),
        RunCompleted(
            **here,
            text='{"files":[]}',
            structured='{"files":[]}',
            schema_valid=True,
            digest="5" * 64,
            wrapped_up=True,
            seconds=61.25,
        ),
        WorkspaceClosed(**here),
        ResultDelivered(**here, to="cli"),
        RunResumed(**again, prompt="and the server?", asked_by=AskedBy.PROGRAM, note="(Your last turn …)"),
        RunStarted(**again, model="anthropic:some-model-2026"),
    ]


def _two_that_end_badly() -> list[Event]:
    failing: dict[str, Any] = {"run": FAILING, "episode": 1}
    left: dict[str, Any] = {"run": LEFT, "episode": 1}
    common: dict[str, Any] = {"parent": None, "depth": 1, "spec": SPEC, "asked_by": AskedBy.SCHEDULE}
    return [
        RunSpawned(**failing, **common, handle="explore-3", root=FAILING),
        RunStarted(**failing),
        RunFailed(**failing, reason="the provider said 529", seconds=2.0, partial="half an answer"),
        NoticePosted(notice="notice-1", owner=None, endings=(Noticed(FAILING, 1),), partial=True),
        NoticeAcknowledged(notice="notice-1", to="library"),
        RunSpawned(**left, **common, handle="explore-4", root=LEFT),
        RunInterrupted(**left, reason="its process ended", started=False),
        NoticePosted(notice="notice-2", owner=None, endings=(Noticed(LEFT, 1),)),
    ]


def main(version: str) -> None:
    folder = Path(__file__).parent / version
    folder.mkdir()
    log = numbered(story())
    assert {type(entry.event).__name__ for entry in log} == set(EVENTS), "the story must have every kind"
    (folder / "facts.jsonl").write_text("".join(_line(entry) for entry in log), encoding="utf-8")
    state = json.loads(fold(log).snapshot())
    (folder / "state.json").write_text(
        json.dumps(state, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "log.sql").write_text(_dump(log), encoding="utf-8")


def _line(entry: Entry) -> str:
    """One fact as it is stored, and what stands beside it."""
    kind = type(entry.event)
    row = {"seq": entry.seq, "id": entry.id, "at": entry.at, "kind": kind.__name__, "version": kind.version}
    return json.dumps(row | {"payload": encode(entry.event).decode()}, ensure_ascii=False) + "\n"


def _dump(log: tuple[Entry, ...]) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        store = SqliteStore(path)
        store.load()
        message = NewMessage(MessageKind.REPLY, b'{"role":"assistant","text":"I will look."}')
        words = Write(run=PARENT, messages=(message,), lines=("I will look.", "▸ bash make"), draft="and n")
        Writing(store).keep(*(Write(entries=(entry,)) for entry in log), words)
        store.save_snapshot(10, fold(log[:10]).snapshot())
        store.close()
        with closing(sqlite3.connect(path)) as db:
            (number,) = db.execute("pragma user_version").fetchone()
            return "\n".join([*db.iterdump(), f"PRAGMA user_version = {number};", ""])


if __name__ == "__main__":
    main(sys.argv[1])
