"""What can be asked of a session's owner, by name: each verb takes the manager and the parameters."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import subagents
from subagents.bootstrap import AgentManager
from subagents.delegation.sending import send as send_mention
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.language import _
from subagents.runs.kept import KeptWork
from subagents.runs.state import Steer
from subagents.serve.rpc import forms
from subagents.serve.rpc.parameters import any_text, flag, seconds, shaped, text, texts, whole
from subagents.serve.rpc.wire import PROTOCOL
from subagents.spec import AskedBy

# Who waits over the socket is no parent: the messages that end a parent's wait are not for it.
NOBODY = RunId("")

_PEEKS = frozenset({"lines", "regex", "after", "before", "context"})

#: May raise `Fault`, or any `SubagentsError`, whose sentence is the answer.
Verb = Callable[[AgentManager, Mapping[str, Any]], Awaitable[Any]]


async def ping(manager: AgentManager, _params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": subagents.__version__,
        "protocol": PROTOCOL,
        "pid": os.getpid(),
        "session": manager.session,
    }


async def spawn(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `SpawnRequest`; a run below another names its `parent`."""
    asked = {name: value for name, value in params.items() if name != "agent"}
    run = await manager.spawn(text(params, "agent"), **asked)
    return {
        "run": run,
        "handle": manager.state.run(run).handle,
        "notes": list(manager.state.run(run).notes),
    }


async def get_result(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """The `run` as it is with its words, and where `wait` is given when it has ended or after so many seconds."""
    run = manager.find(text(params, "run"))
    await manager.waits.wait([run], seconds=seconds(params, "wait"), owner=NOBODY)
    return forms.told_result(await manager.get_result(run, to=text(params, "to", "socket")))


async def peek(manager: AgentManager, params: Mapping[str, Any]) -> Any:
    """A look at the `run`: the fields of a `PeekQuery`."""
    wishes = {name: value for name, value in params.items() if name in _PEEKS}
    return forms.told(await manager.peek(text(params, "run"), **wishes))


async def list_runs(manager: AgentManager, params: Mapping[str, Any]) -> Any:
    """The runs of the session, newest first; with `cleared` also those that were taken off the list. `runs` are as many
    as fit into an answer after the first `skip`, and `more` how many follow."""
    runs = manager.list(cleared=flag(params, "cleared", False))[whole(params, "skip", 0) :]
    told = forms.fitting(runs)
    return {"runs": told, "more": len(runs) - len(told)}


async def notices(manager: AgentManager, _params: Mapping[str, Any]) -> Any:
    """What whoever drives the session was not told yet of endings; told again until it is acknowledged."""
    return [forms.told(notice) for notice in await manager.outbox.pending()]


async def acknowledge(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """The `notices` have arrived."""
    await manager.outbox.acknowledge(*texts(params, "notices"), to=text(params, "to", "socket"))
    return {}


async def stop(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`run`, and a `reason` if there is one; `subtree` false lets what it started in the background go on. `stopped` is
    false for one that had ended."""
    reason = text(params, "reason", _("stopped from another process"))
    subtree = flag(params, "subtree", True)
    run = text(params, "run")
    return {"stopped": await manager.stop(run, by=StoppedBy.USER, reason=reason, subtree=subtree)}


async def steer(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`run` and the `message` for its next turn; the answer is its receipt, waited for up to `wait` seconds."""
    run, message = text(params, "run"), text(params, "message")
    return _receipt(await manager.steer(run, message, asked_by=_by(params), wait=seconds(params, "wait")))


async def pause(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    await manager.pause(text(params, "run"))
    return {}


async def unpause(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    await manager.unpause(text(params, "run"))
    return {}


async def resume(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`run` and its next `prompt`; with `trust` what its file named may execute it this time. The owner drives it."""
    run, prompt, trust = text(params, "run"), text(params, "prompt"), flag(params, "trust", False)
    await manager.resume(run, prompt, asked_by=_by(params), trust=trust)
    return {}


async def send(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """`text` is a mention. `how` says what it came to, null when it names nobody; `run` who has it, and `receipt` that
    of a message to a run in progress."""
    sent = await send_mention(manager, text(params, "text"))
    if sent is None:
        return {"how": None, "run": None, "receipt": None}
    receipt = _receipt(sent.receipt) if sent.receipt is not None else None
    return {"how": str(sent.how), "run": sent.run, "receipt": receipt}


async def wait(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """Until the `run` has ended, `seconds` at most. `ended` tells whether it has."""
    run = manager.find(text(params, "run"))
    await manager.waits.wait([run], seconds=seconds(params, "seconds"), owner=NOBODY)
    return {"ended": manager.state.run(run).status.ended}


async def clear(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """The `runs` that go off the list: all of them, or with an error none."""
    await manager.clear(texts(params, "runs"))
    return {}


async def settle(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """A person's word that the `conflict` with this id is settled, and the `reason` for the log."""
    await manager.settling.conflict(text(params, "conflict"), any_text(params, "reason"))
    return {}


async def put_back(manager: AgentManager, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the worktree of the `run` came to, after a person did something with it: `kept`, with the fields of
    `KeptWork`."""
    run = manager.find(text(params, "run"))
    await manager.settling.worktree(run, shaped(params, "kept", KeptWork))
    return {}


VERBS: Mapping[str, Verb] = {
    "ping": ping,
    "spawn": spawn,
    "get_result": get_result,
    "peek": peek,
    "list": list_runs,
    "notices": notices,
    "acknowledge": acknowledge,
    "stop": stop,
    "steer": steer,
    "pause": pause,
    "unpause": unpause,
    "resume": resume,
    "send": send,
    "wait": wait,
    "clear": clear,
    "settle": settle,
    "put_back": put_back,
}


def _receipt(steer: Steer) -> dict[str, Any]:
    """`turn` is the one that it was read before, null until then; `missed` when the run ended first."""
    return {"steer": steer.id, **forms.told(steer)}


def _by(params: Mapping[str, Any]) -> AskedBy:
    """Whose words they are: a person's, unless a program says that they are its own."""
    return AskedBy.PROGRAM if params.get("by") == AskedBy.PROGRAM else AskedBy.PERSON
