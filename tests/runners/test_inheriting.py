"""A program that begins with a conversation which it does not know: it is told, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.runners.playing import HELLO, RUN, Talk, command, do

from subagents.prompts.inheritance import inherited
from subagents.sessions.messages import MessageKind, NewMessage, StoredMessage

pytestmark = pytest.mark.anyio


def stored(*messages: NewMessage) -> list[StoredMessage]:
    return [StoredMessage(RUN, 1, n, each.kind, each.json) for n, each in enumerate(messages, 1)]


def row(stored_as: MessageKind, **message: Any) -> NewMessage:
    return NewMessage(stored_as, msgspec.json.encode(message))


async def test_y7_it_is_told_what_was_said_and_not_what_tools_answered(tmp_path: Path):
    call = {"part_kind": "tool-call", "tool_name": "grep", "args": "{}", "tool_call_id": "c1"}
    words = {"part_kind": "text", "content": "It was easy."}
    conversation = stored(
        row(MessageKind.PART, part_kind="user-prompt", content="Fix it."),
        row(MessageKind.REPLY, kind="response", parts=[call]),
        row(MessageKind.PART, part_kind="tool-return", tool_name="grep", content="a.py:1", tool_call_id="c1"),
        row(MessageKind.PART, part_kind="user-prompt", content=" \n"),
        row(MessageKind.REPLY, kind="response", parts=[words]),
    )
    begins = stored(*inherited(conversation, 1_000, lambda _: True).messages)

    told = await Talk(tmp_path).told(command(tmp_path, HELLO, do("echo")), "And now?", history=begins)

    asked = str(told)
    assert [said for said in ("Fix it.", "It was easy.", "And now?") if said not in asked] == []
    assert "a.py:1" not in asked
