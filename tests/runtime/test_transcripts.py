"""The transcript that is written beside the log, for people and other tools."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.runs.state import RunStatus
from subagents.testing.runner import Say, ScriptedRunner, Tool

pytestmark = pytest.mark.anyio


def rows(path: Path | None) -> list[dict[str, object]]:
    assert path is not None
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_y11_y15_each_message_stands_in_it_once_and_a_resume_appends(tmp_path: Path):
    runner = ScriptedRunner({"go": [Tool(), Tool(), Say("first")], "more": [Say("second")]})
    with anyio.fail_after(30):
        async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
            run = await manager.spawn("Explore", "go")
            await manager.get_result(run, wait=True)
            await manager.resume(run, "more")
            await manager.get_result(run, wait=True)
            path = manager.transcript_of(run)
    told = rows(path)
    assert [row["n"] for row in told] == list(range(1, len(told) + 1))
    assert [row["message"] for row in told if row["message"] in ("go", "first", "more", "second")] == [
        "go",
        "first",
        "more",
        "second",
    ]


async def test_y17_where_it_cannot_be_written_the_run_is_unaffected(tmp_path: Path):
    with anyio.fail_after(30):
        async with AgentManager.open(tmp_path, runners={"native": ScriptedRunner()}) as manager:
            assert manager.folder is not None
            manager.folder.transcripts.parent.mkdir(exist_ok=True)
            manager.folder.transcripts.write_text("in the way")
            run = await manager.spawn("Explore", "go")
            result = await manager.get_result(run, wait=True)
    assert result.run.status is RunStatus.COMPLETED
