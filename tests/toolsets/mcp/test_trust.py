"""Nothing that a project's file describes is started before the user trusted just that file."""

from __future__ import annotations

import pytest
from tests.toolsets.mcp.conftest import Story, calls, fake

from subagents import SpawnRefused

pytestmark = pytest.mark.anyio

ECHO = calls("mcp__docs__echo", text="hi")


async def test_servers_of_a_project_are_left_out_until_their_file_is_trusted(story: Story):
    file = story.project_servers(docs=story.logged())
    story.agent(tools="read, mcp__docs")

    before = await story.run(ECHO)
    assert "echo: hi" not in before.lines
    assert story.started == []
    assert before.run.spec.notes == (
        f"The MCP servers of {file} (docs) are left out, because you have not trusted this file as it is now. "
        f"Read it, then: subagents trust {file}",
    )

    story.trusts(file)
    told = await story.run(ECHO)
    assert "echo: hi" in told.lines
    assert told.run.spec.notes == ()


async def test_a_file_that_changed_is_trusted_no_longer(story: Story):
    story.trusts(story.project_servers(docs=fake()))
    story.project_servers(docs=story.logged())
    story.agent(tools="read, mcp__docs")

    told = await story.run(ECHO)

    assert story.started == []
    assert "have not trusted this file as it is now" in told.run.spec.notes[0]


async def test_a_person_may_trust_it_for_one_run(story: Story):
    story.project_servers(docs=story.logged())
    story.agent(tools="read, mcp__docs")

    told = await story.run(ECHO, trust=True)

    assert "echo: hi" in told.lines


async def test_an_agent_that_has_nothing_else_is_refused_with_what_to_type(story: Story):
    file = story.project_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    with pytest.raises(SpawnRefused, match=f"Read it, then: subagents trust {file}"):
        await story.run(ECHO)
    assert story.started == []


async def test_servers_in_a_projects_definition_need_trust_in_that(story: Story):
    file = story.agent(mcp_servers={"docs": story.logged()}, tools="read, mcp__docs")

    told = await story.run(ECHO)
    assert story.started == []
    assert told.run.spec.mcp_servers == {}
    assert f"Read it, then: subagents trust {file}" in told.run.spec.notes[0]

    story.trusts(file)
    assert "echo: hi" in (await story.run(ECHO)).lines


async def test_a_run_that_is_resumed_needs_the_trust_again(story: Story):
    story.project_servers(docs=story.logged())
    story.agent(tools="read, mcp__docs")

    async with story.open() as manager:
        run = await manager.spawn("asker", "ask", trust=True)
        await story.told(run)
        with pytest.raises(SpawnRefused, match="its MCP servers started"):
            await manager.resume(run, "more")
        await manager.resume(run, "more", trust=True)
        await story.told(run)


async def test_the_users_own_servers_need_none(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    assert "echo: hi" in (await story.run(ECHO)).lines


async def test_what_is_wrong_with_a_file_is_told_once_a_session(story: Story):
    (story.root / ".mcp.json").write_text('{"mcpServers": {"docs": {"type": "sse", "url": "http://x"}}}')
    story.agent(tools="read")

    async with story.open() as manager:
        notes = [manager.state.run(await manager.spawn("asker", "ask")).spec.notes for _ in range(2)]

    assert [len(each) for each in notes] == [1, 0]
    assert "has the server 'docs', which is of the type 'sse'" in notes[0][0]
