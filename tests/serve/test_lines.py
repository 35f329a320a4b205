"""Bytes to lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.serve.rpc.lines import Lines
from subagents.serve.rpc.too_long import TooLong


def fed(lines: Lines, *pieces: bytes) -> list[bytes | TooLong]:
    return [line for piece in pieces for line in lines.feed(piece)]


@given(st.lists(st.binary(max_size=9)), st.binary(max_size=9))
def test_however_it_is_cut_the_lines_are_those_of_the_whole(pieces: list[bytes], rest: bytes):
    whole = b"".join([*pieces, rest])
    lines = Lines(100_000)
    assert [*fed(lines, *pieces, rest), lines.rest()] == whole.split(b"\n")


def test_a_line_that_is_too_long_is_left_out_and_the_next_one_is_read():
    assert fed(Lines(4), b"12", b"345", b"6\n12", b"34\n", b"12345\n") == [
        TooLong(b"12345", b"123456"),
        b"1234",
        TooLong(b"12345", b"12345"),
    ]


def message(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


LONG = {"arguments": {"prompt": "x" * 100_000, "id": 7, "method": "y"}, "id": 8}


@pytest.mark.parametrize(
    ("sent", "request_id"),
    [
        (message(id=3, method="tools/call", params=LONG), 3),
        (message(method="tools/call", params=LONG, id=3), 3),
        (message(id="\ud800ä", params=LONG, method="tools/call"), "\ud800ä"),
        (
            b'{"method":"tools/call","params":'
            + json.dumps(LONG).encode()
            + b',"jsonrpc":"2.0","id":"a\\"}"}',
            'a"}',
        ),
        (message(id=3, result=LONG), None),
        (message(method="tools/call", params=LONG), None),
        (message(method="tools/call", params=[*LONG]), None),
        (message(id=True, method="tools/call", params=LONG), None),
        (b'{"method":"x","id":12' + b"3" * 100_000, None),
        (b'{"method":"x","params":' + b"[" * 100_000, None),
        (b"x" * 100_000, None),
        (b"[" + message(id=3, method="x", params=LONG) + b"]", None),
    ],
    ids=range(12),
)
def test_of_a_line_that_is_too_long_the_id_of_its_request_is_known(sent: bytes, request_id: str | int | None):
    (found,) = fed(Lines(50_000), *(sent[at : at + 1_000] for at in range(0, len(sent), 1_000)), b"\n")
    if not isinstance(found, TooLong):
        found = TooLong(sent, sent)
    assert found.request == request_id
