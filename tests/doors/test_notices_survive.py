"""A process that is killed between an ending and its notice: whoever opens the session next is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from tests.doors.conftest import Script
from tests.doors.program import BOUND, SOURCE

from subagents import AgentManager

pytestmark = pytest.mark.anyio


async def test_an_ending_that_nobody_was_told_of_is_told_at_the_next_opening(project: Path, script: Script):
    model = script({"match": "^answer", "text": "here it is"}, repeat=True).removeprefix("--model=")
    session, *ended = _killed_after_its_endings(project, model)
    assert await _told(project, session) == ended
    # Nobody acknowledged them, so they are told again; and once acknowledged, never again.
    assert await _told(project, session, acknowledge=True) == ended
    assert await _told(project, session) == []


async def _told(project: Path, session: str, *, acknowledge: bool = False) -> list[str]:
    """The runs that whoever opens the session is told of."""
    with anyio.fail_after(BOUND):
        async with AgentManager.open(project, session=session) as manager:
            told: list[str] = []
            for notice in await manager.outbox.pending():
                told += [run.id for run in notice.runs]
                if acknowledge:
                    await manager.outbox.acknowledge(notice.id)
            return sorted(told)


def _killed_after_its_endings(project: Path, model: str) -> list[str]:
    """The session, and the ids of the runs that ended in it; the process is gone before it could tell anybody."""
    program = Path(__file__).with_name("told_later.py")
    busy = subprocess.Popen(
        [sys.executable, str(program), str(project), model],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert busy.stdout is not None
        line = busy.stdout.readline()
    finally:
        busy.kill()
        busy.communicate(timeout=BOUND)
    return line.split()
