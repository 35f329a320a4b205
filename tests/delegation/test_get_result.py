"""`get_subagent_result`: waits, statuses, results, peeks. Rows of waiting, of peek and of bounded output."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.bootstrap import AgentManager as OnDisk
from subagents.delegation.door import CONVERSATION, Door
from subagents.delegation.registry import BY_NAME
from subagents.delegation.tool import Answer, Parent
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.own_tasks import own_tasks
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.spec import AskedBy
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Break, Say, ScriptedRunner, Step, Tool, Wait

pytestmark = pytest.mark.anyio

GUIDANCE = "Call get_subagent_result with wait: true"
TOOL = BY_NAME["get_subagent_result"]


class Story:
    """A session whose agents go on when the gate of their prompt opens, and what the tool has answered."""

    def __init__(
        self, manager: AgentManager, clock: FakeClock, gates: dict[str, anyio.Event], tasks: Any
    ) -> None:
        self.manager, self.clock, self.gates = manager, clock, gates
        self.answers: list[Answer] = []
        self._tasks = tasks
        self.parent: Parent = replace(parent_of(manager), door=CONVERSATION)

    async def spawn(self, prompt: str, **wishes: Any) -> RunId:
        run = await self.manager.spawn("plain", prompt, **wishes)
        await settled()
        return run

    async def ask(self, parent: Parent | None = None, **arguments: Any) -> str:
        """Calls the tool, lets everybody go as far as they can, and gives the answer, "" when there is none yet."""
        before = len(self.answers)
        self._tasks.start_soon(self._call, parent or self.parent, arguments)
        await settled()
        return self.answers[-1].text if len(self.answers) > before else ""

    async def _call(self, parent: Parent, arguments: dict[str, Any]) -> None:
        self.answers.append(await TOOL.call(parent, arguments))

    @property
    def last(self) -> str:
        return self.answers[-1].text


@asynccontextmanager
async def story(scripts: dict[str, Sequence[Step]] | None = None, **settings: Any) -> AsyncIterator[Story]:
    gates = {name: anyio.Event() for name in ("a", "b")}
    played: dict[str, Sequence[Step]] = {
        name: [
            Tool("bash", '{"command": "make"}', text="I look."),
            Wait(gate, "half"),
            Say(f"{name} is done"),
        ]
        for name, gate in gates.items()
    }
    clock = FakeClock()
    runner = ScriptedRunner(played | (scripts or {}))
    async with (
        open_manager(runner, clock=clock, settings=Settings(**settings)) as manager,
        own_tasks() as tasks,
    ):
        yield Story(manager, clock, gates, tasks)
        tasks.cancel_scope.cancel()


# --- waiting


async def test_k3_a_wait_that_times_out_says_so_with_the_evidence_and_how_to_go_on():
    async with story() as told:
        run = await told.spawn("a", name="explore", description="look around")
        assert await told.ask(agent_id="explore", wait=True) == ""
        await told.clock.advance(269.9)
        assert told.answers == []
        await told.clock.advance(0.2)
        assert told.last.replace(run, "RUN") == snapshot("""\
It is still running: the wait timed out after 4m 30s, so as not to block you. Nothing was stopped; call again with wait: true to go on waiting, or omit it for a status.

Agent: explore (plain, run RUN)
Status: running | 1 turn | 1 tool use | 110 tokens | 4m 30s
Description: look around

It is still running; there is no result yet.
Last sign of life: 4m 30s ago.
Latest text: I look.

Last line: [3] seen

