"""What can be asked of a session's owner, by name: each verb takes the manager and the parameters."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import subagents
from subagents.bootstrap import AgentManager
from subagents.events import StoppedBy
from subagents.language import _
from subagents.serve.wire import INVALID_PARAMS, PROTOCOL, Fault
from subagents.spec import AskedBy

#: May raise `Fault`, or any `SubagentsError`, whose sentence is the answer.
Verb = Callable[[AgentManager, Mapping[str, Any]], Awaitable[Any]]


async def ping(manager: AgentManager, _params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": subagents.__version__,
        "protocol": PROTOCOL,
        "pid": os.getpid(),
        "session": manager.session,
    }


async def stop(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`run`, and a `reason` if there is one. `stopped` is false for one that had ended."""
    reason = _text(params, "reason", _("stopped from another process"))
    return {"stopped": await manager.stop(_text(params, "run"), by=StoppedBy.USER, reason=reason)}


async def steer(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`run` and the `message` for its next turn."""
    await manager.steer(_text(params, "run"), _text(params, "message"), asked_by=AskedBy.PERSON)
    return {}


async def pause(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    await manager.pause(_text(params, "run"))
    return {}


async def unpause(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    await manager.unpause(_text(params, "run"))
    return {}


VERBS: Mapping[str, Verb] = {
    "ping": ping,
    "stop": stop,
    "steer": steer,
    "pause": pause,
    "unpause": unpause,
}


def _text(params: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A parameter that is a text with something in it. Raises `Fault`."""
    value = params.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise Fault(INVALID_PARAMS, f"{name!r} must be a text with something in it, not {value!r}")
    return value
