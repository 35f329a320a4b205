"""A parent model that delegates: its tool calls, and what it is answered."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.runs.state import RunStatus

pytestmark = pytest.mark.anyio

PARENT = """\
---
name: parent
description: delegates
tools: Agent, get_subagent_result, stop_subagent, read
---
Delegate.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / ".subagents" / "agents"
    folder.mkdir(parents=True)
    (folder / "parent.md").write_text(PARENT)
    return tmp_path


def script(folder: Path, *turns: dict[str, object]) -> str:
    file = folder / "turns.yaml"
    file.write_text(json.dumps({"turns": turns}))
    return f"script:{file}"


def call(tool: str, **arguments: object) -> object:
    return {"name": tool, "arguments": arguments}


async def run_parent(project: Path, *turns: dict[str, object]) -> tuple[AgentManager, str, list[str]]:
    """The manager after the parent has ended, its answer, and the lines of its transcript."""
    with anyio.fail_after(60):
        async with AgentManager.open(project, memory=True, model=script(project, *turns)) as manager:
            run = await manager.spawn("parent", "split the work")
            result = await manager.get_result(run, wait=True)
            lines = [line.text for line in (await manager.peek(run, lines=200)).lines]
            return manager, result.text, lines


CHILD: dict[str, object] = {"match": "^the child's task", "text": "the child's answer"}


async def test_a_parent_starts_a_child_waits_for_it_and_is_given_its_answer(project: Path):
    manager, text, lines = await run_parent(
        project,
        CHILD,
        {"tool_calls": [call("Agent", prompt="the child's task", subagent_type="Explore")]},
        {"tool_calls": [call("get_subagent_result", agent_id="explore", wait=True)]},
        {"text": "all done"},
    )
    assert text == "all done"
    child = manager.state.run(manager.find("explore"))
    assert (child.status, child.depth, child.delivered) == (RunStatus.COMPLETED, 2, True)
    assert "the child's answer" in lines
    assert any(line.startswith(f"Started agent {child.id} (Explore, handle explore)") for line in lines)


async def test_what_is_refused_is_told_to_the_parent_which_goes_on(project: Path):
    manager, text, lines = await run_parent(
        project,
        {
            "tool_calls": [
                call("Agent", prompt="x", subagent_type="Explorer"),
                call("Agent", prompt=" ", subagent_type="Explore"),
            ]
        },
        {
            "tool_calls": [
                call("get_subagent_result", agent_id="parent"),
                call("stop_subagent", agent_id="nobody"),
            ]
        },
        {"text": "I did it myself"},
    )
    assert text == "I did it myself"
    refused = [line for line in lines if line.startswith("Error: ")]
    assert len(refused) == 4
    assert "Explore" in refused[0]
    assert "not an agent of yours" in refused[2]
    assert len(manager.list()) == 1


async def test_a_child_that_is_stopped_keeps_what_it_had(project: Path):
    manager, _, lines = await run_parent(
        project,
        {"match": "^the child's task", "text": "half of it", "tool_calls": [call("ls")]},
        {"match": "^\\.subagents/", "delay": 600, "text": "never"},
        {"tool_calls": [call("Agent", prompt="the child's task", subagent_type="Explore")]},
        {"tool_calls": [call("get_subagent_result", agent_id="explore", wait=True, timeout_seconds=0.5)]},
        {"tool_calls": [call("stop_subagent", agent_id="explore")]},
        {"text": "enough"},
    )
    child = manager.state.run(manager.find("explore"))
    assert child.status is RunStatus.STOPPED
    assert any("wait: true" in line for line in lines)
    assert "half of it" in lines


async def test_whoever_may_not_start_one_agent_may_not_start_many(project: Path):
    (project / ".subagents" / "agents" / "denied.md").write_text(
        "---\ndescription: x\ntools: Agent, read\ndisallowed_tools: Agent\n---\nDo it yourself.\n"
    )
    asked: dict[str, object] = {
        "tool_calls": [call("start_agents", agents=[{"prompt": "x", "subagent_type": "Explore"}])]
    }
    with anyio.fail_after(60):
        async with AgentManager.open(
            project, memory=True, model=script(project, asked, {"text": "so be it"})
        ) as manager:
            run = await manager.spawn("denied", "split the work")
            await manager.get_result(run, wait=True)
            assert len(manager.list()) == 1
