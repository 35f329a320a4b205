"""Lives of runs, told through the manager: the scripted runner, a clock that stands still, no disk."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from inline_snapshot import snapshot

from subagents.errors import NotNow, RunNotFound, SpawnRefused, UnknownAgent
from subagents.events import RunStopped, StoppedBy
from subagents.runs.result import Result
from subagents.runs.state import Outcome, RunStatus
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.spec import SpawnRequest
from subagents.testing.builders import InPlace, open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Step, Tool, Wait
from subagents.workspaces.base import OpenWorkspace

pytestmark = pytest.mark.anyio


def outcome(result: Result) -> Outcome:
    assert result.run.outcome is not None
    return result.run.outcome


async def test_a_run_is_spawned_at_once_and_answers():
    runner = ScriptedRunner(default=[Tool(), Say("in retry.py")])
    async with open_manager(runner) as manager:
        run_id = await manager.spawn("plain", "where are retries handled?")
        assert manager.state.run(run_id).status is RunStatus.QUEUED
        result = await manager.get_result(run_id, wait=True)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "in retry.py")
    assert (result.run.turns, result.run.tool_uses, result.run.usage.total.requests) == (2, 1, 2)


async def test_of_two_runs_under_a_cap_of_one_the_second_waits_for_the_first():
    gate = anyio.Event()
    runner = ScriptedRunner({"one": [Wait(gate), Say("1")], "two": [Say("2")]})
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        one = await manager.spawn("plain", "one")
        two = await manager.spawn("plain", "two")
        await settled()
        assert manager.state.run(one).status is RunStatus.RUNNING
        assert manager.state.run(two).status is RunStatus.QUEUED
        gate.set()
        assert (await manager.get_result(two, wait=True)).text == "2"


async def test_raising_the_cap_starts_who_waits_and_a_cap_of_zero_is_one():
    gate = anyio.Event()
    runner = ScriptedRunner(default=[Wait(gate), Say()])
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        runs = [await manager.spawn("plain", "go") for _ in range(3)]
        manager.resize(0)
        await settled()
        assert runner.in_progress == 1
        manager.resize(2)
        await settled()
        assert runner.in_progress == 2
        gate.set()
        for run in runs:
            await manager.get_result(run, wait=True)


async def test_a_stop_is_recorded_once_and_nothing_overwrites_it():
    gate, far = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(
        default=[Tool(text="halfway there"), Reach(far), Wait(gate, "and then"), Say("late")]
    )
    async with open_manager(runner) as manager:
        heard = []
        manager.listen(lambda entry: heard.append(entry.event))
        run = await manager.spawn("plain", "go")
        await far.wait()
        await settled()
        assert await manager.stop(run, reason="enough")
        assert not await manager.stop(run)
        gate.set()
        await settled()
        result = await manager.get_result(run)
    assert (result.run.status, outcome(result).by, result.text) == (
        RunStatus.STOPPED,
        StoppedBy.USER,
        "and then",
    )
    assert sum(isinstance(event, RunStopped) for event in heard) == 1


async def test_a_queued_run_that_is_stopped_never_starts_and_leaves_the_queue():
    gate = anyio.Event()
    runner = ScriptedRunner({"one": [Wait(gate), Say()]})
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        await manager.spawn("plain", "one")
        two, three = [await manager.spawn("plain", prompt) for prompt in ("two", "three")]
        await settled()
        assert await manager.stop(two)
        gate.set()
        assert (await manager.get_result(three, wait=True)).run.status is RunStatus.COMPLETED
    assert "two" not in runner.said


async def test_what_the_runner_raises_ends_its_run_with_the_reason_and_the_partial_work():
    runner = ScriptedRunner({"bad": [Tool(text="found half"), Break(RuntimeError("no route to host"))]})
    async with open_manager(runner) as manager:
        bad = await manager.spawn("plain", "bad")
        good = await manager.spawn("plain", "good")
        result = await manager.get_result(bad, wait=True)
        assert (await manager.get_result(good, wait=True)).run.status is RunStatus.COMPLETED
    assert result.run.status is RunStatus.FAILED
    assert outcome(result).reason == "RuntimeError: no route to host"
    assert result.text == "found half"


async def test_a_folder_that_vanished_while_the_run_was_queued_fails_only_that_run(tmp_path: Path):
    gate, gone = anyio.Event(), tmp_path / "gone"
    gone.mkdir()
    runner = ScriptedRunner({"one": [Wait(gate), Say()]})
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        await manager.spawn("plain", "one")
        two = await manager.spawn(SpawnRequest(agent="plain", prompt="two", cwd=str(gone)))
        three = await manager.spawn("plain", "three")
        gone.rmdir()
        gate.set()
        failed = await manager.get_result(two, wait=True)
        assert (await manager.get_result(three, wait=True)).run.status is RunStatus.COMPLETED
    assert failed.run.status is RunStatus.FAILED
    assert str(gone) in outcome(failed).reason


async def test_a_wait_ends_in_time_and_the_run_goes_on():
    gate, clock = anyio.Event(), FakeClock()
    async with open_manager(ScriptedRunner(default=[Wait(gate), Say()]), clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        answers = []

        async def wait() -> None:
            answers.append(await manager.get_result(run, wait=True, timeout=270))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await clock.advance(269)
            assert not answers
            await clock.advance(2)
            assert answers[0].run.status is RunStatus.RUNNING
        gate.set()
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED


async def test_a_cancelled_wait_leaves_the_run_alone():
    gate = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Wait(gate), Say("still here")])) as manager:
        run = await manager.spawn("plain", "go")
        with anyio.move_on_after(0.01):
            await manager.get_result(run, wait=True, timeout=None)
        gate.set()
        assert (await manager.get_result(run, wait=True)).text == "still here"


async def test_a_hundred_waits_on_one_run_all_wake():
    gate = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Wait(gate), Say("once")])) as manager:
        run = await manager.spawn("plain", "go")
        texts = []

        async def wait() -> None:
            texts.append((await manager.get_result(run, wait=True)).text)

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(wait)
            await settled()
            gate.set()
    assert texts == ["once"] * 100


async def test_a_paused_run_rests_after_its_turn_gives_its_slot_up_and_comes_back_first():
    far, go = anyio.Event(), anyio.Event()
    scripts: dict[str, Sequence[Step]] = {
        "one": [Reach(far), Wait(go), Tool(), Say("rested")],
        "two": [Say("2")],
        "three": [Wait(anyio.Event())],
    }
    runner = ScriptedRunner(scripts)
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        one = await manager.spawn("plain", "one")
        await far.wait()
        await manager.pause(one)
        two = await manager.spawn("plain", "two")
        go.set()
        assert (await manager.get_result(two, wait=True)).text == "2"
        assert manager.state.run(one).parked
        three = await manager.spawn("plain", "three")
        four = await manager.spawn("plain", "four")
        await settled()
        await manager.unpause(one)
        await settled()
        await manager.stop(three)
        assert (await manager.get_result(one, wait=True)).text == "rested"
        assert (await manager.get_result(four, wait=True)).run.ended_at is not None


@pytest.mark.parametrize(
    ("by", "status"), [(StoppedBy.SHUTDOWN, RunStatus.RUNNING), (StoppedBy.USER, RunStatus.STOPPED)]
)
async def test_a_parked_run_outlasts_a_shutdown_but_not_a_person_who_ends_everything(
    by: StoppedBy, status: RunStatus
):
    store, far, go = MemoryStore(), anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"rest": [Reach(far), Wait(go), Tool(), Say()]}, default=[Wait(anyio.Event())])
    async with open_manager(runner, store=store) as manager:
        run, other = await manager.spawn("plain", "rest"), await manager.spawn("plain", "go")
        await far.wait()
        await manager.pause(run)
        go.set()
        await settled()
        await manager.close(by)
        assert manager.state.run(run).status is status
        assert manager.state.run(other).status is RunStatus.STOPPED
    async with open_manager(ScriptedRunner(default=[Say("rested")]), store=store) as manager:
        if by is StoppedBy.SHUTDOWN:
            await manager.unpause(run)
            assert (await manager.get_result(run, wait=True)).text == "rested"


async def test_one_that_rests_below_one_that_is_shut_down_is_stopped_with_it():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"rest": [Reach(far), Wait(go), Tool(), Say()]}, default=[Wait(anyio.Event())])
    async with open_manager(runner) as manager:
        parent = await manager.spawn("plain", "go")
        child = await manager.spawn(SpawnRequest(agent="plain", prompt="rest", parent=parent))
        await far.wait()
        await manager.pause(child)
        go.set()
        await settled()
        assert manager.state.run(child).parked
        await manager.close()
        assert {run.status for run in manager.list()} == {RunStatus.STOPPED}


async def test_a_session_that_is_closed_twice_after_everything_was_cancelled_comes_to_its_end():
    # By a clock that stands still no bound ends what would go on without end.
    with anyio.CancelScope() as everything:
        async with open_manager(ScriptedRunner()) as manager:
            everything.cancel()
            with anyio.CancelScope(shield=True):
                await settled()
            await manager.close(reason="enough")
            await manager.close()
    assert str(manager.broken) == "enough"


async def test_a_parked_run_can_be_stopped():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(go), Tool(), Say()])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await manager.pause(run)
        go.set()
        await settled()
        await manager.stop(run)
        await settled()
        assert manager.state.run(run).status is RunStatus.STOPPED
        with pytest.raises(NotNow, match="stopped"):
            await manager.unpause(run)


async def test_a_steer_reaches_the_run_before_its_next_turn_and_is_marked_as_delivered():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(go), Tool(), Say()])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await manager.steer(run, "look at the tests too")
        assert len(manager.state.run(run).waiting_steers) == 1
        go.set()
        result = await manager.get_result(run, wait=True)
        with pytest.raises(NotNow, match="resume it"):
            await manager.steer(run, "too late")
    assert runner.said == ["go", "look at the tests too"]
    assert result.run.waiting_steers == ()


async def test_a_queued_run_reads_what_it_was_steered_with_when_it_begins():
    gate = anyio.Event()
    runner = ScriptedRunner({"one": [Wait(gate), Say()]})
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        await manager.spawn("plain", "one")
        two = await manager.spawn("plain", "two")
        await manager.steer(two, "first")
        await manager.steer(two, "second")
        gate.set()
        await manager.get_result(two, wait=True)
    assert runner.said == ["one", "two", "first", "second"]


async def test_an_ended_run_is_resumed_in_a_new_episode_with_what_was_said_before():
    runner = ScriptedRunner({"one": [Tool(), Say("first")], "more": [Say("second")]})
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await manager.get_result(run, wait=True)
        assert await manager.resume(run, "more") == run
        result = await manager.get_result(run, wait=True)
    assert (result.text, result.run.episode, result.run.turns) == ("second", 2, 3)
    assert len(runner.opened[1].history) == 4


async def test_a_run_that_was_cut_short_is_told_so_when_it_goes_on():
    far = anyio.Event()
    runner = ScriptedRunner({"one": [Tool(), Reach(far), Wait(anyio.Event())]})
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await far.wait()
        await manager.stop(run)
        await manager.resume(run, "and now?")
        result = await manager.get_result(run, wait=True)
        await manager.resume(run, "and then?")
        await manager.get_result(run, wait=True)
    assert result.run.prompt == "and now?"
    assert runner.said[1:] == snapshot(
        [
            """\
