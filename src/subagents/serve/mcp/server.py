"""The MCP server: every request of both eras led to what answers it. How messages come and go is not known here."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp.server.extension import compose_tool_call_handler
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    NotificationParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    ServerCapabilities,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from subagents.delegation.describing import instructions
from subagents.delegation.door import MCP
from subagents.delegation.registry import FOR_CLIENTS
from subagents.errors import SubagentsError
from subagents.runtime.manager import WAIT_BOUND
from subagents.serve.mcp import calls, prompts, resources
from subagents.serve.mcp.asking import Asking, connection_of, not_found_code, ride_of
from subagents.serve.mcp.following import MAX_URIS
from subagents.serve.mcp.peer import PeerOf, Talk
from subagents.serve.mcp.tasks import Tasks
from subagents.serve.mcp.tools import input_schema

NAME = "subagents"


class SubagentsServer(Server[Any]):
    """The SDK's server, which says of itself in each era what is true there."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        told_of = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        return super().create_initialization_options(
            notification_options or told_of, experimental_capabilities, extensions
        )

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> ServerCapabilities:
        found = super().get_capabilities(
            notification_options,
            experimental_capabilities,
            extensions,
            protocol_version=protocol_version,
        )
        # Tasks are of the modern era only.
        modern = protocol_version in MODERN_PROTOCOL_VERSIONS
        return found if modern else found.model_copy(update={"extensions": None})


def mcp_server(peer_of: PeerOf) -> SubagentsServer:
    """A server for all those whom `peer_of` finds."""
    answers = _Answers(peer_of)
    server = SubagentsServer(
        NAME,
        title="Subagents",
        version=version(NAME),
        instructions=instructions(MCP),
        get_tool_input_schema=_input_schema,
        on_list_tools=answers.list_tools,
        on_call_tool=answers.call_tool,
        on_list_resources=answers.list_resources,
        on_list_resource_templates=answers.list_templates,
        on_read_resource=answers.read_resource,
        on_subscribe_resource=answers.subscribe,
        on_unsubscribe_resource=answers.unsubscribe,
        on_subscriptions_listen=answers.listen,
        on_list_prompts=answers.list_prompts,
        on_get_prompt=answers.get_prompt,
    )
    server.add_notification_handler("notifications/initialized", NotificationParams, answers.initialized)
    server.middleware.append(answers.arrived)
    _extend(server, Tasks(peer_of), answers)
    return server


def _input_schema(tool: str) -> dict[str, Any] | None:
    """What headers of requests over HTTP are checked against."""
    return input_schema(tool, WAIT_BOUND) if tool in FOR_CLIENTS else None


def _extend(server: SubagentsServer, tasks: Tasks, answers: _Answers) -> None:
    for method in tasks.methods():
        server.add_request_handler(method.method, method.params_type, method.handler)
    server.extensions[tasks.identifier] = tasks.settings()
    call_tool = compose_tool_call_handler([tasks], answers.call_tool)
    server.add_request_handler("tools/call", CallToolRequestParams, call_tool)


class _Answers:
    """One method for each of MCP's."""

    def __init__(self, peer_of: PeerOf) -> None:
        self._peer_of = peer_of

    async def arrived(self, ctx: Asking, call_next: CallNext) -> HandlerResult:
        """Around every request: the answers that were written before it came have been read. Who shakes hands has not
        said yet who it is. What cannot be done is said as it is."""
        if (ride := ride_of(ctx)) is not None and ctx.method != "initialize":
            await self._peer_of(ctx).riding.arrived(ride)
        try:
            return await call_next(ctx)
        except SubagentsError as error:
            raise MCPError(INTERNAL_ERROR, str(error)) from None

    async def initialized(self, asking: Asking, _params: NotificationParams) -> None:
        peer = self._peer_of(asking)
        peer.following.join(connection_of(asking), asking.session)
        if peer.shown.is_old():
            await asking.session.send_tool_list_changed()

    # --- tools

    async def list_tools(self, asking: Asking, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=self._peer_of(asking).shown.tools())

    async def call_tool(self, asking: Asking, params: CallToolRequestParams) -> Any:
        peer = self._peer_of(asking)
        if peer.shown.news():
            await peer.following.tools_changed()
        return await calls.call_tool(peer, asking, params)

    # --- resources

    async def list_resources(
        self, asking: Asking, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        talk = await self._talk(asking)
        return resources.listed(talk.manager, params.cursor if params is not None else None)

    async def list_templates(
        self, _asking: Asking, _params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        return resources.templates()

    async def read_resource(self, asking: Asking, params: ReadResourceRequestParams) -> ReadResourceResult:
        talk = await self._talk(asking)
        address = resources.address_of(params.uri, talk.manager, not_found_code(asking))
        return await resources.read(talk.manager, address)

    async def subscribe(self, asking: Asking, params: SubscribeRequestParams) -> EmptyResult:
        talk = await self._talk(asking)
        resources.address_of(params.uri, talk.manager, not_found_code(asking))
        uris = self._follows(asking)
        if len(uris) >= MAX_URIS:
            raise MCPError(INTERNAL_ERROR, f"A connection may follow {MAX_URIS} resources at most.")
        uris.add(params.uri)
        return EmptyResult()

    async def unsubscribe(self, asking: Asking, params: UnsubscribeRequestParams) -> EmptyResult:
        self._follows(asking).discard(params.uri)
        return EmptyResult()

    async def listen(
        self, asking: Asking, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        # Who follows certain runs needs their session; who asks for all there is may never start one.
        if params.notifications.resource_subscriptions:
            await self._talk(asking)
        return await self._peer_of(asking).listen(asking, params)

    def _follows(self, asking: Asking) -> set[str]:
        following = self._peer_of(asking).following
        return following.join(connection_of(asking), asking.session).uris

    # --- prompts

    async def list_prompts(self, asking: Asking, _params: PaginatedRequestParams | None) -> ListPromptsResult:
        return prompts.listed(self._peer_of(asking).conversations.catalog())

    async def get_prompt(self, asking: Asking, params: GetPromptRequestParams) -> GetPromptResult:
        catalog = self._peer_of(asking).conversations.catalog()
        return prompts.get(catalog, params.name, params.arguments)

    async def _talk(self, asking: Asking) -> Talk:
        return await self._peer_of(asking).talk(asking)
