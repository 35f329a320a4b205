"""What is inherited of a conversation: a function of its stored messages and of how much of them may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.ids import RunId
from subagents.prompts.inheritance import ENDING, HEADING, Inheritance, inherited, inherited_text
from subagents.sessions.messages import MessageKind, StoredMessage
from subagents.texts import about_tokens

MUCH = 100_000


def every_tool(_name: str) -> bool:
    return True


def rows(*messages: Mapping[str, Any]) -> list[StoredMessage]:
    kinds = [MessageKind.REPLY if "parts" in each else MessageKind.PART for each in messages]
    return [
        StoredMessage(RunId("aaaaaaaa"), 1, n, kind, msgspec.json.encode(message))
        for n, (kind, message) in enumerate(zip(kinds, messages, strict=True), 1)
    ]


def asks(text: str) -> dict[str, Any]:
    return {"part_kind": "user-prompt", "content": text}


def says(text: str = "", *calls: str, **more: Any) -> dict[str, Any]:
    parts = [{"part_kind": "text", "content": text}] if text else []
    parts += [
        {"part_kind": "tool-call", "tool_name": call, "args": '{"q":1}', "tool_call_id": f"{call}!1"}
        for call in calls
    ]
    return {"kind": "response", "parts": parts, **more}


def returns(call: str, text: str) -> dict[str, Any]:
    return {"part_kind": "tool-return", "tool_name": call, "content": text, "tool_call_id": f"{call}!1"}


def shown(found: Inheritance) -> list[str]:
    """Without what stands around it."""
    return [line for row in found.messages for line in _lines(msgspec.json.decode(row.json))][1:-1]


def _lines(message: Mapping[str, Any]) -> Iterable[str]:
    for part in message.get("parts", [message]):
        match part["part_kind"]:
            case "user-prompt":
                yield f"User: {part['content']}"
            case "text":
                yield f"Model: {part['content']}"
            case "tool-call":
                yield f"Call {part['tool_call_id']}: {part['tool_name']} {part['args']}"
            case "tool-return":
                yield f"Result {part['tool_call_id']}: {part['content']}"
            case other:
                raise AssertionError(other)


def test_what_was_said_is_inherited_in_order_with_a_word_on_whose_it_is():
    found = inherited(
        rows(asks("fix it"), says("I look.", "grep"), returns("grep", "a.py"), says("Fixed.")), MUCH, any
    )

    assert shown(found) == [
        "User: fix it",
        "Model: I look.",
        'Call inherited_1: grep {"q":1}',
        "Result inherited_1: a.py",
        "Model: Fixed.",
    ]
    around = [msgspec.json.decode(found.messages[at].json)["content"] for at in (0, -1)]
    assert around == [HEADING, ENDING]
    assert found.left_out == 0


def test_calls_of_tools_that_the_run_has_not_become_text():
    conversation = rows(asks("fix"), says("", "deploy"), returns("deploy", "done"), says("Deployed."))

    assert shown(inherited(conversation, MUCH, lambda tool: tool != "deploy")) == [
        "User: fix",
        'Model: (Calls deploy: {"q":1})',
        "User: (deploy answered:)\ndone",
        "Model: Deployed.",
    ]


def test_a_call_that_nothing_answered_is_left_behind_and_the_last_replys_are_text():
    conversation = rows(asks("fix"), says("I look and ask.", "grep", "Agent"), returns("grep", "a.py"))

    assert shown(inherited(conversation, MUCH, every_tool)) == [
        "User: fix",
        "Model: I look and ask.",
        'Model: (Calls grep: {"q":1})',
        "User: (grep answered:)\na.py",
    ]


def test_the_role_the_thinking_and_its_seal_are_left_behind():
    thought = {"part_kind": "thinking", "content": "hm", "signature": "sealed", "provider_name": "anthropic"}
    reply = says("Done.", provider_name="anthropic", provider_response_id="msg_1")
    reply["parts"] = [thought, *reply["parts"]]
    role = {"part_kind": "system-prompt", "content": "You are the parent."}

    found = inherited(rows(role, asks("fix"), reply), MUCH, every_tool)

    assert shown(found) == ["User: fix", "Model: Done."]
    raw = b"".join(row.json for row in found.messages)
    assert [word for word in (b"sealed", b"msg_1", b"anthropic", b"parent.") if word in raw] == []


def test_y7_what_only_calls_or_is_blank_says_nothing():
    conversation = rows(asks("fix"), asks(" \n"), says("", "Agent"), says("  "), says("Yes."))
    assert shown(inherited(conversation, MUCH, every_tool)) == ["User: fix", "Model: Yes."]


@pytest.mark.parametrize("conversation", [[], rows(asks(" ")), rows(says("", "Agent"))])
def test_y9_nothing_that_is_of_use_is_nothing(conversation: list[StoredMessage]):
    assert inherited(conversation, MUCH, every_tool) == Inheritance()
    assert inherited_text(" \n", MUCH) == Inheritance()


def test_of_too_much_the_oldest_is_left_out_and_that_is_said():
    conversation = rows(asks("first " * 100), says("second " * 100), asks("third"), says("fourth"))

    found = inherited(conversation, 50, every_tool)

    assert shown(found) == ["User: third", "Model: fourth"]
    assert found.left_out == 2
    assert b"left out: 2 messages" in found.messages[0].json


def test_of_a_last_message_that_alone_is_too_much_the_end_is_inherited():
    found = inherited(rows(asks("so " * 1000 + "and that is the point")), 50, every_tool)

    (said,) = shown(found)
    assert said.endswith("and that is the point")
    assert about_tokens(said) <= 60


def test_after_a_compaction_what_it_left_is_inherited():
    kept = {
        "messages": [{"kind": "request", "parts": [asks("(summed up)")]}, says("Going on.")],
        "summary": "…",
    }
    before, after = rows(asks("old"), says("old too")), rows(asks("next"))
    row = StoredMessage(RunId("aaaaaaaa"), 1, 3, MessageKind.COMPACTED, msgspec.json.encode(kept))

    assert shown(inherited([*before, row, *after], MUCH, every_tool)) == [
        "User: (summed up)",
        "Model: Going on.",
        "User: next",
    ]


def test_a_text_is_inherited_as_it_is_and_its_beginning_left_out_where_it_is_long():
    assert shown(inherited_text("User: fix\nMe: done", MUCH)) == ["User: User: fix\nMe: done"]
    long = inherited_text("x" * 1000 + "the end", 10)
    assert shown(long) == ["User: " + "x" * 33 + "the end"]
    assert b"967 characters" in long.messages[0].json


MESSAGES = st.lists(
    st.one_of(
        st.text(max_size=40).map(asks),
        st.builds(says, st.text(max_size=40), st.sampled_from(["grep", "read", "Agent"])),
        st.builds(returns, st.sampled_from(["grep", "read"]), st.text(max_size=40)),
    ),
    max_size=12,
)


@given(MESSAGES, st.integers(1, 200), st.booleans())
def test_every_call_is_answered_once_and_right_after_it(messages: list[dict[str, Any]], most: int, has: bool):
    found = inherited(rows(*messages), most, lambda _: has)

    waiting: list[str] = []
    for row in found.messages:
        message = msgspec.json.decode(row.json)
        for part in message.get("parts", [message]):
            match part["part_kind"]:
                case "tool-call":
                    waiting.append(part["tool_call_id"])
                case "tool-return":
                    waiting.remove(part["tool_call_id"])
                case _:
                    assert not waiting or row.kind is MessageKind.REPLY
    assert waiting == []
    assert not found.messages or found.tokens >= 0