(Your last turn was stopped half-way: what it did last may or may not have taken effect. Look before you repeat it.)

and now?\
""",
            "and then?",
        ]
    )


async def test_a_running_run_is_not_resumed():
    gate = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Wait(gate), Say()])) as manager:
        run = await manager.spawn("plain", "go")
        with pytest.raises(NotNow, match="steer it"):
            await manager.resume(run, "more")


async def test_a_resume_waits_for_a_slot_like_everybody():
    gate = anyio.Event()
    runner = ScriptedRunner({"hold": [Wait(gate), Say()]})
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        run = await manager.spawn("plain", "one")
        await manager.get_result(run, wait=True)
        await manager.spawn("plain", "hold")
        await manager.resume(run, "more")
        await settled()
        assert manager.state.run(run).status is RunStatus.QUEUED
        gate.set()
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED


async def test_a_resumed_turn_that_fails_does_not_give_the_old_answer():
    runner = ScriptedRunner({"one": [Say("the old answer")], "more": [Break(RuntimeError("gone"))]})
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await manager.get_result(run, wait=True)
        await manager.resume(run, "more")
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.text) == (RunStatus.FAILED, "")


async def test_children_stop_when_their_parent_ends():
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"parent": [Reach(far), Wait(gate), Say()], "child": [Wait(anyio.Event())]})
    async with open_manager(runner) as manager:
        parent = await manager.spawn("plain", "parent")
        await far.wait()
        child = await manager.spawn(SpawnRequest(agent="plain", prompt="child", parent=parent))
        await settled()
        gate.set()
        ended = await manager.get_result(child, wait=True)
        with pytest.raises(SpawnRefused, match="has ended"):
            await manager.spawn(SpawnRequest(agent="plain", prompt="late", parent=parent))
    assert (ended.run.status, outcome(ended).by) == (RunStatus.STOPPED, StoppedBy.PARENT)


async def test_nested_runs_need_no_slot_but_have_a_depth_and_a_number():
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate), Say()])
    few = Settings(max_concurrent=1, max_depth=2, max_children=2, max_tree_spawned=3)
    async with open_manager(runner, settings=few) as manager:
        top = await manager.spawn("plain", "top")
        await far.wait()
        children = [
            await manager.spawn(SpawnRequest(agent="plain", prompt="c", parent=top)) for _ in range(3)
        ]
        await settled()
        statuses = [manager.state.run(child).status for child in children]
        assert statuses == [RunStatus.RUNNING, RunStatus.RUNNING, RunStatus.QUEUED]
        with pytest.raises(SpawnRefused, match="nested 2 deep"):
            await manager.spawn(SpawnRequest(agent="plain", prompt="deep", parent=children[0]))
        with pytest.raises(SpawnRefused, match="max_tree_spawned"):
            await manager.spawn(SpawnRequest(agent="plain", prompt="c", parent=top))


async def test_what_cannot_begin_leaves_nothing_behind():
    async with open_manager() as manager:
        with pytest.raises(UnknownAgent):
            await manager.spawn("plan", "go")
        with pytest.raises(SpawnRefused):
            await manager.spawn("plain", "  ")
        with pytest.raises(SpawnRefused, match="colour"):
            await manager.spawn("plain", "go", colour="red")
        with pytest.raises(RunNotFound):
            await manager.get_result("zzz")
        assert manager.list() == []


async def test_a_repeated_request_gets_the_first_answer():
    async with open_manager() as manager:
        first = await manager.spawn("plain", "go", request_id="r1")
        assert await manager.spawn("plain", "go", request_id="r1") == first
        assert len(manager.list()) == 1


async def test_runs_are_found_by_handle_id_and_prefix_and_listed_newest_first():
    async with open_manager() as manager:
        one = await manager.spawn("plain", "go")
        two = await manager.spawn("plain", "go")
        named = await manager.spawn("plain", "go", name="Scout!")
        assert [manager.find(name) for name in ("plain", "plain-2", "scout", two[:7])] == [
            one,
            two,
            named,
            two,
        ]
        assert [run.id for run in manager.list()] == [named, two, one]


async def test_ended_runs_are_cleared_all_or_none():
    gate = anyio.Event()
    runner = ScriptedRunner({"hold": [Wait(gate), Say()]})
    async with open_manager(runner) as manager:
        done = await manager.spawn("plain", "go")
        await manager.get_result(done, wait=True)
        held = await manager.spawn("plain", "hold")
        with pytest.raises(NotNow, match=held):
            await manager.clear([done, held])
        assert len(manager.list()) == 2
        await manager.clear(done)  # one by itself is one, and not its letters
        assert [run.id for run in manager.list()] == [held]


async def test_peek_shows_the_last_lines_or_those_after_one():
    runner = ScriptedRunner(
        default=[Tool(text="let me look", arguments='{"path": "a.py"}', result="1\n2"), Say("b")]
    )
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await manager.get_result(run, wait=True)
        lines = [line.text for line in (await manager.peek(run, lines=100)).lines]
        assert lines == ["let me look", "▸ look a.py", "1", "2", "b"]
        assert [line.n for line in (await manager.peek(run, lines=2)).lines] == [4, 5]
        assert [line.n for line in (await manager.peek(run, after=3)).lines] == [4, 5]


async def test_closing_stops_everything_and_keeps_what_there_is():
    far = anyio.Event()
    runner = ScriptedRunner(default=[Tool(text="so far"), Reach(far), Wait(anyio.Event())])
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        one = await manager.spawn("plain", "one")
        two = await manager.spawn("plain", "two")
        await far.wait()
        await manager.close()
        results = [await manager.get_result(run) for run in (one, two)]
    assert [outcome(result).by for result in results] == [StoppedBy.SHUTDOWN] * 2
    assert results[0].text == "so far"


async def test_a_run_that_is_stopped_before_it_could_begin_is_never_begun():
    runner = ScriptedRunner()
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await manager.get_result(run, wait=True)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.resume, run, "more")
            tasks.start_soon(manager.stop, run)
        await settled()
        assert manager.state.run(run).status is RunStatus.STOPPED
    assert runner.said == ["one"]


async def test_a_run_that_is_resumed_while_it_is_being_stopped_is_driven_by_one_at_a_time():
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"one": [Reach(far), Wait(anyio.Event())], "again": [Tool(), Say("second")]})
    async with open_manager(runner, workspaces=SlowToClose(gate)) as manager:
        run = await manager.spawn("plain", "one")
        await far.wait()
        await manager.stop(run)
        await manager.resume(run, "again")
        await settled()
        assert runner.said == ["one"]
        gate.set()
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.text, result.run.episode) == (RunStatus.COMPLETED, "second", 2)


async def test_of_two_resumes_and_a_stop_in_one_moment_each_episode_is_driven_once_at_most():
    runner = ScriptedRunner(default=[Tool(), Say("done")])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await manager.get_result(run, wait=True)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.resume, run, "a")
            tasks.start_soon(manager.stop, run)
            tasks.start_soon(manager.resume, run, "b")
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.run.episode) == (RunStatus.COMPLETED, 3)
    assert [text.rpartition("\n\n")[2] for text in runner.said] == ["one", "b"]


async def test_a_pause_that_is_taken_back_twice_wakes_the_run_once():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(go), Tool(), Say("done")])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "one")
        await far.wait()
        await manager.pause(run)
        go.set()
        await settled()
        async with anyio.create_task_group() as tasks:
            for wish in (manager.unpause, manager.pause) * 2:
                tasks.start_soon(wish, run)
        await settled()
        assert manager.state.run(run).parked
        await manager.unpause(run)
        assert (await manager.get_result(run, wait=True)).text == "done"
    assert len(runner.opened) == 1


async def test_a_queued_run_with_hardly_any_time_does_not_keep_the_processor_busy():
    clock, gate = FakeClock(), anyio.Event()
    runner = ScriptedRunner({"one": [Wait(gate), Say()]})
    async with open_manager(runner, clock=clock, settings=Settings(max_concurrent=1)) as manager:
        await manager.spawn("plain", "one")
        await manager.spawn("plain", "two", max_seconds=1e-6)
        await clock.advance(1.0)
    assert clock.rung <= 25


@pytest.mark.parametrize("wish", [{"max_turns": "x"}, {"description": 5}, {"model": 5}])
async def test_a_wish_of_the_wrong_kind_is_refused(wish: dict[str, object]):
    async with open_manager() as manager:
        with pytest.raises(SpawnRefused, match="kind"):
            await manager.spawn("plain", "go", **wish)


class SlowToClose(InPlace):
    """Workspaces that close when the gate opens."""

    def __init__(self, gate: anyio.Event) -> None:
        self._gate = gate

    async def close(self, opened: OpenWorkspace) -> None:
        await self._gate.wait()
