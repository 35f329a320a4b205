"""A thousand runs at once, on a real session."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.runs.state import RunStatus
from subagents.settings.model import Settings
from subagents.testing.runner import Say, ScriptedRunner, Tool

pytestmark = pytest.mark.anyio


async def test_a_thousand_runs_under_a_cap_of_a_thousand_all_complete_and_all_is_kept(tmp_path: Path):
    runner = ScriptedRunner(default=[Tool(text="let me look"), Say("found it")])
    settings = Settings(max_concurrent=1_000, output_transcript=False)
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, settings=settings, runners={"native": runner}) as manager:
            runs = [await manager.spawn("Explore", f"question {number}") for number in range(1_000)]
            results = [await manager.get_result(run, wait=True) for run in runs]
            session = manager.session
        async with AgentManager.open(tmp_path, session=session) as manager:
            kept = manager.list()
    assert {(result.run.status, result.text) for result in results} == {(RunStatus.COMPLETED, "found it")}
    assert {(run.status, run.turns, run.tool_uses) for run in kept} == {(RunStatus.COMPLETED, 2, 1)}
    assert len(kept) == len({run.handle for run in kept}) == 1_000
