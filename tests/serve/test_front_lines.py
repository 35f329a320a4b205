"""Lines to messages, and messages to lines."""

from __future__ import annotations

import json

from subagents.serve.front.messages import Fault, is_answer, is_request, key_of, line_of, read
from subagents.serve.rpc.too_long import TooLong


def test_what_is_no_message_is_a_fault_that_names_its_request():
    said = {
        line: json.loads(found.answer)
        for line in (
            TooLong(),
            TooLong(b'{"id":1,"method":"x","params":['),
            b"x",
            b"\xff",
            b"7",
            b'{"id": 3}',
            b'{"id": 4, "method": 5}',
            b"1" * 5000,
        )
        if isinstance(found := read(line), Fault)
    }
    assert {line: (each["id"], each["error"]["code"]) for line, each in said.items()} == {
        TooLong(): (None, -32700),
        TooLong(b'{"id":1,"method":"x","params":['): (1, -32700),
        b"x": (None, -32700),
        b"\xff": (None, -32700),
        b"7": (None, -32600),
        b'{"id": 3}': (3, -32600),
        b'{"id": 4, "method": 5}': (4, -32600),
        b"1" * 5000: (None, -32700),
    }


def test_requests_answers_and_notifications_are_told_apart():
    assert is_request({"method": "ping", "id": 0})
    assert not is_request({"method": "ping", "id": None})
    assert not is_request({"method": "ping", "id": True})
    assert not is_request({"method": "ping"})
    assert is_answer({"id": None, "error": {}})
    assert not is_answer({"id": 1, "method": "ping", "result": {}})
    assert len({key_of(each) for each in (1, "1", None, True, 1.0)}) == 5


def test_half_a_surrogate_pair_can_be_said_again():
    assert read(line_of({"method": "x", "params": {"text": "\ud800"}})) == {
        "method": "x",
        "params": {"text": "\ud800"},
    }
