"""Calling tools of MCP servers in a run: what the model reads of answers, failures and deaths."""

from __future__ import annotations

import sys

import pytest
from tests.toolsets.mcp.conftest import FAKE, Story, calls, fake

from subagents.runs.state import RunStatus

pytestmark = pytest.mark.anyio


async def test_a_tool_of_a_server_is_called_by_its_full_name(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs__echo")

    told = await story.run(calls("mcp__docs__echo", text="hi"))

    assert told.run.status is RunStatus.COMPLETED
    assert "echo: hi" in told.lines
    assert (len(story.started), story.left_behind) == (1, [])


async def test_what_is_no_text_is_told_in_a_line(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__several"))

    assert "[image of type image/png left out, 30 bytes]" in told.lines
    assert "[resource 'notes' at file:///notes.txt]" in told.lines
    assert '{"n": 3}' in told.lines


async def test_a_huge_answer_is_cut_like_any_other(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__huge"))

    assert "[2,950,000 more characters left out; ask for less]" in told.said


async def test_a_tool_that_fails_is_an_answer(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__fails"), calls("mcp__docs__echo", text="on"))

    assert any(line.startswith("Error: Error executing tool fails") for line in told.lines)
    assert "echo: on" in told.lines


async def test_a_server_that_dies_in_mid_call_is_started_again_at_the_next(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__dies"), calls("mcp__docs__echo", text="back"))

    assert "the MCP server 'docs' failed" in told.said
    assert (
        "it ended with exit code 7; it wrote: I am going. It is started again at the next call" in told.said
    )
    assert "echo: back" in told.lines
    assert (len(story.started), story.left_behind) == (2, [])


async def test_a_call_without_an_answer_ends_at_its_bound(story: Story):
    story.user_servers(docs=story.logged(timeout=2))
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__hangs"), calls("mcp__docs__echo", text="on"))

    assert "Error: the MCP server 'docs' did not answer within 2 seconds." in told.said
    assert "echo: on" in told.lines


async def test_progress_begins_the_bound_anew(story: Story):
    story.user_servers(docs=story.logged(timeout=2))
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__slow", steps=14))

    assert "slowly done" in told.lines


async def test_a_server_sees_little_of_the_environment_and_what_is_written_for_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOME_SECRET", "s3cr3t-value")
    monkeypatch.setenv("OTHER", "not for it")
    story.user_servers(docs=story.logged(env={"FAKE_KEY": "${SOME_SECRET}", "MODE": "${UNSET:-plain}"}))
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__whoami"))

    assert "key=s3cr3t-value" in told.said
    assert "MODE" in told.said
    assert "OTHER" not in told.said


async def test_what_is_kept_of_a_run_names_variables_and_holds_no_secret(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOME_SECRET", "s3cr3t-value")
    server = fake(env={"FAKE_KEY": "${SOME_SECRET}"})
    story.trusts(story.agent(tools="mcp__docs", mcp_servers={"docs": server}))

    spec = await story.spec_of()

    assert spec.mcp_servers["docs"]["env"] == {"FAKE_KEY": "${SOME_SECRET}"}
    assert "s3cr3t-value" not in str(spec)


async def test_a_tool_or_content_that_is_not_as_the_protocol_has_it_is_left_out_by_itself(story: Story):
    sloppy = FAKE.with_name("sloppy_mcp_server.py")
    story.user_servers(docs={"command": sys.executable, "args": [str(sloppy)]})
    story.agent(tools="mcp__docs")

    told = await story.run(calls("mcp__docs__good"), calls("mcp__docs__broken"), calls("mcp__docs__refers"))

    assert told.run.notes == (
        "Of the MCP server 'docs' tools are left out that are not described as MCP has them: "
        "'refers' (inputSchema.type: Field required); 'text' (inputSchema.type: Input should be 'object'); "
        "'no tool' (it: Input should be a valid dictionary or instance of Tool).",
    )
    assert told.lines[1:6] == [
        "▸ mcp__docs__good",
        "[image of type image/png left out, 3 bytes]",
        "[content of type 'hologram' left out: it is not as MCP has it]",
        "[content of type 'text' left out: it is not as MCP has it]",
        "and words",
    ]
    assert told.lines[7] == (
        "Error: the MCP server 'docs' failed: its answer is not as MCP has it (content: Input should be a valid list). "
        "Do without it, or try it differently."
    )
    assert "pydantic" not in told.said