Call get_subagent_result with wait: true to wait for it, or without it for a status. You are told by yourself when it ends, so do not poll or sleep.\
""")
        assert told.manager.state.run(run).status is RunStatus.RUNNING


async def test_of_several_a_wait_says_how_many_have_not_ended_and_of_one_whether_it_runs():
    async with story({"done": [Say("done")]}, max_concurrent=2) as told:
        runs = [await told.spawn(prompt) for prompt in ("done", "a", "b", "a")]
        await told.ask(agent_ids=runs, wait="all", timeout_seconds=5)
        await told.clock.advance(5.1)
        assert told.last.startswith("Of 4 agents 3 have not ended: the wait timed out after 5s")
        await told.ask(agent_id=runs[3], wait=True, timeout_seconds=5)
        await told.clock.advance(5.1)
        assert told.last.startswith("It is still queued: the wait timed out after 5s")


async def test_a_wait_may_be_shorter_and_is_never_longer_than_an_hour():
    async with story() as told:
        await told.spawn("a")
        await told.ask(agent_id="plain", wait=True, timeout_seconds=5)
        await told.clock.advance(5.1)
        assert "timed out after 5s" in told.last
        await told.ask(agent_id="plain", wait=True, timeout_seconds=9_999)
        await told.clock.advance(3_600.1)
        assert "timed out after 1h" in told.last


async def test_a_door_whose_calls_may_not_block_for_long_answers_in_time():
    async with story() as told:
        await told.spawn("a")
        await told.ask(
            replace(told.parent, door=Door("library", tells=False, longest_wait=50)),
            agent_id="plain",
            wait=True,
        )
        await told.clock.advance(50.1)
        assert "timed out after 50s" in told.last


async def test_k5_a_wait_that_is_given_up_says_that_nothing_was_stopped():
    async with story() as told:
        run, gave_up = await told.spawn("a"), anyio.Event()
        assert await told.ask(replace(told.parent, cancelled=gave_up), agent_id="plain", wait=True) == ""
        gave_up.set()
        await settled()
        assert "cancelled by the user" in told.last
        assert "NOT stopped" in told.last
        assert GUIDANCE in told.last
        assert told.manager.state.run(run).status is RunStatus.RUNNING


async def test_k7_a_message_for_the_parent_ends_its_wait_at_once():
    async with story() as told:
        parent = await told.spawn("a")
        child = await told.spawn("b", parent=parent)
        mine = replace(told.parent, owner=parent)
        assert await told.ask(mine, agent_id=child, wait=True) == ""
        await told.manager.steer(parent, "come back", asked_by=AskedBy.PERSON)
        await settled()
        assert (
            "interrupted by an incoming steering message, which is delivered after this tool returns"
            in told.last
        )
        assert "NOT stopped" in told.last
        assert "interrupted by" in await told.ask(mine, agent_id=child, wait=True)


async def test_k9_k11_without_a_message_it_waits_on_and_gives_the_result():
    async with story() as told:
        await told.spawn("a")
        assert await told.ask(agent_id="plain", wait=True) == ""
        await told.clock.advance(5)
        assert told.answers == []
        told.gates["a"].set()
        await settled()
        assert "a is done" in told.last
        assert "interrupted" not in told.last


async def test_k13_a_status_says_that_it_is_running_and_how_to_wait():
    async with story() as told:
        await told.spawn("a")
        text = await told.ask(agent_id="plain")
        assert "It is still running" in text
        assert GUIDANCE in text
        assert "Last line: [3] seen" in text


async def test_k15_a_queued_one_is_waited_for_until_it_ran():
    async with story(max_concurrent=1) as told:
        await told.spawn("a")
        await told.spawn("b", name="second")
        assert await told.ask(agent_id="second", wait=True) == ""
        told.gates["a"].set()
        told.gates["b"].set()
        await settled()
        assert "b is done" in told.last


async def test_k17_a_call_that_was_given_up_before_it_began_answers_at_once():
    async with story() as told:
        gave_up = anyio.Event()
        gave_up.set()
        await told.spawn("a")
        assert "cancelled by the user" in await told.ask(
            replace(told.parent, cancelled=gave_up), agent_id="plain", wait=True
        )


async def test_k21_waiting_and_peeking_together_waits_first():
    async with story() as told:
        await told.spawn("a")
        assert await told.ask(agent_id="plain", wait=True, peek={"lines": 1}) == ""
        told.gates["a"].set()
        await settled()
        assert "a is done" in told.last
        assert GUIDANCE not in told.last


async def test_k23_what_has_ended_is_not_waited_for_and_is_read_now():
    async with story() as told:
        run = await told.spawn("a")
        told.gates["a"].set()
        await settled()
        assert "a is done" in await told.ask(agent_id="plain", wait=True)
        assert GUIDANCE not in told.last
        assert told.manager.state.run(run).delivered


# --- several


async def test_any_of_several_or_all_of_them_are_waited_for():
    async with story() as told:
        await told.spawn("a", name="one")
        await told.spawn("b", name="two")
        assert await told.ask(agent_ids=["one", "two"], wait="any") == ""
        told.gates["a"].set()
        await settled()
        assert "a is done" in told.last
        assert "Agent: two" in told.last
        assert await told.ask(wait="all") == ""
        told.gates["b"].set()
        await settled()
        assert "b is done" in told.last


async def test_without_an_id_it_is_about_all_of_ones_own_and_bodies_share_the_room():
    scripts: dict[str, Sequence[Step]] = {"long": [Say("x" * 30_000)]}
    async with story(scripts) as told:
        for _ in range(4):
            await told.spawn("long")
        text = await told.ask()
        assert text.count("Agent: plain") == 4
        assert len(text) < 25_000
        assert len(told.answers[-1].data["agents"]) == 4


async def test_of_very_many_fifty_are_told_and_the_others_are_counted_and_stay_unread():
    async with story({"done": [Say("done")]}) as told:
        runs = [await told.spawn("done") for _ in range(53)]
        text = await told.ask()
        assert text.count("Status: completed") == 50
        assert text.endswith(
            "And 3 more: list_subagents with all: true lists them; ask for them by agent_ids."
        )
        assert told.answers[-1].data["more"] == 3
        assert sum(told.manager.state.run(run).delivered for run in runs) == 50
        await told.ask()
        assert all(told.manager.state.run(run).delivered for run in runs)


async def test_a_parent_without_agents_is_told_so():
    async with story() as told:
        assert await told.ask() == "Error: You have no agents; start one with Agent."


async def test_statuses_are_scoped_to_the_owner():
    async with story() as told:
        parent, other = await told.spawn("a"), await told.spawn("b", name="stranger")
        child = await told.spawn("b", parent=parent)
        mine = replace(told.parent, owner=parent)
        assert f"run {child}" in await told.ask(mine)
        for foreign in ("stranger", other, parent):
            assert "is not an agent of yours" in await told.ask(mine, agent_id=foreign)


# --- looking


async def test_null_is_not_given_in_a_look_either():
    async with story() as told:
        await told.spawn("a")
        asked = {"lines": 1, "regex": None, "after": None, "before": None, "context": None}
        assert (await told.ask(agent_id="plain", peek=asked)).startswith("Showing 1 of 3 lines (last line).")


async def test_peek_shows_lines_and_reads_no_result():
    async with story() as told:
        run = await told.spawn("a")
        running = await told.ask(agent_id="plain", peek={"lines": 2})
        assert running == snapshot("""\
