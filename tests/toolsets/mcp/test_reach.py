"""Which runs see which tools of MCP servers: lists of tools, the definition's own servers, late tools, isolation."""

from __future__ import annotations

from typing import Any

import pytest
from tests.toolsets.mcp.conftest import Story, Told, calls, fake

from subagents import SpawnRefused
from subagents.runs.state import RunStatus

pytestmark = pytest.mark.anyio


async def asked(story: Story, **keys: Any) -> Told:
    """A run of an agent with these keys that calls two tools of the server `docs`."""
    story.user_servers(docs=story.logged())
    story.agent(**keys)
    return await story.run(calls("mcp__docs__echo", text="hi"), calls("mcp__docs__fails"))


def seen(told: Told) -> tuple[bool, bool]:
    return "echo: hi" in told.lines, "Error executing tool fails" in told.said


@pytest.mark.parametrize(
    ("keys", "sees"),
    [
        ({}, (True, True)),
        ({"tools": "none"}, (True, True)),
        ({"tools": "mcp__docs"}, (True, True)),
        ({"tools": "mcp__docs__*"}, (True, True)),
        ({"tools": "ext:docs"}, (True, True)),
        ({"tools": "ext:DOCS/echo"}, (True, False)),
        ({"tools": "ext:mcp__docs/echo"}, (True, False)),
        ({"tools": "read, mcp__docs__echo"}, (True, False)),
        ({"tools": "read, mcp__other"}, (False, False)),
        ({"tools": "mcp__docs", "disallowed_tools": "mcp__docs__fails"}, (True, False)),
        ({"tools": "mcp__docs", "disallowed_tools": "ext:docs/fails"}, (True, False)),
        ({"disallowed_tools": "mcp__docs"}, (False, False)),
        ({"disallowed_tools": "ext:docs"}, (False, False)),
        ({"exclude_extensions": "docs"}, (False, False)),
        ({"extensions": "docs"}, (True, True)),
        ({"extensions": "none"}, (False, False)),
        ({"isolated": True}, (False, False)),
    ],
)
async def test_lists_of_tools_are_about_servers_too(
    story: Story, keys: dict[str, Any], sees: tuple[bool, bool]
):
    assert seen(await asked(story, **keys)) == sees


async def test_a_server_that_no_tool_may_be_seen_of_is_not_started(story: Story):
    await asked(story, tools="read, mcp__other")

    assert story.started == []


async def test_a_provider_of_ones_own_has_its_name_before_a_server(story: Story):
    def echo(text: str) -> str:
        """Of one's own."""
        return f"own: {text}"

    story.user_servers(docs=story.logged())
    story.agent(tools="ext:docs")
    file = story.root / "turns.yaml"
    async with story.open(calls("echo", text="hi")):
        pass

    from subagents.bootstrap import AgentManager

    async with AgentManager.open(
        story.root, memory=True, model=f"script:{file}", tools={"docs": [echo]}
    ) as story.manager:
        told = await story.told(await story.manager.spawn("asker", "ask"))

    assert "own: hi" in told.lines
    assert story.started == []


async def test_a_tool_that_comes_late_is_seen_where_the_list_admits_it(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs__reveal, mcp__docs__hidden")

    told = await story.run(
        calls("mcp__docs__reveal"), calls("mcp__docs__hidden"), calls("mcp__docs__secret"), {"text": "x"}
    )

    assert "found" in told.lines
    assert "found too" not in told.lines


async def test_a_definitions_own_server_is_its_runs_alone(story: Story):
    story.trusts(story.agent(mcp_servers={"docs": story.logged()}, tools="mcp__docs"))
    story.agent("other")

    told = await story.run(calls("mcp__docs__echo", text="hi"))
    other = await story.run(calls("mcp__docs__echo", text="hi"), agent="other")

    assert "echo: hi" in told.lines
    assert "echo: hi" not in other.lines
    assert len(story.started) == 1


async def test_servers_are_written_as_claude_code_has_them(story: Story):
    story.user_servers(docs=story.logged())
    servers = ["docs", {"more": story.logged(type="stdio")}]
    story.trusts(story.agent(mcpServers=servers, tools="mcp__docs, mcp__more"))

    told = await story.run(calls("mcp__docs__echo", "mcp__more__echo", text="hi"))

    assert told.lines.count("echo: hi") == 2
    assert len(story.started) == 2


async def test_a_server_that_is_named_and_described_nowhere_is_told(story: Story):
    story.user_servers(docs=fake())
    story.agent(mcp_servers=["doks"], tools="read")

    [note] = (await story.spec_of()).notes

    assert note == ("There is no MCP server 'doks'. In .mcp.json and in your own mcp.json there are: docs.")


async def test_an_agent_that_lives_by_a_server_that_there_is_not_is_refused(story: Story):
    story.agent(mcp_servers=["docs"], tools="mcp__docs")

    with pytest.raises(SpawnRefused, match="There is no MCP server 'docs'"):
        await story.spec_of()


async def test_a_servers_own_list_of_tools_is_kept(story: Story):
    story.user_servers(docs=story.logged(includeTools=["echo"]))
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__echo", text="hi"), calls("mcp__docs__fails"))

    assert seen(told) == (True, False)
    assert told.run.status is RunStatus.COMPLETED
