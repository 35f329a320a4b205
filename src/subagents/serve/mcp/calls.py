"""A call of a tool: carried out for its session, bounded by its client's patience, with progress and with notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ProgressNotification,
    ProgressNotificationParams,
    ProgressToken,
    TextContent,
)

from subagents.delegation.door import MCP, Door
from subagents.delegation.registry import FOR_CLIENTS
from subagents.delegation.tool import Answer, DelegationTool, Parent, refused
from subagents.errors import SessionError
from subagents.own_tasks import own_tasks
from subagents.serve.mcp.asking import Asking, client_of, progress_token_of, ride_of
from subagents.serve.mcp.data import fits, shown
from subagents.serve.mcp.patience import longest_wait
from subagents.serve.mcp.peer import Peer, Talk
from subagents.serve.mcp.progress import Watch
from subagents.texts import quoted

LEAVING_BOUND = 5.0  # seconds that a call has to end in order when its client has given it up


async def call_tool(peer: Peer, asking: Asking, params: CallToolRequestParams) -> CallToolResult:
    """Does what is asked. What is refused is an answer as well; raises `MCPError` for a tool that there is not."""
    tool = tool_named(params.name)
    try:
        talk = await peer.talk(asking)
        answer = await carried_out(talk, asking, tool, params.arguments or {})
        notices = await _notices(peer, talk, asking)
    except SessionError as error:
        return result_of(tool, refused(str(error)))
    return result_of(tool, answer, notices)


def tool_named(name: str) -> DelegationTool[Any]:
    """Raises `MCPError`."""
    if (tool := FOR_CLIENTS.get(name)) is None:
        known = ", ".join(FOR_CLIENTS)
        raise MCPError(INVALID_PARAMS, f"There is no tool {quoted(name)}; there are {known}.")
    return tool


def door_of(talk: Talk, asking: Asking) -> Door:
    """What is true for the client: how long it may be kept waiting."""
    wanted = progress_token_of(asking) is not None
    ceiling = float(talk.manager.settings.wait_timeout_seconds)
    return replace(MCP, longest_wait=longest_wait(client_of(asking).name, ceiling, progress=wanted))


async def carried_out(
    talk: Talk, asking: Asking, tool: DelegationTool[Any], arguments: Mapping[str, Any]
) -> Answer:
    """The answer, with progress on the way where the client asked for it. Raises `SessionError`."""
    watch, token = Watch(talk.manager), progress_token_of(asking)
    parent = Parent(talk.manager, None, talk.stash, door=door_of(talk, asking), waits_for=watch.begin)
    async with own_tasks() as tasks:
        if token is not None:
            tasks.start_soon(watch.report, partial(_tell, asking, token))
        answer = await _to_its_end(
            lambda given_up: tool.call(replace(parent, cancelled=given_up), arguments), talk.leaving
        )
        tasks.cancel_scope.cancel()
    return answer


def result_of(tool: DelegationTool[Any], answer: Answer, notices: Sequence[str] = ()) -> CallToolResult:
    """The answer as MCP has it. What was refused has no data, unless that is of the tool's shape: clients check it."""
    data = shown(answer, notices)
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in (answer.text, *notices)],
        structured_content=data if answer.ok or fits(tool.name, data) else None,
        is_error=not answer.ok,
    )


async def _tell(asking: Asking, token: ProgressToken, number: float, text: str) -> None:
    told = ProgressNotificationParams(progress_token=token, progress=number, message=text)
    await asking.session.send_notification(ProgressNotification(params=told), asking.request_id)


async def _notices(peer: Peer, talk: Talk, asking: Asking) -> list[str]:
    ride = ride_of(asking)
    return await peer.riding.board(ride, talk.manager) if ride is not None else []


async def _to_its_end(call: Callable[[anyio.Event], Awaitable[Answer]], leaving: anyio.Event) -> Answer:
    """Carries a call out as a whole also when its client gives it up, or is `leaving`: that sets the event, which ends
    a wait and nothing else. What does not end then is cut short after a while."""
    given_up, shield = anyio.Event(), anyio.CancelScope(shield=True)
    answers: list[Answer] = []
    async with own_tasks() as tasks:
        tasks.start_soon(_when_given_up, given_up, shield, leaving)
        with shield:
            answers.append(await call(given_up))
        tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # passes the cancellation on
    return answers[0]


async def _when_given_up(given_up: anyio.Event, shield: anyio.CancelScope, leaving: anyio.Event) -> None:
    try:
        await leaving.wait()
    finally:
        given_up.set()
        shield.deadline = anyio.current_time() + LEAVING_BOUND