Showing 2 of 3 lines (last 2 lines).

[2] ▸ bash make
[3] seen

It is still running. Call get_subagent_result with wait: true to wait for it, or without it for a status. You are told by yourself when it ends, so do not poll or sleep.

Numbers are lines of the whole transcript. Call it without peek for the result.\
""")
        told.gates["a"].set()
        await settled()
        ended = await told.ask(agent_id="plain", peek={"regex": "done$"})
        assert "[4] a is done" in ended
        assert GUIDANCE not in ended
        assert not told.manager.state.run(run).delivered


async def test_l15_a_bad_pattern_is_a_clear_error():
    async with story() as told:
        await told.spawn("a")
        assert await told.ask(agent_id="plain", peek={"regex": "("}) == snapshot(
            "Error: The pattern /(/ cannot be used: at character 1, a group `(` is not closed. Close it with `)`, or write `\\(` for the character."
        )


@pytest.mark.parametrize("lines", [0, -5, float("nan"), "x", None])
async def test_l11_what_is_no_number_of_lines_is_twenty(lines: object):
    scripts: dict[str, Sequence[Step]] = {"many": [Say("\n".join(f"line {n}" for n in range(1, 501)))]}
    async with story(scripts) as told:
        await told.spawn("many")
        text = await told.ask(agent_id="plain", peek={"lines": lines})
        assert next(line for line in text.splitlines() if line.startswith("[")) == "[481] line 481"


async def test_l17_verbose_goes_before_peek():
    async with story() as told:
        await told.spawn("a")
        told.gates["a"].set()
        await settled()
        text = await told.ask(agent_id="plain", verbose=True, peek={"lines": 1})
        assert "Status: completed" in text
        assert "--- Agent conversation ---" in text


# --- what is told


async def test_m1_a_long_result_is_shown_by_its_ends_and_the_way_to_the_rest_is_named(tmp_path: Path):
    runner = ScriptedRunner(default=[Say("x" * 25_000 + "\nSENTINEL")])
    async with OnDisk.open(tmp_path, runners={"native": runner}) as manager:
        run = await manager.spawn("Explore", "go")
        await manager.get_result(run, wait=True)
        text = (await TOOL.call(parent_of(manager), {"agent_id": run})).text
    assert "[… 5,009 characters left out …]" in text
    assert "look at it with peek" in text
    assert f"{run}.jsonl.]" in text
    assert text.endswith("SENTINEL")


async def test_m2_a_result_that_just_fits_is_whole():
    async with story({"fits": [Say("x" * 20_000)]}) as told:
        await told.spawn("fits")
        text = await told.ask(agent_id="plain")
        assert "x" * 20_000 in text
        assert "left out" not in text


async def test_m3_a_long_conversation_is_cut():
    async with story({"long": [Tool(result="short"), Say("y" * 25_000)]}) as told:
        await told.spawn("long")
        text = await told.ask(agent_id="plain", verbose=True)
        assert text.count("characters left out") == 2


async def test_m9_an_empty_result_is_said_to_be_empty():
    async with story({"empty": [Say("")]}) as told:
        await told.spawn("empty")
        assert "No output." in await told.ask(agent_id="plain")


async def test_partial_work_of_a_failure_is_labelled_and_bounded():
    async with story({"breaks": [Tool(text="z" * 30_000), Break(RuntimeError("it broke"))]}) as told:
        await told.spawn("breaks")
        text = await told.ask(agent_id="plain")
        assert "Error: RuntimeError: it broke" in text
        assert len(text) < 22_000


async def test_one_that_was_stopped_by_a_person_is_not_told_as_finished():
    async with story() as told:
        run = await told.spawn("a")
        await told.manager.stop(run, by=StoppedBy.USER)
        text = await told.ask(agent_id="plain")
        assert "STOPPED by the user" in text
        assert "NOT done" in text


async def test_receipts_of_messages_are_told_with_the_status():
    async with story() as told:
        run = await told.spawn("a")
        await told.manager.steer(run, "look at the tests", asked_by=AskedBy.MODEL)
        assert 'Message "look at the tests": queued' in await told.ask(agent_id="plain")
        told.gates["a"].set()
        await settled()
        assert 'Message "look at the tests": delivered at turn' in await told.ask(agent_id="plain")


# --- structured


async def test_one_part_of_a_structured_result_is_taken_by_its_pointer():
    value = '{"files": [{"path": "a.py"}]}'
    async with story({"json": [Say(value)]}) as told:
        await told.spawn("json", output_schema={"type": "object"})
        assert await told.ask(agent_id="plain", pointer="/files/0/path") == '"a.py"'
        assert "has nothing at '/files/1'" in await told.ask(agent_id="plain", pointer="/files/1")
        await told.ask(agent_id="plain")
        assert told.answers[-1].data["reply"]["data"] == {"files": [{"path": "a.py"}]}
        await told.spawn("a", name="free")
        assert "has no structured result; leave pointer out" in await told.ask(agent_id="free", pointer="/x")


async def test_an_answer_that_did_not_fit_is_told_with_its_errors():
    async with story({"json": [Say("[]")]}, structured_retries=0) as told:
        await told.spawn("json", output_schema={"type": "object", "required": ["files"]})
        text = await told.ask(agent_id="plain")
        assert "The output did not match the schema." in text
        assert told.answers[-1].data["reply"]["ok"] is False


async def test_a_refusal_does_not_repeat_all_that_was_asked():
    async with story() as told:
        text = await told.ask(agent_id="x" * 1_000_000)
        assert text.startswith("Error: no run 'xxx")
        assert text.endswith("its runs are none yet")
        assert len(text) < 5_000
