"""Runs in one folder: who writes what another has changed meanwhile is told so, and where they meet is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic_ai import RunContext as ToolContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RunUsage

from subagents import AgentManager, EditReport, Registration
from subagents.conflict import ConflictKind, LineRange
from subagents.ids import RunId
from subagents.prompts.role import Role
from subagents.runners.base import RunContext
from subagents.runners.native import RunDeps
from subagents.runners.native_reports import CallReports
from subagents.runners.native_tools import coding_deps
from subagents.settings.model import Settings
from subagents.spec import RunSpec
from subagents.toolsets.coding import CODING_TOOLS, coding_toolset

pytestmark = pytest.mark.anyio

BOUND = 60.0  # seconds that a story may wait
TEN = "".join(f"line {number}\n" for number in range(1, 11))


class ToolRunner:
    """A runner whose agents use the coding tools as a test says, and end when it lets them."""

    def __init__(self) -> None:
        self.contexts: dict[RunId, tuple[RunSpec, RunContext]] = {}
        self.ends: dict[RunId, anyio.Event] = {}

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[ToolRunner]:
        self.contexts[context.run] = (spec, context)
        yield self

    async def prompt(self, text: str | None) -> str:
        run = next(reversed(self.contexts))
        self.ends[run] = anyio.Event()
        await self.ends[run].wait()
        return "done"

    def steer(self, steer: str, text: str) -> bool:
        return False


Use = Callable[..., Awaitable[str]]


class Story:
    """A manager with two agents in one folder; `a("read", path="f")` gives what the first one's model would get."""

    def __init__(self, manager: AgentManager, runner: ToolRunner) -> None:
        self.manager = manager
        self.runner = runner

    async def agent(self, name: str) -> tuple[RunId, Use]:
        run = await self.manager.spawn("general-purpose", "x", name=name)
        with anyio.fail_after(BOUND):
            await _until(lambda: run in self.runner.ends)
        spec, context = self.runner.contexts[run]
        deps = RunDeps(run, coding_deps(spec, context, Role(())), CallReports(context.report))

        async def use(tool: str, **arguments: Any) -> str:
            ctx = ToolContext(deps=deps, model=TestModel(), usage=RunUsage(), tool_name=tool)
            with anyio.fail_after(BOUND):
                toolset = coding_toolset(CODING_TOOLS)
                return str(
                    await toolset.call_tool(tool, arguments, ctx, (await toolset.get_tools(ctx))[tool])
                )

        return run, use

    async def end(self, run: RunId) -> None:
        self.runner.ends[run].set()
        assert (await self.manager.get_result(run, wait=True, timeout=BOUND)).run.status.ended


@asynccontextmanager
async def story(folder: Path, **settings: Any) -> AsyncIterator[Story]:
    runner = ToolRunner()
    async with AgentManager.open(
        folder, memory=True, runners={"native": runner}, settings=Settings(**settings)
    ) as manager:
        yield Story(manager, runner)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_write_is_refused_where_another_run_changed_the_file_since_it_was_read(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path) as told:
        one, first = await told.agent("one")
        _, second = await told.agent("two")
        await first("read", path="f")
        await second("read", path="f")
        changed = TEN.replace("line 3\n", "three\n")
        assert (await first("edit", path="f", old_string="line 3", new_string="three")).startswith("Replaced")
        answer = await second("write", path="f", content="all new\n")
        assert answer.startswith(f"Error: 'f' was changed since you read it: one ({one}) at ")
        assert f", line 3; its SHA-256 is {sha(changed)} now. Nothing was written: read the file" in answer
        assert (tmp_path / "f").read_text() == changed
        await second("read", path="f")
        assert (await second("edit", path="f", old_string="line 9", new_string="nine")).startswith("Replaced")
        assert not told.manager.state.conflicts.open


