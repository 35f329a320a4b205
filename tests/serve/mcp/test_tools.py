"""The tools as they are listed, and what they answer programs with: the shape that was promised, in every outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema
import pytest
from mcp_types import Tool
from tests.delegation.parents import parent_of
from tests.serve.mcp.stories import Story, settled, story

from subagents.definitions.model import AgentDefinition
from subagents.delegation.answers import Answers
from subagents.delegation.registry import FOR_CLIENTS, answers_of
from subagents.delegation.tool import Answer, Parent
from subagents.events import StoppedBy
from subagents.serve.mcp.calls import result_of
from subagents.serve.mcp.data import data_schema, shown
from subagents.serve.mcp.hints import HINTS
from subagents.serve.mcp.tools import digest, listed
from subagents.testing.builders import PLAIN, Agents
from subagents.testing.runner import Break, Say, Step
from subagents.testing.runner import Tool as Look

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def _tools() -> dict[str, Tool]:
    async with story() as told:
        return {tool.name: tool for tool in listed(told.host)}


# --- as they are listed


async def test_a_search_for_any_of_these_words_finds_what_starts_agents():
    agent, result = (
        text_of(tool) for tool in map((await _tools()).get, ("Agent", "get_subagent_result")) if tool
    )
    assert all(word in agent for word in ("subagent", "delegate", "background", "parallel"))
    assert all(word in result for word in ("subagent", "background", "result"))


async def test_the_compact_text_is_found_as_well():
    async with story(tool_description_mode="compact") as told:
        agent = text_of(listed(told.host)[0])
    assert all(word in agent for word in ("subagent", "delegate", "background", "parallel"))


def text_of(tool: Tool) -> str:
    return f"{tool.name} {tool.title} {tool.description}".lower()


async def test_what_a_client_may_conclude_about_each():
    tools = await _tools()
    assert set(HINTS) == set(FOR_CLIENTS) == set(tools)
    told = {name: tool.annotations for name, tool in tools.items() if tool.annotations is not None}
    assert [name for name, hint in told.items() if hint.read_only_hint] == [
        tool.name for tool in FOR_CLIENTS.values() if tool.reads_only
    ]
    assert [name for name, hint in told.items() if hint.destructive_hint] == ["Agent", "start_agents"]
    assert told["stop_subagent"].destructive_hint is False
    assert told["stop_subagent"].idempotent_hint is True


async def test_every_schema_is_an_object_that_clients_can_use():
    for tool in (await _tools()).values():
        for schema in (tool.input_schema, tool.output_schema or {}):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
            assert "$ref" not in json.dumps(schema)
            assert "anyOf" not in schema


async def test_where_worktrees_are_switched_off_nothing_is_said_of_them():
    async with story(worktree_isolation=False) as told:
        said = json.dumps([tool.model_dump(mode="json") for tool in listed(told.host)])
    assert '"isolation"' not in said
    assert "git worktree" not in said


async def test_the_digest_changes_with_what_is_listed():
    async with story() as told:
        one = digest(listed(told.host))
        assert one == digest(listed(told.host))
    async with story(wait_timeout_seconds=60) as other:
        assert one != digest(listed(other.host))


async def test_a_client_with_an_old_list_is_told_so_and_another_is_not():
    async with story() as told:
        current = digest(listed(told.host))
        for digest_told, times in (("old", 1), (current, 0), ("", 0)):
            client = await told.shaken(told=digest_told)
            await settled()
            assert len(client.told("notifications/tools/list_changed")) == times


# --- what they answer with


class Caller:
    """Calls tools, and has every answer looked at."""

    def __init__(self, told: Story) -> None:
        self.told = told
        self.parent: Parent = parent_of(told.manager)
        self.seen: set[str] = set()
        self.answers: dict[str, Answer] = {}

    async def call(self, name: str, outcome: str, /, **arguments: Any) -> Answer:
        answer = await FOR_CLIENTS[name].call(self.parent, arguments)
        self.seen.add(name)
        self.answers[outcome] = answer
        check(name, answer, outcome)
        await settled()
        return answer


def check(name: str, answer: Answer, outcome: str) -> None:
    """The data is of the schema and of one of the shapes; a refusal is an error, and has data only where that fits."""
    data = json.loads(json.dumps(dict(answer.data)))
    result = result_of(FOR_CLIENTS[name], answer, ["a notice"])
    assert result.is_error is not answer.ok
    if answer.ok:
        jsonschema.validate(data, answers_of(FOR_CLIENTS[name]))
        assert any(_is(shape, data) for shape in FOR_CLIENTS[name].answers), (name, outcome, data)
    if result.structured_content is not None:
        jsonschema.validate(result.structured_content, data_schema(name))
    else:
        assert not answer.ok


def _is(shape: type[Answers], data: Mapping[str, Any]) -> bool:
    fields = shape.model_fields
    needed = {name for name, field in fields.items() if field.is_required()}
    return needed <= set(data) <= set(fields)


SCRIPTS: dict[str, Sequence[Step]] = {
    "structured": [Say('{"n": 3}')],
    "wrong": [Say("no json")],
    "fails": [Break(RuntimeError("it broke"))],
    "long": [*[Look()] * 3, Say("x" * 30_000)],
}
FRONT = {"subagent_type": "plain", "run_in_background": False}
NAMES = ("a", "structured", "wrong", "fails", "long")

# The tool, what comes of it, and the arguments; in this order.
STARTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("get_subagent_result", "none yet", {}),
    ("list_subagents", "none yet", {}),
    ("Agent", "refused", {"prompt": "x", "subagent_type": "nobody"}),
    ("Agent", "bad", {"prompt": 3}),
    ("Agent", "background", {"prompt": "a", "subagent_type": "plain", "name": "a"}),
    ("Agent", "foreground", {"prompt": "quick", **FRONT}),
    ("Agent", "structured", {"prompt": "structured", "name": "structured", "output_schema": SCHEMA, **FRONT}),
    ("Agent", "wrong", {"prompt": "wrong", "name": "wrong", "output_schema": SCHEMA, **FRONT}),
    ("Agent", "failed", {"prompt": "fails", "name": "fails", **FRONT}),
    (
        "start_agents",
        "some",
        {"agents": [{"prompt": "long", "subagent_type": "plain", "name": "long"}, {}, 3]},
    ),
    ("start_agents", "none", {"agents": [{}, {"prompt": "x", "subagent_type": "nobody"}]}),
    ("start_agents", "empty", {"agents": []}),
)
LOOKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("get_subagent_result", name, {"agent_id": name}) for name in NAMES),
    *(("get_subagent_result", f"verbose {name}", {"agent_id": name, "verbose": True}) for name in NAMES),
    *(("get_subagent_result", f"peek {name}", {"agent_id": name, "peek": {"regex": "l"}}) for name in NAMES),
    ("get_subagent_result", "after", {"agent_id": "long", "peek": {"after": 1}}),
    ("get_subagent_result", "part", {"agent_id": "structured", "pointer": "/n"}),
    ("get_subagent_result", "no part", {"agent_id": "a", "pointer": "/n"}),
    ("get_subagent_result", "all", {}),
    ("get_subagent_result", "all peeked", {"peek": {}}),
    ("get_subagent_result", "unknown", {"agent_id": "who"}),
    ("list_subagents", "list", {}),
    ("list_subagents", "path", {"view": "path", "all": True}),
    ("list_models", "all", {}),
    ("list_models", "of one", {"provider": "Anthropic"}),
    ("list_models", "unknown", {"provider": "acme"}),
)
CHANGES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("pause_subagent", "paused", {"agent_id": "a"}),
    ("pause_subagent", "again", {"agent_id": "a"}),
    ("unpause_subagent", "goes on", {"agent_id": "a"}),
    ("unpause_subagent", "not paused", {"agent_id": "a"}),
    ("unpause_subagent", "ended", {"agent_id": "long"}),
    ("steer_subagent", "ended", {"agent_id": "long", "message": "hello"}),
    ("clear_subagents", "young", {}),
    ("clear_subagents", "named", {"agent_ids": ["long", "a", "who"]}),
    ("stop_subagent", "stopped", {"agent_id": "a"}),
    ("stop_subagent", "again", {"agent_id": "a"}),
    ("stop_subagent", "unknown", {"agent_id": "who"}),
    ("Agent", "resumed", {"resume": "a", "prompt": "go on"}),
    ("report_work", "registered", {"what": "register", "name": "aider", "description": "mends tests"}),
    ("report_work", "told", {"what": "command", "agent_id": "aider", "command": "make test", "ok": False}),
    ("report_work", "edited", {"what": "edit", "agent_id": "aider", "path": "a.py", "after": "0" * 64}),
    ("report_work", "moved", {"what": "folder", "agent_id": "aider", "path": "/elsewhere"}),
    ("list_subagents", "reported", {}),
    ("report_work", "done", {"what": "done", "agent_id": "aider", "summary": "All pass."}),
    ("report_work", "done already", {"what": "done", "agent_id": "aider"}),
    ("report_work", "nobody", {"what": "done"}),
    ("report_work", "driven", {"what": "done", "agent_id": "a"}),
)


async def test_every_tool_answers_with_the_shape_it_promises(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a")
    async with story(SCRIPTS) as told:
        caller = Caller(told)
        for name, outcome, arguments in (*STARTS, *LOOKS, *CHANGES):
            await caller.call(name, outcome, **arguments)
        assert set(caller.seen) == set(FOR_CLIENTS)
        assert caller.answers["structured"].data["structured"] == {"n": 3}
        assert caller.answers["wrong"].data["reply"]["ok"] is False
        assert len(caller.answers["of one"].data["models"]) > len(caller.answers["all"].data["models"])


async def test_a_receipt_a_queued_run_and_what_was_stopped_at_a_limit():
    async with story(max_concurrent=1) as told:
        caller = Caller(told)
        await caller.call("Agent", "runs", prompt="a", subagent_type="plain", name="a")
        queued = await caller.call("Agent", "queued", prompt="b", subagent_type="plain", name="b")
        assert queued.data["queue_position"] == 1
        told.tasks.start_soon(_steer, caller)
        await told.clock.advance(2)
        await told.manager.stop("a", by=StoppedBy.LIMIT, reason="its limit")
        await settled()
        stopped = await caller.call("get_subagent_result", "at its limit", agent_id="a")
        assert stopped.data["by"] == "limit"
        assert "steer_subagent" in caller.seen


async def _steer(caller: Caller) -> None:
    answer = await caller.call("steer_subagent", "queued", agent_id="a", message="look here")
    assert answer.data["receipt"] == "queued"


# --- as a model is shown it


async def test_what_models_are_shown_is_bounded_as_the_text_is():
    async with story({"long": [Say("x" * 300_000)]}) as told:
        caller = Caller(told)
        for name in ("one", "two"):
            await caller.call("Agent", name, prompt="long", subagent_type="plain", name=name)
        await settled()
        alone = shown(await caller.call("get_subagent_result", "alone", agent_id="one"))
        assert "280,000 characters left out" in alone["text"]
        both = shown(await caller.call("get_subagent_result", "both"))
        assert sum(len(each["text"]) for each in both["agents"]) < 21_000
        assert len(caller.answers["both"].data["agents"][0]["text"]) == 300_000


async def test_how_to_go_on_stands_in_the_data_of_what_is_in_progress_and_of_nothing_else():
    async with story() as told:
        caller = Caller(told)
        started = await caller.call("Agent", "started", prompt="a", subagent_type="plain")
        assert shown(started)["message"] == started.text
        looked = await caller.call("get_subagent_result", "running", agent_id=started.data["id"])
        assert "Last sign of life" in shown(looked)["message"]
        told.gates["a"].set()
        await settled()
        assert "message" not in shown(await caller.call("get_subagent_result", "done"))


async def test_a_client_is_told_once_when_agents_were_edited():
    async with story() as told:
        client = await told.shaken()
        await client.ask("tools/list")
        await client.call("list_subagents")
        assert client.told("notifications/tools/list_changed") == []
        told.host.edited = Agents(PLAIN, AgentDefinition(name="new", description="is new")).catalog()
        for _ in range(2):
            await client.call("list_subagents")
        assert len(client.told("notifications/tools/list_changed")) == 1
        assert len(client.told("notifications/prompts/list_changed")) == 1
        assert "new: is new" in (await client.ask("tools/list"))["tools"][0]["description"]
