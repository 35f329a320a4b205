"""What a tool of an MCP server answered, as a model is told it: text; of what is none, that it was there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from subagents.toolsets.coding import FAILED

if TYPE_CHECKING:
    from mcp_types import CallToolResult


def answer_of(result: CallToolResult) -> str:
    text = "\n".join((*map(_told, result.content), *_structured(result)))
    if result.is_error:
        return f"{FAILED}{text or 'the tool did not say what is wrong.'}"
    return text or "[no output]"


def _told(block: Any) -> str:
    match block.type:
        case "text":
            return str(block.text)
        case "image" | "audio":
            return f"[{block.type} of type {block.mime_type} left out, {_size(block.data)}]"
        case "resource_link":
            about = f": {block.description}" if block.description else ""
            return f"[resource {block.name!r} at {block.uri}{about}]"
        case "resource":
            held = block.resource
            text = getattr(held, "text", None)
            return str(text) if text is not None else f"[resource {held.uri} left out, {_size(held.blob)}]"
        case kind:
            return f"[{kind} left out]"


def _size(base64: str) -> str:
    return f"{len(base64) * 3 // 4:,} bytes"


def _structured(result: CallToolResult) -> Iterator[str]:
    """The structured content, unless a text holds the same, as servers are asked to do for older clients."""
    structured = result.structured_content
    if structured is None:
        return
    texts = [block.text for block in result.content if block.type == "text"]
    if not any(_same(text, structured) for text in texts):
        yield json.dumps(structured, ensure_ascii=False)


def _same(text: str, structured: Any) -> bool:
    try:
        held = json.loads(text)
    except ValueError:
        held = text
    # A result that is no object is wrapped in one, by convention under this key.
    return bool(held == structured or structured == {"result": held})
