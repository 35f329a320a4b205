"""A child that begins with its parent's conversation: what is really sent for it, to each provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.wire.server.providers import PROVIDERS, Provider
from tests.wire.server.script import Call, Reply, Step, Text, Thought, Tokens, calls, says
from tests.wire.server.serving import Play, served
from tests.workspaces.repositories import git, write

from subagents import AgentManager
from subagents.clock import SystemClock
from subagents.runs.state import RunStatus
from subagents.settings.model import Settings

pytestmark = pytest.mark.anyio

BOUND = 30.0  # seconds; a guard against hanging, not a measure
LOOKS = Reply((Thought("Where could it be?"), Text("I look."), Call("grep", {"pattern": "retries"})))
DEPLOYS = calls(Call("read", {"path": "retry.py"}))


def forks(agent: str = "Explore", **more: Any) -> Reply:
    given = {"prompt": "And the timeouts?", "subagent_type": agent, "inherit_context": True}
    return Reply((Text("I ask."), Call("Agent", {**given, "run_in_background": False, **more})))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "retry.py").write_text("retries = 5\n")
    (tmp_path / "AGENTS.md").write_text("Use tabs.\n")
    folder = tmp_path / ".subagents" / "agents"
    folder.mkdir(parents=True)
    (folder / "lead.md").write_text("---\ndescription: leads\ntools: Agent, grep, read\n---\nYou lead.\n")
    (folder / "twin.md").write_text(
        "---\ndescription: helps\ntools: grep\nprompt_mode: append\n---\nYou are the twin.\n"
    )
    return tmp_path


@asynccontextmanager
async def manager_of(project: Path, **settings: Any) -> AsyncIterator[AgentManager]:
    chosen = Settings(model_retries=0, **settings)
    with anyio.fail_after(BOUND):
        async with AgentManager.open(project, memory=True, clock=SystemClock(), settings=chosen) as manager:
            yield manager


@asynccontextmanager
async def playing(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, steps: Sequence[Step]
) -> AsyncIterator[Play]:
    with served(provider.dialect, steps) as play:
        for name, value in provider.environment(play.url).items():
            monkeypatch.setenv(name, value)
        yield play


async def test_a_child_of_any_provider_reads_what_its_parent_of_another_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
):
    """The parent thought, looked, and asked: the child reads its words, what it saw, and no seal of its provider."""
    lead = PROVIDERS["anthropic"]
    own = [LOOKS, forks(model=provider.model), says("All is known.")]
    if provider is lead:
        own[2:2] = [says("In retry.py too.")]
    async with playing(monkeypatch, lead, own) as parent:
        child_steps = [says("In retry.py too.")]
        with served(provider.dialect, child_steps) as other:
            if provider is not lead:
                for name, value in provider.environment(other.url).items():
                    monkeypatch.setenv(name, value)
            async with manager_of(project) as manager:
                run = await manager.spawn("lead", "where are retries?", model=lead.model)
                result = await manager.get_result(run, wait=True)
                assert (result.run.status, result.text) == (RunStatus.COMPLETED, "All is known.")
                (child,) = [each for each in manager.list() if each.parent == run]
    sent = parent.bodies[2] if provider is lead else other.bodies[0]
    told = json.dumps(sent, ensure_ascii=False)
    said = ["where are retries?", "I look.", "retries = 5", "I ask.", "And the timeouts?"]
    assert [told.index(words) for words in said] == sorted(told.index(words) for words in said)
    assert [words for words in ("sealed", "Where could it be?", "You lead.") if words in told] == []
    assert child.spec.inherited is not None
    assert (child.spec.inherited.run, child.spec.inherited.left_out) == (run, 0)


async def test_y1_a_twin_sends_its_parents_prompt_first_byte_for_byte(
    project: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
):
    steps = [forks("twin", inherit_context=False), says("I helped."), says("Done.")]
    async with playing(monkeypatch, provider, steps) as play, manager_of(project) as manager:
        run = await manager.spawn("lead", "go", model=provider.model)
        assert (await manager.get_result(run, wait=True)).text == "Done."
    parent, twin = (_system(body) for body in play.bodies[:2])
    assert "You lead." in parent
    assert twin.startswith(parent)
    rest = twin[len(parent) :]
    assert rest.index("<active_agent") < rest.index("<environment>") < rest.index("You are the twin.")
    assert rest.index("Use tabs.")  # its parent has them not
    if provider is PROVIDERS["anthropic"]:  # which keeps by blocks what it has read
        block, own = (body["system"][0] for body in play.bodies[:2])
        assert block.pop("cache_control")
        assert own == block


async def test_a_twin_in_a_worktree_reads_its_own_memory_and_place_after_all_that_is_its_parents(
    project: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
):
    write(project / ".claude" / "skills" / "pdf" / "SKILL.md", "---\nname: pdf\n---\nUse a library.\n")
    write(
        project / ".subagents" / "agents" / "lead.md",
        "---\ndescription: leads\ntools: Agent, read\nskills: [pdf]\nmemory: project\n---\nYou lead.\n",
    )
    write(
        project / ".subagents" / "agents" / "twin.md",
        "---\ndescription: helps\ntools: read\nskills: [pdf]\nmemory: project\nprompt_mode: append\n---\nYou help.\n",
    )
    write(project / ".subagents" / "agent-memory" / "lead" / "MEMORY.md", "- of the lead\n")
    write(project / ".subagents" / "agent-memory" / "twin" / "MEMORY.md", "- of the twin\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    asks = forks("twin", isolation="worktree", output_schema={"type": "string"})
    steps = [asks, says('"I helped."'), says("Done.")]
    async with playing(monkeypatch, provider, steps) as play, manager_of(project) as manager:
        run = await manager.spawn("lead", "go", model=provider.model)
        assert (await manager.get_result(run, wait=True)).text == "Done."
    parent, twin = (_system(body) for body in play.bodies[:2])
    shared = parent.partition("<agent_memory")[0].rstrip()
    assert shared.endswith("</skills>")
    assert twin.startswith(shared)
    order = ["You help.", "- of the twin", "Your final answer must be", "<worktree>", "<place>"]
    assert [twin.index(words) for words in order] == sorted(twin.index(words) for words in order)
    assert twin.count("Use a library.") == 1
    assert "- of the lead" not in twin


async def test_y3_an_agent_with_a_role_of_its_own_has_nothing_of_its_parents(
    project: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
):
    steps = [forks(), says("I helped."), says("Done.")]
    async with playing(monkeypatch, provider, steps) as play, manager_of(project) as manager:
        run = await manager.spawn("lead", "go", model=provider.model)
        await manager.get_result(run, wait=True)
    child = _system(play.bodies[1])
    assert child.startswith('<active_agent name="Explore"/>')
    assert "You lead." not in child


async def test_a_call_of_a_tool_that_the_child_has_not_is_told_as_text(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    provider = PROVIDERS["anthropic"]
    steps = [DEPLOYS, LOOKS, forks("twin"), says("I helped."), says("Done.")]
    async with playing(monkeypatch, provider, steps) as play, manager_of(project) as manager:
        run = await manager.spawn("lead", "go", model=provider.model)
        await manager.get_result(run, wait=True)
    messages = play.bodies[3]["messages"]
    used = [part["name"] for each in messages for part in each["content"] if part["type"] == "tool_use"]
    assert used == ["grep"]
    assert "(Calls read: " in json.dumps(messages)


async def test_a_resumed_child_still_knows_what_it_inherited(project: Path, monkeypatch: pytest.MonkeyPatch):
    provider = PROVIDERS["anthropic"]
    steps = [LOOKS, forks(), says("I helped."), says("Done."), says("Again.")]
    async with playing(monkeypatch, provider, steps) as play:
        settings = Settings(model_retries=0)
        with anyio.fail_after(BOUND):
            async with AgentManager.open(project, settings=settings) as manager:
                run = await manager.spawn("lead", "where are retries?", model=provider.model)
                await manager.get_result(run, wait=True)
                (child,) = [each.id for each in manager.list() if each.parent == run]
                session = manager.session
            async with AgentManager.open(project, settings=settings, session=session) as manager:
                await manager.resume(child, "And now?")
                await manager.get_result(child, wait=True)
    first, last = play.bodies[2]["messages"], play.bodies[4]["messages"]
    assert last[: len(first)] == first
    assert "where are retries?" in json.dumps(first)
    assert "And now?" in json.dumps(last[-1])


async def test_after_a_compaction_a_child_begins_with_what_it_left(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    provider = PROVIDERS["anthropic"]
    looks = Reply((Text("I looked at everything. " * 60), Call("grep", {"pattern": "retries"})))
    full = Reply((Text("I read it."), Call("read", {"path": "retry.py"})), Tokens(input=990_000))
    summary = says("It is all in retry.py.")
    steps = [looks, full, summary, forks(), says("I helped."), says("Done.")]
    async with playing(monkeypatch, provider, steps) as play, manager_of(project) as manager:
        run = await manager.spawn("lead", "where are retries?", model=provider.model)
        await manager.get_result(run, wait=True)
    child = json.dumps(play.bodies[4]["messages"])
    said = ["where are retries?", "It is all in retry.py.", "I read it.", "I ask.", "And the timeouts?"]
    assert [child.index(words) for words in said] == sorted(child.index(words) for words in said)
    assert "I looked at everything" not in child


def _system(body: dict[str, Any]) -> str:
    """What the request has for a role, however its provider has it."""
    for name in ("system", "instructions", "systemInstruction"):
        if name in body:
            return _text(body[name])
    return _text(body["messages"][0]["content"])


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case {"parts": parts}:
            return _text(parts)
        case {"text": str(text)}:
            return text
        case list():
            return "".join(map(_text, value))
        case _:
            return ""
