"""What a session's owner does for other processes, and what it makes of parameters that make no sense."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from tests.cli.acting import BOUND, owned

from subagents import AgentManager
from subagents.runs.state import RunStatus
from subagents.serve.asking import call
from subagents.serve.rpc.forms import steer_of
from subagents.serve.rpc.question import OwnerRefused
from subagents.spec import AskedBy
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def asked(manager: AgentManager, method: str, **params: Any) -> Any:
    """What another process is answered."""
    assert manager.folder is not None
    return await anyio.to_thread.run_sync(partial(call, manager.folder.path, method, params, timeout=BOUND))


async def test_a_message_has_a_receipt_and_is_a_persons(tmp_path: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(
        tmp_path, ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say()])
    ) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        receipt = await asked(manager, "steer", run=run, message="hurry")
        (steer,) = manager.state.run(run).steers
        assert (receipt["steer"], receipt["turn"], receipt["missed"]) == (steer.id, None, False)
        assert steer_of(receipt) == steer
        assert steer.asked_by is AskedBy.PERSON
        gate.set()


async def test_a_mention_is_understood_by_the_owner(tmp_path: Path):
    async with owned(tmp_path, ScriptedRunner()) as manager:
        nobody = await asked(manager, "send", text="@nobody hello")
        assert nobody == {"how": None, "run": None, "receipt": None}
        started = await asked(manager, "send", text="@worker go")
        assert started["how"] == "started"
        await manager.get_result(started["run"], wait=True)
        again = await asked(manager, "send", text="@worker again")
        assert again == {"how": "resumed", "run": started["run"], "receipt": None}
        main = await asked(manager, "send", text="@main hello")
        assert (main["how"], main["run"]) == ("for the main conversation", None)


async def test_a_wait_is_bounded_and_says_whether_it_has_ended(tmp_path: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(tmp_path, ScriptedRunner(default=[Reach(far), Wait(gate), Say()])) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        assert await asked(manager, "wait", run=run, seconds=0) == {"ended": False}
        assert await asked(manager, "wait", run=run, seconds=0.01) == {"ended": False}
        gate.set()
        assert await asked(manager, "wait", run=run, seconds=60) == {"ended": True}


async def test_an_ended_run_goes_on_and_is_cleared(tmp_path: Path):
    async with owned(tmp_path, ScriptedRunner()) as manager:
        run = await manager.spawn("worker", "go")
        await manager.get_result(run, wait=True)
        await asked(manager, "resume", run=run, prompt="again")
        await manager.get_result(run, wait=True)
        assert (manager.state.run(run).episode, manager.state.run(run).status) == (2, RunStatus.COMPLETED)
        with pytest.raises(OwnerRefused, match="no run 'nobody'"):
            await asked(manager, "clear", runs=[run, "nobody"])
        assert not manager.state.run(run).cleared
        assert await asked(manager, "clear", runs=[run]) == {}
        assert manager.state.run(run).cleared


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("steer", {"run": "x"}, "'message' must be a text with something in it, not None"),
        ("steer", {"run": "x", "message": " "}, "'message' must be a text with something in it, not ' '"),
        ("send", {}, "'text' must be a text"),
        ("stop", {"run": "x", "subtree": "yes"}, "'subtree' must be true or false, not 'yes'"),
        ("resume", {"run": "x", "prompt": "y", "trust": 1}, "'trust' must be true or false, not 1"),
        ("wait", {"run": "x", "seconds": 61}, "'seconds' must be a number from 0 to 60, not 61"),
        ("wait", {"run": "x", "seconds": True}, "'seconds' must be a number from 0 to 60, not True"),
        ("wait", {"run": "x", "seconds": "1"}, "'seconds' must be a number"),
        ("clear", {"runs": "x"}, "'runs' must be a list of texts, not 'x'"),
        ("clear", {"runs": [1]}, r"'runs' must be a list of texts, not \[1\]"),
    ],
)
async def test_parameters_that_make_no_sense_are_named(
    tmp_path: Path, method: str, params: dict[str, Any], said: str
):
    async with owned(tmp_path, ScriptedRunner()) as manager:
        await manager.get_result(await manager.spawn("worker", "go", name="x"), wait=True)
        with pytest.raises(OwnerRefused, match=said):
            await asked(manager, method, **params)
