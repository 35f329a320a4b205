"""How four programs' output is read: data only, in the words of `output_table.Rule`.

Written from what the programs print: `claude` 2.1, `codex` 0.169, `gemini` 0.61 and `opencode` 1.18, driven against a
model on this machine (`make test-live`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# One `assistant` line for each block of a reply; all blocks of a reply carry the same id and the same usage, whose
# output is that of the first moment. Lines of its own subagents have a `parent_tool_use_id`; the error of a provider
# comes as a made-up reply with `error`, and again as the result.
_OF_ITSELF = {"parent_tool_use_id": None, "error": None}
_CLAUDE = {
    "rules": [
        {"when": {"type": "system", "subtype": "init"}, "session": "session_id", "model": "model"},
        {
            "when": {"type": "assistant", **_OF_ITSELF},
            "message": "message.id",
            "model": "message.model",
            "usage": {
                "input": "message.usage.input_tokens",
                "output": "message.usage.output_tokens",
                "cache_read": "message.usage.cache_read_input_tokens",
                "cache_write": "message.usage.cache_creation_input_tokens",
                "counts": "reply",
            },
        },
        {
            "when": {"type": "assistant", **_OF_ITSELF},
            "each": "message.content",
            "where": {"type": "text"},
            "message": "$.message.id",
            "text": "text",
        },
        {
            "when": {"type": "assistant", **_OF_ITSELF},
            "each": "message.content",
            "where": {"type": "tool_use"},
            "message": "$.message.id",
            "call": "id",
            "tool": "name",
            "arguments": "input",
        },
        {
            "when": {"type": "user", "parent_tool_use_id": None},
            "each": "message.content",
            "where": {"type": "tool_result"},
            "returns": "tool_use_id",
            "output": "content",
            "failed": {"is_error": True},
        },
        {
            "when": {"type": "result"},
            "each": "modelUsage",
            "model": "@key",
            "usage": {
                "input": "inputTokens",
                "output": "outputTokens",
                "cache_read": "cacheReadInputTokens",
                "cache_write": "cacheCreationInputTokens",
                "cost": "costUSD",
            },
        },
        {"when": {"type": "result"}, "session": "session_id", "answer": "result", "ends": True},
        {"when": {"type": "result", "is_error": True}, "error": "result|errors.0|subtype"},
        # Such as `error_max_turns`, with which `is_error` may be false.
        {
            "when": {"type": "result", "subtype": "*"},
            "unless": {"subtype": "success"},
            "error": "errors.0|subtype",
        },
    ]
}

# An item begins and is completed under one id; only the last message is the answer. Usage is that of the whole
# thread, also when it was resumed. An `error` may be one that it gets over; then the turn is completed.
_CODEX_TOOLS = (
    ("command_execution", "=shell", {"command": "item.command"}, "item.aggregated_output"),
    ("file_change", "=edit", {"changes": "item.changes"}, "item.status"),
    ("mcp_tool_call", "item.tool", "item.arguments", "item.error.message|item.result.content"),
    ("web_search", "=web_search", {"query": "item.query"}, ""),
)


def _codex_tool(kind: str, tool: str, arguments: object, output: str) -> list[dict[str, Any]]:
    call = {"call": "item.id", "tool": tool, "arguments": arguments}
    ending = {"returns": "item.id", "output": output, "failed": {"item.status": ["failed", "declined"]}}
    return [
        {"when": {"type": "item.started", "item.type": kind}, **call},
        {"when": {"type": "item.completed", "item.type": kind}, **call, **ending},
    ]


_CODEX = {
    "rules": [
        {"when": {"type": "thread.started"}, "session": "thread_id"},
        {
            "when": {"type": "item.completed", "item.type": "agent_message"},
            "message": "item.id",
            "text": "item.text",
        },
        *(rule for tool in _CODEX_TOOLS for rule in _codex_tool(*tool)),
        {"when": {"type": "item.completed", "item.type": "error"}, "warning": "item.message"},
        {"when": {"type": "error"}, "warning": "message"},
        {"when": {"type": "turn.failed"}, "error": "error.message|type"},
        {
            "when": {"type": "turn.completed"},
            "ends": True,
            "usage": {
                "input": "usage.input_tokens",
                "output": "usage.output_tokens",
                "cache_read": "usage.cached_input_tokens",
                "cache_write": "usage.cache_write_input_tokens",
                "input_holds_cache": True,
                "counts": "session",
            },
        },
    ]
}

# A reply comes in pieces, and is over when a tool is called or all is. An `error` may be one that it gets over: only
# without a `result` after it, it was the end.
_GEMINI = {
    "rules": [
        {"when": {"type": "init"}, "session": "session_id", "model": "model"},
        {"when": {"type": "message", "role": "assistant"}, "text": "content", "pieces": True},
        {"when": {"type": "tool_use"}, "call": "tool_id", "tool": "tool_name", "arguments": "parameters"},
        {
            "when": {"type": "tool_result"},
            "returns": "tool_id",
            "output": "output|error.message",
            "failed": {"status": "error"},
        },
        {"when": {"type": "error"}, "warning": "message"},
        {"when": {"type": "result", "status": "error"}, "error": "error.message|status"},
        {"when": {"type": "result"}, "ends": True},
        {
            "when": {"type": "result"},
            "each": "stats.models",
            "model": "@key",
            "usage": {
                "input": "input_tokens",
                "output": "output_tokens",
                "cache_read": "cached",
                "input_holds_cache": True,
            },
        },
    ]
}

# A step is a turn. A tool is told of when it has returned; which model answers is not said.
_OPENCODE = {
    "rules": [
        {"when": {"sessionID": "*"}, "session": "sessionID"},
        {"when": {"type": "text"}, "message": "part.messageID", "text": "part.text"},
        {
            "when": {"type": "tool_use"},
            "message": "part.messageID",
            "call": "part.callID",
            "tool": "part.tool",
            "arguments": "part.state.input",
            "returns": "part.callID",
            "output": "part.state.output|part.state.error",
            "failed": {"part.state.status": "error"},
        },
        {
            "when": {"type": "step_finish"},
            "ends_turn": True,
            "usage": {
                "input": "part.tokens.input",
                "output": "part.tokens.output+part.tokens.reasoning",
                "cache_read": "part.tokens.cache.read",
                "cache_write": "part.tokens.cache.write",
                "cost": "part.cost",
                "counts": "step",
            },
        },
        # After a step that called tools there is another one.
        {"when": {"type": "step_finish"}, "unless": {"part.reason": "tool-calls"}, "ends": True},
        {"when": {"type": "error"}, "error": "error.data.message|error.name|type"},
    ]
}

#: By the name that `output` gives: the program's.
READY_TABLES: Mapping[str, Mapping[str, Any]] = {
    "claude": _CLAUDE,
    "codex": _CODEX,
    "gemini": _GEMINI,
    "opencode": _OPENCODE,
}
