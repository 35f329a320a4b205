"""A run's messages as paragraphs for a reader: who said what, which tools were called, and the beginnings of what they
answered. The messages' JSON is the runners'; what cannot be read is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from subagents.sessions.messages import MessageKind, StoredMessage

MAX_TOOL_RESULT = 200  # characters
UNKNOWN = "unknown"


def paragraphs(messages: Iterable[StoredMessage]) -> Iterator[str]:
    """One for each thing said, in order: `User: …`, `Assistant: …`, `Tools called: search, edit`,
    `Result of search: …`."""
    for message in messages:
        read = _read(message)
        if message.kind is MessageKind.COMPACTED:
            # What was said stands above already; only what took its place is news.
            summary = read.get("summary") if isinstance(read, Mapping) else None
            yield from _spoken("Summary", summary if isinstance(summary, str) else "")
        elif isinstance(read, str):  # a runner that keeps nothing but the words
            yield from _spoken("Assistant" if message.kind is MessageKind.REPLY else "User", read)
        elif isinstance(read, Mapping):
            yield from _of_message(read)


def _of_message(message: Mapping[str, Any]) -> Iterator[str]:
    called: list[str] = []
    parts = message.get("parts")
    for part in parts if isinstance(parts, list) else [message]:
        match part:
            case {"part_kind": "user-prompt" | "retry-prompt", "content": str(text)}:
                yield from _spoken("User", text)
            case {"part_kind": "text", "content": str(text)}:
                yield from _spoken("Assistant", text)
            case {"part_kind": "tool-call"}:
                called.append(_tool(part))
            case {"part_kind": "tool-return", "content": content}:
                text = content if isinstance(content, str) else msgspec.json.encode(content).decode()
                yield f"Result of {_tool(part)}: {_cut(text.strip())}"
            case _:
                pass
    if called:
        yield f"Tools called: {', '.join(called)}"


def _spoken(who: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"{who}: {text.strip()}"


def _tool(part: Mapping[str, Any]) -> str:
    name = part.get("tool_name")
    return name if isinstance(name, str) and name else UNKNOWN


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TOOL_RESULT else f"{text[:MAX_TOOL_RESULT]}…"


def _read(message: StoredMessage) -> Any:
    try:
        return msgspec.json.decode(message.json)
    except msgspec.DecodeError:
        return None
