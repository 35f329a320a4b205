"""One server by itself: older ones, stubborn ones, several callers at once, and one at an address that comes back."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import anyio
import pytest
from tests.toolsets.mcp.conftest import FAKE, fake, until

from subagents.definitions.servers import server_of
from subagents.toolsets.mcp.answers import answer_of
from subagents.toolsets.mcp.server import Server, ServerFailed

pytestmark = pytest.mark.anyio

OLD = FAKE.with_name("old_mcp_server.py")
Make = Callable[..., Server]


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Make]:
    """Makes servers; all of them are ended."""
    with anyio.fail_after(90):
        async with anyio.create_task_group() as tasks:

            def make(written: dict[str, Any]) -> Server:
                config = server_of("docs", written)
                assert config is not None
                return Server(config, folder, tasks, os.environ)

            yield make
            tasks.cancel_scope.cancel()


async def said(server: Server, tool: str, **arguments: Any) -> str:
    return answer_of(await server.call(tool, arguments))


async def names(server: Server) -> list[str]:
    return [tool.name for tool in await server.tools()]


async def test_a_server_of_the_older_protocol_is_spoken_to_in_that(tmp_path: Path):
    async with serving(tmp_path) as make:
        server = make({"command": sys.executable, "args": [str(OLD)]})
        await server.start()

        assert await names(server) == ["first"]
        assert await said(server, "first") == "called first"
        assert await names(server) == ["first", "second"]


async def test_half_a_surrogate_pair_in_an_answer_harms_nobody(tmp_path: Path):
    async with serving(tmp_path) as make:
        server = make({"command": sys.executable, "args": [str(OLD)], "timeout": 10})

        assert await said(server, "half") == "half a \N{REPLACEMENT CHARACTER} pair"


async def test_one_that_does_not_go_when_asked_is_made_to(tmp_path: Path):
    async with serving(tmp_path) as make:
        server = make({"command": sys.executable, "args": [str(OLD), "stubborn"]})
        await server.start()
        pid = int(await said(server, "pid"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_several_callers_at_once_start_it_once_and_wait_for_no_other(tmp_path: Path):
    answers: list[str] = []
    log = tmp_path / "log"
    async with serving(tmp_path) as make:
        server = make(fake(f"log={log}"))

        async def ask(n: int) -> None:
            answers.append(await said(server, "echo", text=str(n)))

        async with anyio.create_task_group() as callers:
            callers.start_soon(server.call, "hangs", {})
            for n in range(5):
                callers.start_soon(ask, n)
            await until(lambda: len(answers) == 5)
            callers.cancel_scope.cancel()

        assert sorted(answers) == [f"echo: {n}" for n in range(5)]
        assert len(log.read_text().split()) == 1


async def test_a_start_that_is_given_up_leaves_nothing_and_the_next_begins_anew(tmp_path: Path):
    log = tmp_path / "log"
    async with serving(tmp_path) as make:
        server = make(fake(f"log={log}", "silent"))
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(server.start)
            await until(log.exists)
            waiting.cancel_scope.cancel()
        with pytest.raises(ProcessLookupError):
            os.kill(int(log.read_text()), 0)
        with anyio.move_on_after(0.1):
            await server.start()
        assert len(log.read_text().split()) <= 2


async def test_one_that_was_ended_is_not_started_any_more(tmp_path: Path):
    async with serving(tmp_path) as make:
        server = make(fake())
        await server.start()
        server.end()
        with pytest.raises(ServerFailed, match="is not started any more"):
            await server.call("echo", {"text": "hi"})


async def test_one_at_an_address_is_reached_again_when_it_comes_back(tmp_path: Path, free_port: int):
    async with serving(tmp_path) as make:
        server = make({"url": f"http://127.0.0.1:{free_port}/mcp"})
        with pytest.raises(ServerFailed, match="the MCP server 'docs' could not be started"):
            await server.call("echo", {"text": "hi"})
        async with _at(free_port):
            assert await said(server, "echo", text="one") == "echo: one"
        with pytest.raises(ServerFailed, match="the MCP server 'docs' failed"):
            await server.call("echo", {"text": "hi"})
        async with _at(free_port):
            assert await said(server, "echo", text="two") == "echo: two"


@asynccontextmanager
async def _at(port: int) -> AsyncIterator[None]:
    command = [sys.executable, str(FAKE), f"port={port}"]
    async with await anyio.open_process(command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL) as process:
        await until(lambda: _listens(port))
        yield
        process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
