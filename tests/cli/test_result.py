"""`subagents result`: the answer, parts of it, what was said on the way, and how the waiting for it ended."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from tests.cli.acting import cli, owned

from subagents.testing.runner import Reach, Say, ScriptedRunner, Step, Tool, Wait

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"places": {"type": "array"}}, "required": ["places"]}
ANSWER = '{"places": [{"name": "net.py", "line": 3}]}'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_one_part_of_a_structured_answer(project: Path):
    async with owned(project, ScriptedRunner(default=[Say(ANSWER)])) as manager:
        run = await manager.spawn("worker", "go", output_schema=SCHEMA)
        await manager.get_result(run, wait=True)
    for pointer, part in (("", json.loads(ANSWER)), ("/places/0/name", "net.py"), ("/places/0/line", 3)):
        done = await cli("result", "worker", "--pointer", pointer)
        assert (done.code, json.loads(done.out), done.err) == (0, part, "")
    wrong = await cli("result", "worker", "--pointer", "/places/1")
    assert (wrong.code, wrong.out) == (2, "")
    assert "nothing at '/places/1': '/places' is a list of 1, counted from 0" in wrong.err


async def test_a_free_answer_has_no_parts(project: Path):
    async with owned(project, ScriptedRunner(default=[Say("free text")])) as manager:
        run = await manager.spawn("worker", "go")
        await manager.get_result(run, wait=True)
    done = await cli("result", run, "--pointer", "/x")
    assert done.err == f"Error: Run {run} is completed and has no structured answer to take a part of.\n"


async def test_what_it_said_and_did_stands_above_the_answer(project: Path):
    steps: list[Step] = [Tool("grep", '{"pattern": "retry"}', "net.py:3", text="I look."), Say("In net.py.")]
    async with owned(project, ScriptedRunner(default=steps)) as manager:
        run = await manager.spawn("worker", "where?")
        await manager.get_result(run, wait=True)
    done = await cli("result", run, "--verbose")
    assert done.out.splitlines()[:2] == ["I look.", "▸ grep retry"]
    assert done.out.splitlines()[-2:] == ["In net.py.", "In net.py."]
    assert done.err.startswith("✓ worker  where?  ↻2 · 1 tool · 220 tok")
    assert (await cli("result", run)).out == "In net.py.\n"


async def test_a_wait_that_is_over_says_what_the_run_does_and_how_to_go_on(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(
        project, ScriptedRunner(default=[Tool(text="I look."), Reach(far), Wait(gate)])
    ) as manager:
        run = await manager.spawn("worker", "where?")
        await far.wait()
        done = await cli("result", run, "--timeout", "0.05")
        assert (done.code, done.out) == (5, "")
        over, doing = done.err.splitlines()
        assert over == f"The wait ended after 0s; the run goes on. Wait again: subagents result --wait {run}"
        assert doing.startswith(f"Run {run} is running: I look.")
        told = json.loads((await cli("result", run, "--timeout", "0.05", "--json")).out)
        assert (told["status"], told["ended_at"]) == ("running", None)
        assert not manager.state.run(run).status.ended
        gate.set()


async def test_reading_an_answer_from_elsewhere_changes_nothing(project: Path):
    async with owned(project, ScriptedRunner()) as manager:
        run = await manager.spawn("worker", "go")
        await manager.waits.wait([run])
        before = manager.state.seq
        assert (await cli("result", run, "--wait", "-v")).out.endswith("done\n")
        assert (manager.state.seq, manager.state.run(run).delivered) == (before, False)
