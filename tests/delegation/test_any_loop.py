"""Any loop as the parent: schemas for its model, and one call that answers for whatever the model does."""

from __future__ import annotations

import json

import anyio
import pytest
from inline_snapshot import snapshot
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from subagents.delegation.any_loop import ParentTools
from subagents.delegation.registry import BY_NAME
from subagents.errors import SessionClosed
from subagents.own_tasks import own_tasks
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio


async def test_the_same_tools_for_each_providers_form():
    async with open_manager() as manager:
        tools = ParentTools(manager)
        names = list(tools.names)
        assert [tool["name"] for tool in tools.anthropic()] == names
        assert [tool["function"]["name"] for tool in tools.openai()] == names
        for theirs, ours in zip(tools.anthropic(), tools.openai(), strict=True):
            assert set(theirs) == {"name", "description", "input_schema"}
            assert (ours["type"], ours["function"]["parameters"]) == ("function", theirs["input_schema"])
        json.dumps([tools.anthropic(), tools.openai()])
        assert "plain: does what it is told" in tools.anthropic()[0]["description"]
        assert tools.hint().startswith("For work that can be described in full")


async def test_a_call_is_carried_out_with_an_object_or_its_text():
    async with open_manager(ScriptedRunner(default=[Say("done")])) as manager:
        tools = ParentTools(manager)
        started = await tools.call("Agent", {"prompt": "go", "subagent_type": "plain"})
        waited = await tools.call(
            "get_subagent_result", json.dumps({"agent_id": started.data["id"], "wait": True})
        )
        assert waited.text.endswith("done")
        assert manager.state.run(started.data["id"]).delivered


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Nonsense", {}),
        ("Agent", "not json"),
        ("Agent", "[]"),
        ("Agent", []),
        ("Agent", 5),
        ("Agent", b"{}"),
        ("Agent", None),
        ("x" * 1_000_000, {}),
        ("steer_subagent", {"x" * 1_000_000: 1}),
        ("pause_subagent", {"agent_id": "x" * 1_000_000}),
        ("get_subagent_result", "x" * 1_000_000),
        ("Agent", {"prompt": 3}),
        ("Agent", {}),
        ("steer_subagent", {"agent_id": "x"}),
        ("steer_subagent", {"agent_id": "x", "message": "y"}),
        ("get_subagent_result", {"agent_id": "\x00", "wait": "perhaps"}),
        ("get_subagent_result", {"agent_id": "x", "pointer": "no slash"}),
        ("start_agents", {"agents": "many"}),
        ("clear_subagents", {"agent_ids": ["x"], "older_than_minutes": -1}),
    ],
)
async def test_what_a_model_does_wrong_is_answered_and_raises_nothing(name: str, arguments: object):
    async with open_manager() as manager:
        answer = await ParentTools(manager).call(name, arguments)  # type: ignore[arg-type]
        assert not answer.ok
        assert answer.text.startswith("Error: ")
        assert len(answer.text) < 1_000
        assert manager.state.runs == {}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("clear_subagents", {"agent_ids": ["x" * 1_000_000]}),
        ("clear_subagents", {"agent_ids": [str(number) for number in range(10_000)]}),
        ("start_agents", {"agents": [["x" * 1_000_000]]}),
    ],
)
async def test_what_is_in_vain_among_several_is_not_repeated_at_length(
    name: str, arguments: dict[str, object]
):
    async with open_manager() as manager:
        answer = await ParentTools(manager).call(name, arguments)
        assert "Error: " in answer.text
        assert len(answer.text) < 2_000


async def test_what_is_no_object_is_told_as_its_json_text_is():
    async with open_manager() as manager:
        tools = ParentTools(manager)
        said = await tools.call("list_subagents", [])  # type: ignore[arg-type]
        assert said.text == "Error: The arguments must be an object, not []."
        assert (await tools.call("list_subagents", "[]")).text == said.text.replace("[]", "'[]'")
        assert (await tools.call("list_subagents", None)).ok


async def test_what_a_model_makes_up_at_length_is_not_kept_with_the_run():
    async with open_manager(ScriptedRunner(default=[Say("done")])) as manager:
        wish = {"prompt": "go", "subagent_type": "plain", "thinking": "x" * 1_000_000}
        started = await ParentTools(manager).call("Agent", wish)
        (note,) = started.data["notes"]
        assert "(1,000,000 characters), so it thinks as it does by itself" in note
        assert (
            max(len(note), len(started.text), len(manager.state.run(started.data["id"]).spec.thinking))
            < 1_000
        )


@pytest.mark.parametrize("name", [*BY_NAME])
async def test_when_the_session_is_over_every_tool_says_so_alike(name: str):
    async with open_manager(ScriptedRunner(default=[Say("done")])) as manager:
        run = await manager.spawn("plain", "go")
        await manager.waits.wait([run])
    with pytest.raises(SessionClosed, match=f"the session is over, and '{name}' can do nothing any more"):
        await ParentTools(manager).call(name, {"agent_id": run})


async def test_a_tool_that_there_is_not_is_said_with_those_there_are():
    async with open_manager() as manager:
        assert (await ParentTools(manager).call("task")).text == snapshot(
            "Error: There is no tool 'task'; there are Agent, start_agents, get_subagent_result, steer_subagent, stop_subagent, pause_subagent, unpause_subagent, list_subagents, clear_subagents, list_models."
        )


async def test_a_wait_is_over_when_the_call_is_given_up_or_a_message_has_come():
    gave_up, texts = anyio.Event(), list[str]()
    async with open_manager(ScriptedRunner(default=[Wait(anyio.Event())])) as manager, own_tasks() as tasks:
        tools = ParentTools(manager)
        await tools.call("Agent", {"prompt": "go", "subagent_type": "plain"})

        async def wait(cancelled: anyio.Event | None = None) -> None:
            texts.append((await tools.call("get_subagent_result", {"wait": True}, cancelled=cancelled)).text)

        tasks.start_soon(wait, gave_up)
        await settled()
        gave_up.set()
        await settled()
        tasks.start_soon(wait)
        await settled()
        tools.interrupt()
        await settled()
        assert ["cancelled by the user" in texts[0], "interrupted by an incoming" in texts[1]] == [True, True]
        tasks.cancel_scope.cancel()


async def test_an_agent_of_the_model_library_is_a_parent():
    def model(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        match len(messages):
            case 1:
                return ModelResponse([ToolCallPart("Agent", {"prompt": "go", "subagent_type": "plain"})])
            case 3:
                return ModelResponse([ToolCallPart("get_subagent_result", {"wait": True})])
            case _:
                told = getattr(messages[-1].parts[0], "content", "")
                return ModelResponse([TextPart(str(told).splitlines()[-1])])

    async with open_manager(ScriptedRunner(default=[Say("from below")])) as manager:
        parent = Agent(FunctionModel(model), toolsets=[ParentTools(manager).pydantic_ai()])
        assert (await parent.run("split it")).output == "from below"