async def test_nobody_writes_blindly_over_a_new_file_of_another(tmp_path: Path):
    async with story(tmp_path) as told:
        _, first = await told.agent("one")
        _, second = await told.agent("two")
        await first("write", path="new", content="mine\n")
        answer = await second("write", path="new", content="no, mine\n")
        assert "'new' was changed and you have not read it: one (" in answer
        assert (await first("write", path="new", content="mine again\n")).startswith("Wrote")


async def test_what_was_changed_back_stops_nobody(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path) as told:
        _one, first = await told.agent("one")
        _, second = await told.agent("two")
        for use in (first, second):
            await use("read", path="f")
        await first("edit", path="f", old_string="line 3", new_string="three")
        await first("edit", path="f", old_string="three", new_string="line 3")
        assert (await second("edit", path="f", old_string="line 5", new_string="five")).startswith("Replaced")


async def test_what_an_ended_run_did_counts_for_who_read_the_file_before(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path) as told:
        one, first = await told.agent("one")
        _, second = await told.agent("two")
        for use in (first, second):
            await use("read", path="f")
        await first("edit", path="f", old_string="line 9", new_string="nine")
        await told.end(one)
        assert "was changed since you read it" in await second("write", path="f", content="x")
        _, third = await told.agent("three")
        assert (await third("write", path="f", content="x")).startswith("Wrote")


async def test_with_a_warning_it_is_written_and_where_they_meet_is_recorded(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path, shared_edits="warn") as told:
        one, first = await told.agent("one")
        two, second = await told.agent("two")
        for use in (first, second):
            await use("read", path="f")
        await first("edit", path="f", old_string="line 3\nline 4", new_string="three\nfour")
        answer = await second("edit", path="f", old_string="four", new_string="4")
        assert answer.startswith("Replaced 1 passage in f (line 4). 'f' was changed since you read it: one (")
        with anyio.fail_after(BOUND):
            await _until(lambda: told.manager.state.conflicts.open)
        (conflict,) = told.manager.state.conflicts.open
        assert (conflict.runs, conflict.kind) == ((one, two), ConflictKind.LINES)
        (place,) = conflict.places
        assert (place.ours, place.theirs) == ((LineRange(3, 4),), (LineRange(4, 4),))
        await second("edit", path="f", old_string="4\nline 5", new_string="four\nline 5")
        with anyio.fail_after(BOUND):
            await _until(lambda: not told.manager.state.conflicts.open)


async def test_it_waits_until_the_other_has_ended_and_reads_what_came_of_it(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path, shared_edits="wait") as told, anyio.create_task_group() as tasks:
        one, first = await told.agent("one")
        _, second = await told.agent("two")
        for use in (first, second):
            await use("read", path="f")
        await first("edit", path="f", old_string="line 3", new_string="three")
        answers: list[str] = []

        async def write() -> None:
            answers.append(await second("edit", path="f", old_string="line 5", new_string="five"))

        tasks.start_soon(write)
        await anyio.wait_all_tasks_blocked()
        await first("edit", path="f", old_string="line 4", new_string="four")
        assert not answers
        await told.end(one)
        with anyio.fail_after(BOUND):
            await _until(lambda: answers)
        assert "was changed since you read it" in answers[0]
        assert "four\n" in await second("read", path="f")
        assert (await second("edit", path="f", old_string="line 5", new_string="five")).startswith("Replaced")


async def test_two_that_would_wait_for_each_other_do_not(tmp_path: Path):
    for name in ("f", "g"):
        (tmp_path / name).write_text(TEN)
    async with story(tmp_path, shared_edits="wait") as told, anyio.create_task_group() as tasks:
        one, first = await told.agent("one")
        _, second = await told.agent("two")
        await first("edit", path="f", old_string="line 3", new_string="three")
        await second("edit", path="g", old_string="line 3", new_string="three")
        answers: list[str] = []

        async def write() -> None:
            answers.append(await first("edit", path="g", old_string="line 5", new_string="five"))

        tasks.start_soon(write)
        await anyio.wait_all_tasks_blocked()
        assert not answers
        refused = await second("edit", path="f", old_string="line 5", new_string="five")
        assert f"'f' was changed and you have not read it: one ({one})" in refused
        assert not answers
        await told.end(told.manager.find("two"))
        with anyio.fail_after(BOUND):
            await _until(lambda: answers)


