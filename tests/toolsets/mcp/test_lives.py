"""When servers begin and end: once a session or once a run, in vain, after a stop; and nothing is left behind."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import anyio
import pytest
from tests.toolsets.mcp.conftest import Story, calls, fake, is_alive, until

from subagents.events import Event, ToolCalled
from subagents.runs.state import RunStatus

pytestmark = pytest.mark.anyio


async def test_runs_share_a_server_that_is_started_with_the_first(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")

    async with story.open(calls("mcp__docs__echo", text="hi")) as manager:
        assert story.started == []
        runs = [await manager.spawn("asker", "ask") for _ in range(3)]
        for run in runs:
            assert "echo: hi" in (await story.told(run)).lines
        assert len(story.started) == 1
        assert story.left_behind != []

    assert story.left_behind == []


async def test_a_server_that_is_not_shared_begins_and_ends_with_its_run(story: Story):
    story.user_servers(docs=story.logged(shared=False))
    story.agent(tools="mcp__docs")

    async with story.open(calls("mcp__docs__echo", text="hi")) as manager:
        runs = [await manager.spawn("asker", "ask") for _ in range(2)]
        for run in runs:
            assert "echo: hi" in (await story.told(run)).lines
        assert len(story.started) == 2
        await until(lambda: story.left_behind == [])


async def test_a_runs_own_server_knows_the_run_and_a_shared_one_knows_none(story: Story):
    story.user_servers(own=story.logged(shared=False), shared=story.logged())
    story.agent(tools="mcp__own, mcp__shared")

    told = await story.run(calls("mcp__own__whoami"), calls("mcp__shared__whoami"))

    own, shared = (line for line in told.lines if " with " in line)
    assert "SUBAGENTS_RUN" in own
    assert "SUBAGENTS_RUN" not in shared


async def test_a_stopped_run_leaves_nothing_behind_nor_does_what_its_server_began(story: Story):
    story.user_servers(docs=story.logged(shared=False))
    story.agent(tools="mcp__docs")
    called: list[str] = []

    async with story.open(
        calls("mcp__docs__begins", program="exec sleep 1000"), calls("mcp__docs__hangs")
    ) as manager:
        manager.listen(lambda entry: called.extend(_called(entry.event)))
        run = await manager.spawn("asker", "ask")
        await until(lambda: called == ["mcp__docs__begins", "mcp__docs__hangs"])
        await manager.stop(run)
        told = await story.told(run)
        sleeper = next(int(line) for line in told.lines if line.isdecimal())
        assert told.run.status is RunStatus.STOPPED
        await until(lambda: story.left_behind == [] and not is_alive(sleeper))


def _called(event: Event) -> list[str]:
    return [event.tool] if isinstance(event, ToolCalled) else []


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (
            {"command": "no-such-program-here"},
            "could not be started ('no-such-program-here' in {root}: there is no such program or folder)",
        ),
        (fake("complains"), "it ended with exit code 3; it wrote: the key None is not accepted"),
        (fake("silent", startup_timeout=0.5), "it did not answer within 0.5 seconds"),
        ({"command": "${NO_SUCH}"}, "it needs the variable NO_SUCH, which is not set"),
        ({"url": "http://127.0.0.1:1/mcp"}, "could not be started"),
    ],
)
async def test_a_server_that_does_not_start_is_told_and_the_run_goes_on(
    story: Story, server: dict[str, object], said: str, caplog: pytest.LogCaptureFixture
):
    story.user_servers(docs=server)
    story.agent(tools="read, mcp__docs")

    with caplog.at_level(logging.WARNING, "subagents"):
        told = await story.run({"text": "I can do without"})

    assert told.run.status is RunStatus.COMPLETED
    assert said.format(root=story.root) in caplog.text
    (left_out,) = told.run.notes
    assert left_out.startswith("The MCP server 'docs' ")
    assert left_out.endswith("; its tools are left out.")
    assert said.format(root=story.root) in left_out
    assert f"▸ {left_out}" in told.lines
    assert told.lines.index(f"▸ {left_out}") < told.lines.index("I can do without")


async def test_a_run_that_has_no_other_tools_fails_with_the_reason(story: Story):
    story.user_servers(docs=fake("complains"))
    story.agent(tools="mcp__docs")

    told = await story.run()

    assert told.run.status is RunStatus.FAILED
    assert "it has no tools without its MCP servers: the MCP server 'docs' could not be started" in told.why
    assert "it wrote: the key None is not accepted" in told.why


async def test_a_server_repeats_no_secret(story: Story, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCS_KEY", "s3cr3t-value")
    story.user_servers(docs=fake("complains", env={"FAKE_KEY": "${DOCS_KEY}"}))
    story.agent(tools="mcp__docs")

    told = await story.run()

    assert "the key ${DOCS_KEY} is not accepted" in told.why
    assert "s3cr3t-value" not in told.why


async def test_a_server_at_an_address_is_used_the_same_way(story: Story, free_port: int):
    story.user_servers(
        docs={
            "type": "http",
            "url": f"http://127.0.0.1:{free_port}/mcp",
            "headers": {"X-Key": "${KEY:-none}"},
        }
    )
    story.agent(tools="mcp__docs")
    command = [sys.executable, fake()["args"][0], f"port={free_port}"]
    async with await anyio.open_process(command, stdin=None, stdout=-3, stderr=-3) as process:
        await until(lambda: _listens(free_port))
        told = await story.run(
            calls("mcp__docs__echo", text="hi"), calls("mcp__docs__reveal"), calls("mcp__docs__hidden")
        )
        process.terminate()

    assert "echo: hi" in told.lines
    assert "found" in told.lines


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


async def test_servers_that_are_not_ours_are_not_touched(story: Story, tmp_path: Path):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")
    async with await anyio.open_process(["sleep", "1000"], start_new_session=True) as other:
        await story.run(calls("mcp__docs__echo", text="hi"))
        assert is_alive(other.pid)
        other.terminate()


async def test_a_run_is_stopped_while_its_server_starts(story: Story):
    story.user_servers(docs=fake(f"log={story.log}", "silent"))
    story.agent(tools="mcp__docs")

    async with story.open() as manager:
        run = await manager.spawn("asker", "ask")
        await until(lambda: story.started != [])
        await manager.stop(run)
        assert (await story.told(run)).run.status is RunStatus.STOPPED
        await until(lambda: story.left_behind == [])


async def test_a_session_that_closes_in_mid_call_leaves_nothing(story: Story):
    story.user_servers(docs=story.logged())
    story.agent(tools="mcp__docs")
    called: list[str] = []

    async with story.open(calls("mcp__docs__hangs")) as manager:
        manager.listen(lambda entry: called.extend(_called(entry.event)))
        await manager.spawn("asker", "ask")
        await until(lambda: called != [])

    assert story.left_behind == []


async def test_the_model_is_told_of_tools_that_are_not_there(story: Story):
    from pydantic_ai import Agent
    from pydantic_ai.models.test import TestModel

    from subagents.spec import ToolSelection
    from subagents.toolsets.mcp.toolset import Reached, ServersOfRuns

    reached = Reached((), ToolSelection(), ("the MCP server 'docs' could not be started",))
    model = TestModel()
    agent = Agent(model, toolsets=[ServersOfRuns({"abc": reached}.get, ())], deps_type=Deps)

    result = await agent.run("go", deps=Deps())

    [first, *_] = result.all_messages()
    assert "Its tools are not there: the MCP server 'docs' could not be started." in str(first)


class Deps:
    run = "abc"
