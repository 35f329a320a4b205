"""What a front answers from before its host is there is kept as the host would answer now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.serve.mcp.stories import story

import subagents
from subagents.serve.front.answers import host_file, offered
from subagents.serve.host.remembering import remember_offering
from subagents.serve.mcp import tools

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("there", [None, "", "[]", "7", '{"version": "0.0.1"}', "[" * 100_000, "\0"])
async def test_whatever_stood_in_the_file_it_is_written_anew(tmp_path: Path, there: str | None):
    async with story(project=tmp_path) as told:
        file = host_file(told.host.project.state)
        file.parent.mkdir(parents=True, exist_ok=True)
        if there is not None:
            file.write_text(there)
        await remember_offering(told.host)
        kept = offered(subagents.__version__, file)
        assert kept is not None
        assert kept.digest == tools.digest(tools.listed(told.host))


async def test_a_file_that_is_true_is_left_alone(tmp_path: Path):
    async with story(project=tmp_path) as told:
        file = host_file(told.host.project.state)
        file.parent.mkdir(parents=True, exist_ok=True)
        await remember_offering(told.host)
        marked = json.dumps({**json.loads(file.read_text()), "more": 1})
        file.write_text(marked)
        await remember_offering(told.host)
        assert file.read_text() == marked


async def test_where_it_cannot_be_written_nothing_breaks(tmp_path: Path):
    async with story(project=tmp_path) as told:
        file = host_file(told.host.project.state)
        file.parent.write_text("no folder")
        await remember_offering(told.host)
        assert not file.exists()
