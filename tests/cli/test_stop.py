"""`subagents stop` and an owner that does not answer."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path

import anyio
import pytest

from subagents import AgentManager
from subagents.cli.reach import ask
from subagents.cli.seen import find
from subagents.errors import SessionLocked
from subagents.places import project_at
from subagents.serve import asking
from subagents.serve.address import announce
from subagents.testing.runner import Reach, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio
BOUND = 60.0


async def test_for_an_owner_that_is_silent_waking_it_comes_first(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking, "call", partial(asking.call, timeout=0.05))
    far = anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(anyio.Event())])
    with anyio.fail_after(BOUND), socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(home / "silent"))
        silent.listen()
        async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
            assert manager.folder is not None
            announce(manager.folder.path, home / "silent")
            run = await manager.spawn("Explore", "go")
            await far.wait()
            project = project_at(tmp_path)
            with pytest.raises(SessionLocked, match=f"wake it first: kill -CONT {os.getpid()}. Else end it"):
                await anyio.to_thread.run_sync(ask, project, find(project, run)[0], "stop")
