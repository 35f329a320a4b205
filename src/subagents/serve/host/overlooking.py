"""A run whose owner answers nobody, such as a program that opened its session itself: what its log says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio.to_thread

from subagents.clock import Clock
from subagents.errors import SessionLocked
from subagents.ids import RunId
from subagents.serve.rpc import forms
from subagents.serve.rpc.parameters import seconds, text
from subagents.sessions.answers import result_in_log
from subagents.sessions.folder import SessionFolder, owner_alive
from subagents.sessions.reader import read_session

LOOK_EVERY = 0.5  # seconds: nobody tells us when it moves


async def overlooked(folder: SessionFolder, name: str, params: Mapping[str, Any], clock: Clock) -> Any:
    """The answer of a verb that only looks. Raises `SessionLocked` for one that would change something."""
    looks: Mapping[str, Callable[[], Awaitable[Any]]] = {
        "wait": lambda: _wait(folder, params, clock),
        "get_result": lambda: _result(folder, params, clock),
    }
    if (look := looks.get(name)) is None:
        raise SessionLocked(
            f"Run {text(params, 'run')!r} is driven by process {owner_alive(folder)}, a program that answers nobody; "
            "only there it can be acted on."
        )
    return await look()


async def _wait(folder: SessionFolder, params: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    run, left = RunId(text(params, "run")), seconds(params, "seconds")
    while not (ended := await anyio.to_thread.run_sync(_has_ended, folder, run)) and left > 0:
        await clock.sleep(min(left, LOOK_EVERY))
        left -= LOOK_EVERY
    return {"ended": ended}


def _has_ended(folder: SessionFolder, run: RunId) -> bool:
    return read_session(folder.log).run(run).status.ended


async def _result(folder: SessionFolder, params: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    await _wait(folder, {"run": params["run"], "seconds": params.get("wait", 0.0)}, clock)
    found = await anyio.to_thread.run_sync(result_in_log, folder, RunId(text(params, "run")))
    return forms.told_result(found)
