"""Runs as tasks of MCP's extension: a call of `Agent` answers with a handle that clients poll, which is the run's id.

Only for requests of the modern era whose client names the extension (SEP-2663,
https://github.com/modelcontextprotocol/ext-tasks). A task outlives connection and process as its run does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp.server.extension import Extension, MethodBinding
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    RequestParams,
)

from subagents.delegation.get_result import Asked, told
from subagents.delegation.registry import FOR_CLIENTS
from subagents.delegation.tool import Parent
from subagents.errors import SessionError
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus
from subagents.serve.mcp.asking import Asking, is_modern
from subagents.serve.mcp.calls import carried_out, door_of, result_of
from subagents.serve.mcp.peer import PeerOf, Talk
from subagents.serve.mcp.progress import progress_text
from subagents.texts import quoted

EXTENSION = "io.modelcontextprotocol/tasks"
POLL_MS = 2_000
AGENT = FOR_CLIENTS["Agent"]


class TaskParams(RequestParams):
    """What each of the methods takes; `tasks/update` more, which nobody is ever asked for."""

    task_id: str


class Tasks(Extension):
    """`tasks/get`, `tasks/update`, `tasks/cancel`, and the answer of `Agent`."""

    identifier = EXTENSION

    def __init__(self, peer_of: PeerOf) -> None:
        self._peer_of = peer_of

    def methods(self) -> Sequence[MethodBinding]:
        return (
            MethodBinding("tasks/get", TaskParams, self._get),
            MethodBinding("tasks/update", TaskParams, self._update),
            MethodBinding("tasks/cancel", TaskParams, self._cancel),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: Asking, call_next: CallNext
    ) -> HandlerResult:
        """A task in place of an answer that says that an agent was started; a refusal stays what it is."""
        if params.name != AGENT.name or not _offered(ctx):
            return await call_next(ctx)
        try:
            talk = await self._peer_of(ctx).talk(ctx)
            arguments = {**(params.arguments or {}), "run_in_background": True}
            answer = await carried_out(talk, ctx, AGENT, arguments)
        except SessionError:
            return await call_next(ctx)
        if not answer.ok:
            return result_of(AGENT, answer)
        return {"resultType": "task", **_task(talk.manager.state.run(answer.data["id"]))}

    async def _get(self, ctx: Asking, params: TaskParams) -> HandlerResult:
        talk, run = await self._found(ctx, params)
        return {"resultType": "complete", **_task(run), **await _outcome(talk, ctx, run)}

    async def _update(self, ctx: Asking, params: TaskParams) -> HandlerResult:
        """A task never asks for input, so whatever is sent is an answer to nothing, which is to be ignored."""
        await self._found(ctx, params)
        return {"resultType": "complete"}

    async def _cancel(self, ctx: Asking, params: TaskParams) -> HandlerResult:
        talk, run = await self._found(ctx, params)
        await talk.manager.stop(run.id, by=StoppedBy.PARENT, reason="its client cancelled the task")
        return {"resultType": "complete"}

    async def _found(self, ctx: Asking, params: TaskParams) -> tuple[Talk, RunState]:
        """The run that a task is. Raises `MCPError`."""
        _require(ctx)
        talk = await self._peer_of(ctx).talk(ctx)
        run = talk.manager.state.runs.get(RunId(params.task_id))
        if run is None:
            raise MCPError(INVALID_PARAMS, f"There is no task {quoted(params.task_id)} in this session.")
        return talk, run


def _offered(ctx: Asking) -> bool:
    declared = ctx.session.client_capabilities
    return is_modern(ctx) and declared is not None and EXTENSION in (declared.extensions or {})


def _require(ctx: Asking) -> None:
    """Raises `MCPError` where the extension is not there for the request."""
    if not is_modern(ctx):
        raise MCPError(METHOD_NOT_FOUND, "Method not found", ctx.method)
    if not _offered(ctx):
        needed: dict[str, Any] = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY, f"The client did not declare {EXTENSION!r}.", needed
        )


# --- a run as a task


def status_of(run: RunState) -> str:
    """In the extension's words. A run that failed is an answer with an error in it, and "failed" is kept for what broke
    off; what stopped at a limit has a result, what somebody stopped has none."""
    match run.status:
        case RunStatus.QUEUED | RunStatus.RUNNING:
            return "working"
        case RunStatus.INTERRUPTED:
            return "failed"
        case RunStatus.STOPPED if not _at_limit(run):
            return "cancelled"
        case _:
            return "completed"


def _task(run: RunState) -> dict[str, Any]:
    """What is the same of every task; it is kept for as long as its session."""
    reason = run.outcome.reason if run.outcome is not None else ""
    return {
        "taskId": run.id,
        "status": status_of(run),
        "statusMessage": reason or progress_text([run]),
        "createdAt": _iso(run.spawned_at),
        "lastUpdatedAt": _iso(run.ended_at or run.progress_at or run.spawned_at),
        "ttlMs": None,
        "pollIntervalMs": POLL_MS,
    }


async def _outcome(talk: Talk, ctx: Asking, run: RunState) -> dict[str, Any]:
    """The result of a task that has one, which is then fetched, or the error of one that broke off."""
    match status_of(run):
        case "completed":
            parent = Parent(talk.manager, None, talk.stash, door=door_of(talk, ctx))
            result = result_of(AGENT, await told(parent, (run.id,), Asked()))
            result.is_error = run.status is RunStatus.FAILED
            return {"result": result.model_dump(mode="json", by_alias=True, exclude_none=True)}
        case "failed":
            reason = run.outcome.reason if run.outcome is not None else ""
            message = (
                f"The run was interrupted: {reason or 'its program ended'}. What it had is kept; "
                f'get_subagent_result with agent_id "{run.id}" gives it, and Agent with resume goes on.'
            )
            return {"error": {"code": INTERNAL_ERROR, "message": message}}
        case _:
            return {}


def _at_limit(run: RunState) -> bool:
    return run.outcome is not None and run.outcome.by in (StoppedBy.LIMIT, StoppedBy.TIMEOUT)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
