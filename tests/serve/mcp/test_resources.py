"""Runs as resources: listed, read, followed in both eras; and a prompt for each agent."""

from __future__ import annotations

import json

import pytest
from inline_snapshot import snapshot
from tests.serve.mcp.stories import envelope, settled, story

from subagents.definitions.model import AgentDefinition
from subagents.serve.mcp.resources import PAGE
from subagents.testing.builders import PLAIN

pytestmark = pytest.mark.anyio

REVIEWER = AgentDefinition(name="reviewer", description="Reviews a change.")


async def test_runs_are_listed_newest_first_page_by_page():
    async with story() as told:
        client = await told.shaken()
        runs = []
        for _ in range(PAGE + 5):
            runs.append(await told.manager.spawn("plain", "quick"))
            told.clock.set_back(-1)
        first = await client.ask("resources/list")
        rest = await client.ask("resources/list", {"cursor": first["nextCursor"]})
        assert "nextCursor" not in rest
        uris = [each["uri"] for each in (*first["resources"], *rest["resources"])]
        assert uris == [f"subagents://runs/{run}" for run in reversed(runs)]
        refused = await client.ask("resources/list", {"cursor": "nothing"})
        assert refused["code"] == -32602


async def test_what_stands_at_the_addresses_of_a_run():
    async with story() as told:
        client = await told.shaken()
        run = await told.manager.spawn("plain", "a", name="explore", description="look around")
        await settled()

        async def read(part: str) -> str:
            found = await client.ask("resources/read", {"uri": f"subagents://runs/{run}{part}"})
            return str(found["contents"][0]["text"])

        status = json.loads(await read(""))
        assert (status["id"], status["status"], status["turns"]) == (run, "running", 1)
        assert "text" not in status
        assert (await read("/transcript")).replace(run, "RUN") == snapshot("""\
Showing 3 of 3 lines (last 200 lines).

[1] I look.
[2] ▸ grep x
[3] seen

Numbers are lines of the whole transcript. get_subagent_result with peek shows others of run RUN.\
""")
        told.gates["a"].set()
        await settled()
        assert (await read("/result")).endswith("a is done")
        assert told.manager.state.run(run).delivered
        templates = await client.ask("resources/templates/list")
        assert [each["uriTemplate"] for each in templates["resourceTemplates"]] == [
            f"subagents://runs/{{id}}{part}" for part in ("", "/transcript", "/result")
        ]


@pytest.mark.parametrize(
    "uri", ["subagents://runs/nobody", "subagents://runs/nobody/x", "file:///etc/passwd", "x"]
)
async def test_an_unknown_address_is_refused_by_its_name(uri: str):
    async with story() as told:
        client = await told.shaken()
        legacy = await client.ask("resources/read", {"uri": uri})
        assert legacy["code"] == -32002
        assert repr(uri) in legacy["message"]
        modern = await client.ask("resources/read", {"uri": uri, "_meta": envelope()})
        assert modern["code"] == -32602
        assert (await client.ask("resources/subscribe", {"uri": uri}))["code"] == -32002


async def test_after_a_handshake_what_is_followed_is_told_of_when_it_moves():
    async with story() as told:
        client = await told.shaken()
        run = await told.manager.spawn("plain", "a")
        await settled()
        uri = f"subagents://runs/{run}/transcript"
        assert await client.ask("resources/subscribe", {"uri": uri}) == {}
        told.gates["a"].set()
        await told.clock.advance(5)
        assert client.told("notifications/resources/updated") == [{"uri": uri}]
        assert client.told("notifications/resources/list_changed") == []
        await told.manager.spawn("plain", "quick")
        await told.clock.advance(5)
        assert len(client.told("notifications/resources/list_changed")) == 1
        assert len(client.told("notifications/resources/updated")) == 1
        await client.ask("resources/unsubscribe", {"uri": uri})
        await told.manager.resume(run, "more")
        await told.clock.advance(5)
        assert len(client.told("notifications/resources/updated")) == 1


async def test_without_handshakes_a_client_listens_for_it():
    async with story() as told:
        client = await told.by_hand()
        run = await told.manager.spawn("plain", "a")
        await settled()
        wanted = {"resourcesListChanged": True, "resourceSubscriptions": [f"subagents://runs/{run}"]}
        await client.request("subscriptions/listen", {"_meta": envelope(), "notifications": wanted}, id="l1")
        await settled()
        assert len(client.told("notifications/subscriptions/acknowledged")) == 1
        told.gates["a"].set()
        await told.manager.spawn("plain", "quick")
        await told.clock.advance(5)
        updated = client.told("notifications/resources/updated")
        assert [each["uri"] for each in updated] == [f"subagents://runs/{run}"]
        assert updated[0]["_meta"]["io.modelcontextprotocol/subscriptionId"] == "l1"
        assert len(client.told("notifications/resources/list_changed")) == 1


async def test_who_listens_with_an_old_list_of_tools_is_told_at_once_and_no_session_is_opened():
    async with story() as told:
        client = await told.by_hand(told="old")
        await client.request(
            "subscriptions/listen", {"_meta": envelope(), "notifications": {"toolsListChanged": True}}
        )
        await settled()
        kinds = [each["method"] for each in client.heard]
        assert kinds == ["notifications/subscriptions/acknowledged", "notifications/tools/list_changed"]
        assert told.host.asked == []


# --- prompts


async def test_a_prompt_for_each_agent_has_the_model_delegate():
    async with story(agents=(PLAIN, REVIEWER)) as told:
        client = await told.shaken()
        listed = await client.ask("prompts/list")
        assert [each["name"] for each in listed["prompts"]] == ["plain", "reviewer"]
        assert listed["prompts"][1]["arguments"][0]["required"]
        got = await client.ask("prompts/get", {"name": "reviewer", "arguments": {"task": "Look at {this}."}})
        assert got["messages"][0]["role"] == "user"
        assert got["messages"][0]["content"]["text"] == snapshot("""\
Delegate this to the subagent reviewer: call Agent with subagent_type: "reviewer". Put the task below into its prompt, with all that it must know, since it sees nothing of this conversation. Go on with what else there is to do, then get its result with get_subagent_result and wait: true, and tell me what it came to.

The task:
Look at {this}.\
""")
        unknown = await client.ask("prompts/get", {"name": "reviewr", "arguments": {"task": "x"}})
        assert unknown["code"] == -32602
        assert "reviewer" in unknown["message"]
        assert "'task'" in (await client.ask("prompts/get", {"name": "reviewer"}))["message"]
        assert told.host.asked == []
