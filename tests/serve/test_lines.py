"""Bytes to lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subagents.serve.lines import Lines


def fed(lines: Lines, *pieces: bytes) -> list[bytes | None]:
    return [line for piece in pieces for line in lines.feed(piece)]


@given(st.lists(st.binary(max_size=9)), st.binary(max_size=9))
def test_however_it_is_cut_the_lines_are_those_of_the_whole(pieces: list[bytes], rest: bytes):
    whole = b"".join([*pieces, rest])
    lines = Lines(100)
    assert [*fed(lines, *pieces, rest), lines.rest()] == whole.split(b"\n")


def test_a_line_that_is_too_long_is_left_out_and_the_next_one_is_read():
    assert fed(Lines(4), b"12", b"345", b"6\n12", b"34\n", b"12345\n") == [None, b"1234", None]