@pytest.mark.parametrize("size", [3, 4])
async def test_the_one_that_would_close_a_circle_of_waits_does_not_wait(tmp_path: Path, size: int):
    for number in range(size):
        (tmp_path / f"f{number}").write_text(TEN)
    async with story(tmp_path, shared_edits="wait") as told, anyio.create_task_group() as tasks:
        agents = [await told.agent(f"agent{number}") for number in range(size)]
        for number, (_run, use) in enumerate(agents):
            await use("edit", path=f"f{number}", old_string="line 3", new_string="three")
        answers: dict[int, str] = {}

        async def write(number: int) -> None:
            _run, use = agents[number]
            answers[number] = await use(
                "edit", path=f"f{(number + 1) % size}", old_string="line 5", new_string="five"
            )

        for number in range(size - 1):
            tasks.start_soon(write, number)
            await anyio.wait_all_tasks_blocked()
        assert answers == {}
        await write(size - 1)
        assert "'f0' was changed and you have not read it: agent0" in answers[size - 1]
        assert list(answers) == [size - 1]
        # One that is stopped in the middle frees who waits for it, and nobody else.
        await told.manager.stop(agents[1][0])
        with anyio.fail_after(BOUND):
            await _until(lambda: 0 in answers)
        assert set(answers) - {1} == {size - 1, 0}
        tasks.cancel_scope.cancel()


async def test_what_somebody_else_changed_is_not_written_over_whole(tmp_path: Path):
    """Another session, a person, an own command: whose it is is not known, and that it is newer is."""
    file = tmp_path / "f"
    file.write_text(TEN)
    async with story(tmp_path) as told:
        _one, a = await told.agent("one")
        await a("read", path="f")
        file.write_text("theirs\n")
        refused = await a("write", path="f", content="mine\n")
        assert (
            "'f' was changed since you read it: by a person, a command, or an agent of another session"
            in refused
        )
        assert "Nothing was written: read the file again" in refused
        assert "Replaced" in await a("edit", path="f", old_string="theirs", new_string="theirs, mine")
        assert "Wrote" in await a("write", path="f", content="all of it\n")
        file.unlink()
        assert "Wrote" in await a("write", path="f", content="anew\n")


async def test_an_agent_outside_that_reports_takes_part(tmp_path: Path):
    (tmp_path / "f").write_text(TEN)
    async with story(tmp_path) as told:
        two, second = await told.agent("two")
        await second("edit", path="f", old_string="line 3", new_string="three")
        (tmp_path / "f").write_text("by another program\n" + TEN)
        outside = await told.manager.register(Registration("Aider", (), "mends"))
        await told.manager.record(outside, EditReport("f", "0" * 64, None, 2, 4))
        (conflict,) = told.manager.state.conflicts.open
        assert conflict.runs == (two, outside)
        answer = await second("edit", path="f", old_string="line 9", new_string="nine")
        assert f"aider ({outside}) at " in answer
        assert "lines 2-4" in answer


async def _until(holds: Callable[[], object]) -> None:
    while not holds():
        await anyio.lowlevel.checkpoint()


async def test_who_is_to_write_what_another_writes_is_told_so_before_it_starts(tmp_path: Path):
    async with story(tmp_path) as told:
        first = await told.manager.spawn(
            "general-purpose", "Write your findings to out/report.md", name="one"
        )
        second = await told.manager.spawn("general-purpose", "Save a summary in ./out/report.md")
        notes = [told.manager.state.run(run).spec.notes for run in (first, second)]
        path = tmp_path / "out" / "report.md"
        assert notes == [
            (),
            (
                f"one ({first}) seems to be asked to write the same: {path}. "
                "Let one of them do it, or one wait.",
            ),
        ]
