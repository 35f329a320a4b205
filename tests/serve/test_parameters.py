"""What a client of the host asks for in words that make no sense is told so, by the parameter's name."""

from __future__ import annotations

import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from tests.serve.conftest import BOUND, Hosted

from subagents.serve.rpc.question import OwnerRefused, ask

pytestmark = pytest.mark.anyio


def asked(path: Path, *questions: tuple[str, dict[str, Any]]) -> Any:
    """The answer to the last of the questions, on a connection of their own."""
    answer = None
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        for method, params in questions:
            answer = ask(line, method, params, time.monotonic() + BOUND)
    return answer


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("open", {"session": 3}, "'session' must be a text, not 3"),
        ("open", {"client": ["bot"]}, r"'client' must be a text, not \['bot'\]"),
        ("open", {"environment": ["A"]}, "'environment' must be an object of texts"),
        ("open", {"environment": {"SUBAGENTS_KEY": 1}}, "'environment' must be an object of texts"),
        ("open", {"folder": "here"}, "'folder' must be an absolute path, not 'here'"),
        ("mcp", {"new": "yes"}, "'new' must be true or false, not 'yes'"),
        ("http", {"port": 70_000}, "'port' must be a whole number from 0 to 65535, not 70000"),
        ("spawn", {"prompt": "go"}, "'agent' must be a text with something in it, not None"),
    ],
)
async def test_one_that_cannot_be_is_named(hosted: Hosted, method: str, params: dict[str, Any], said: str):
    async with hosted() as path:
        with pytest.raises(OwnerRefused, match=said):
            await anyio.to_thread.run_sync(partial(asked, path, (method, params)))


async def test_where_facts_begin_is_a_number(hosted: Hosted):
    async with hosted() as path:
        with pytest.raises(OwnerRefused, match="'after' must be a whole number from 0, not 'the start'"):
            await anyio.to_thread.run_sync(
                partial(asked, path, ("open", {}), ("events", {"after": "the start"}))
            )


async def test_a_long_value_is_not_said_back_whole(hosted: Hosted):
    async with hosted() as path:
        with pytest.raises(OwnerRefused) as refused:
            await anyio.to_thread.run_sync(partial(asked, path, ("retire", {"if_idle": "x" * 100_000})))
    assert len(str(refused.value)) < 200
