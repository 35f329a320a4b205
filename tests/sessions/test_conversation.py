"""A run's messages for a reader."""

from __future__ import annotations

import json
from typing import Any

from subagents.ids import RunId
from subagents.sessions.conversation import paragraphs
from subagents.sessions.messages import MessageKind, StoredMessage


def told(*messages: Any) -> list[str]:
    """Replies are those with `parts`; the others go to the model."""
    rows = [
        StoredMessage(
            RunId("r"),
            1,
            n,
            MessageKind.REPLY if isinstance(each, dict) and "parts" in each else MessageKind.PART,
            each if isinstance(each, bytes) else json.dumps(each).encode(),
        )
        for n, each in enumerate(messages, 1)
    ]
    return list(paragraphs(rows))


def call(tool: str | None) -> dict[str, Any]:
    return {"part_kind": "tool-call", "args": "{}"} | ({"tool_name": tool} if tool is not None else {})


def test_everything_that_was_said_is_told_in_order():
    assert told(
        {"part_kind": "user-prompt", "content": "find it"},
        {"parts": [{"part_kind": "text", "content": "I look."}, call("grep")]},
        {"part_kind": "tool-return", "tool_name": "grep", "content": "a.py:3"},
        {"parts": [{"part_kind": "text", "content": "There."}]},
    ) == [
        "User: find it",
        "Assistant: I look.",
        "Tools called: grep",
        "Result of grep: a.py:3",
        "Assistant: There.",
    ]


def test_m11_tools_are_told_by_their_names_and_one_without_is_unknown():
    assert told({"parts": [call("search"), call("edit"), call(None)]}) == [
        "Tools called: search, edit, unknown"
    ]


def test_m13_a_reply_with_nothing_but_calls_has_no_paragraph_of_its_own():
    assert told({"parts": [{"part_kind": "text", "content": " \n"}, call("ls")]}) == ["Tools called: ls"]


def test_of_a_tools_answer_the_beginning_is_told():
    [text] = told({"part_kind": "tool-return", "tool_name": "cat", "content": "x" * 500})
    assert text == f"Result of cat: {'x' * 200}…"
    assert told({"part_kind": "tool-return", "tool_name": "json", "content": {"a": 1}}) == [
        'Result of json: {"a":1}'
    ]


def test_what_cannot_be_read_is_passed_over():
    assert told(b"{", {"part_kind": "thinking", "content": "hm"}, [1], 3, {"parts": 3}) == []
