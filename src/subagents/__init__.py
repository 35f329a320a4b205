"""Subagents that belong to no host: start agents, wait for them, steer and stop them, and lose nothing.

    import subagents
    print(subagents.run("Explore", "where are retries handled?").text)

    async with subagents.AgentManager.open(".") as manager:
        run = await manager.spawn("Explore", "where are retries handled?")
        result = await manager.get_result(run, wait=True)

Names are loaded when they are used (PEP 562): importing the package costs next to nothing, and what needs a
model library is imported by the first agent that does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subagents.bootstrap import AgentManager
    from subagents.delegation.any_loop import ParentTools
    from subagents.errors import (
        BadAnswer,
        BadDefinition,
        BadPattern,
        BadReport,
        BadSetting,
        BadTools,
        CommitFailed,
        GitFailed,
        InvalidSchema,
        InvalidScript,
        MemoryRefused,
        ModelError,
        ModelUnavailable,
        NeedsLanguageModel,
        NewerSession,
        NotNow,
        ProviderFailed,
        RunnerError,
        RunNotFound,
        ScriptEnded,
        SessionClosed,
        SessionError,
        SessionLocked,
        SessionNotFound,
        SettingsFileError,
        SpawnRefused,
        SubagentsError,
        TrustError,
        UnknownAgent,
        WorkspaceBusy,
        WorkspaceError,
    )
    from subagents.ids import RunId, SessionId
    from subagents.notices.notice import Notice
    from subagents.runs.peek import Peek, PeekQuery
    from subagents.runs.reports import CommandReport, EditReport, Farewell, FolderReport, Registration
    from subagents.runs.result import Result
    from subagents.runs.state import RunState, RunStatus, Steer
    from subagents.runtime.waiting import Waited, WaitEnd, WaitFor
    from subagents.serve.host.client import Client
    from subagents.spec import AskedBy, OnInvalid, SpawnRequest
    from subagents.toolsets.providers.provider import ToolProvider, Tools

    __version__: str

__all__ = [
    "AgentManager",
    "AskedBy",
    "BadAnswer",
    "BadDefinition",
    "BadPattern",
    "BadReport",
    "BadSetting",
    "BadTools",
    "Client",
    "CommandReport",
    "CommitFailed",
    "EditReport",
    "Farewell",
    "FolderReport",
    "GitFailed",
    "InvalidSchema",
    "InvalidScript",
    "MemoryRefused",
    "ModelError",
    "ModelUnavailable",
    "NeedsLanguageModel",
    "NewerSession",
    "NotNow",
    "Notice",
    "OnInvalid",
    "ParentTools",
    "Peek",
    "PeekQuery",
    "ProviderFailed",
    "Registration",
    "Result",
    "RunId",
    "RunNotFound",
    "RunState",
    "RunStatus",
    "RunnerError",
    "ScriptEnded",
    "SessionClosed",
    "SessionError",
    "SessionId",
    "SessionLocked",
    "SessionNotFound",
    "SettingsFileError",
    "SpawnRefused",
    "SpawnRequest",
    "Steer",
    "SubagentsError",
    "ToolProvider",
    "TrustError",
    "UnknownAgent",
    "WaitEnd",
    "WaitFor",
    "Waited",
    "WorkspaceBusy",
    "WorkspaceError",
    "__version__",
    "run",
]

_ELSEWHERE = {
    "AgentManager": "bootstrap",
    "AskedBy": "spec",
    "Client": "serve.host.client",
    "Notice": "notices.notice",
    "OnInvalid": "spec",
    "ParentTools": "delegation.any_loop",
    "Peek": "runs.peek",
    "PeekQuery": "runs.peek",
    "CommandReport": "runs.reports",
    "EditReport": "runs.reports",
    "Farewell": "runs.reports",
    "FolderReport": "runs.reports",
    "Registration": "runs.reports",
    "Result": "runs.result",
    "RunId": "ids",
    "RunState": "runs.state",
    "RunStatus": "runs.state",
    "SessionId": "ids",
    "SpawnRequest": "spec",
    "Steer": "runs.state",
    "ToolProvider": "toolsets.providers.provider",
    "WaitEnd": "runtime.waiting",
    "WaitFor": "runtime.waiting",
    "Waited": "runtime.waiting",
}


def run(
    agent: str, prompt: str, *, path: str = ".", model: str = "", tools: Tools | None = None, **wishes: Any
) -> Result:
    """Runs one agent to its end and returns its result; the whole thing is one call, for scripts.

    `path` is the folder to work in; `tools` are tools of one's own, as for `AgentManager.open`; `wishes` are other
    fields of `SpawnRequest`, such as `output_schema` or `max_turns`. Raises what `AgentManager.open` and `spawn` raise.
    In an event loop use `AgentManager` instead.
    """
    import anyio

    from subagents.bootstrap import AgentManager

    async def whole() -> Result:
        async with AgentManager.open(path, model=model, tools=tools) as manager:
            run_id = await manager.spawn(agent, prompt, **wishes)
            return await manager.get_result(run_id, wait=True, timeout=None)

    return anyio.run(whole)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _ELSEWHERE:
        return getattr(import_module(f"subagents.{_ELSEWHERE[name]}"), name)
    if name in __all__:
        return getattr(import_module("subagents.errors"), name)
    raise AttributeError(f"module 'subagents' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    return _version_by_name() or _version_by_metadata()


def _version_by_name() -> str:
    """What the folder of our metadata is called (PEP 376), "" when it is not found so.

    `importlib.metadata` loads a parser of mails to read it, which takes longer than all else that `subagents mcp` does
    before it answers.
    """
    import os
    import sys

    head, tail = f"{__name__}-", ".dist-info"
    for folder in sys.path:
        try:
            with os.scandir(folder or ".") as entries:
                found = [
                    each.name for each in entries if each.name.startswith(head) and each.name.endswith(tail)
                ]
        except OSError:  # an archive, or a folder that is not there
            continue
        if found:
            return found[0][len(head) : -len(tail)] if len(found) == 1 else ""
    return ""


def _version_by_metadata() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("subagents")
    except PackageNotFoundError:  # run from its source without being installed
        return "0+source"
