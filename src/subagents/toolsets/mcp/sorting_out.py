"""What a server answers, sorted out: a tool or a piece of content that is not as MCP has it is left out by itself.

The SDK refuses an answer as a whole, and with one tool of a server all others would be gone. Imported when a server is
spoken to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse
from mcp_types.methods import validate_server_result
from pydantic import ValidationError

from subagents.texts import quoted

MOST = 1_000  # tools or pieces of content of an answer that are looked at one by one
MOST_WRONG = 3  # faults of one answer that are told

Streams = tuple[Any, Any]


@asynccontextmanager
async def sorted_out(
    transport: AbstractAsyncContextManager[Streams],
    version: Callable[[], str],
    left_out: Callable[[str, str], None],
) -> AsyncIterator[Streams]:
    """The transport, with answers in which only what is good is left. `version` is that of the protocol which is
    spoken, "" before there is one; `left_out` is told the name of each tool that is not, and what is wrong with it."""
    async with transport as (messages, ours):
        yield _Sorted(messages, version, left_out), ours


def wrong(error: ValidationError) -> str:
    """What is wrong, and where: `inputSchema.type: Field required`."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:MOST_WRONG]]
    return "; ".join((*told, *(("…",) if len(faults) > MOST_WRONG else ())))


class _Sorted:
    """A stream of messages as the SDK reads it."""

    def __init__(self, stream: Any, version: Callable[[], str], left_out: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._version = version
        self._left_out = left_out

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        return self._sorted(await self._stream.receive())

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> _Sorted:
        return self

    async def __anext__(self) -> Any:
        return self._sorted(await self._stream.__anext__())

    async def __aenter__(self) -> _Sorted:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)

    def _sorted(self, item: Any) -> Any:
        version = self._version()
        if not (version and isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCResponse)):
            return item
        found = self._found(version, item.message.result)
        return replace(item, message=item.message.model_copy(update={"result": found}))

    def _found(self, version: str, result: dict[str, Any]) -> dict[str, Any]:
        for method, name in (("tools/list", "tools"), ("tools/call", "content")):
            # Where the rest of it is wrong, what the SDK says of the whole is told.
            if isinstance(result.get(name), list) and not _wrong(method, version, {**result, name: []}):
                if not _wrong(method, version, result):
                    return result
                asked = [_wrong(method, version, {**result, name: [item]}) for item in result[name][:MOST]]
                pairs = list(zip(result[name], asked, strict=False))
                return {**result, name: self._tools(pairs) if name == "tools" else _content(result, pairs)}
        return result

    def _tools(self, pairs: list[tuple[Any, str]]) -> list[Any]:
        for tool, why in pairs:
            if why:
                name = tool.get("name") if isinstance(tool, dict) else tool
                self._left_out(quoted(name), why.replace("tools.0", "it").replace("it.", ""))
        return [tool for tool, why in pairs if not why]


def _content(result: Mapping[str, Any], pairs: list[tuple[Any, str]]) -> list[Any]:
    more = len(result["content"]) - len(pairs)
    rest = [{"type": "text", "text": f"[{more:,} more pieces of content left out]"}] if more else []
    return [*(_as_text(block) if why else block for block, why in pairs), *rest]


def _as_text(block: Any) -> dict[str, str]:
    kind = block.get("type") if isinstance(block, dict) else block
    return {"type": "text", "text": f"[content of type {quoted(kind)} left out: it is not as MCP has it]"}


def _wrong(method: str, version: str, result: Mapping[str, Any]) -> str:
    """What is wrong with a result; "" where nothing is, or the library does not check this version."""
    try:
        validate_server_result(method, version, result)
    except ValidationError as error:
        return wrong(error)
    except (KeyError, ValueError):
        pass
    return ""
