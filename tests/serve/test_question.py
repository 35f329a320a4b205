"""One question over a socket: its answer or the reason why there is none, and nothing taken of what comes after it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from subagents.serve.rpc.question import OwnerRefused, ask

BOUND = 30.0


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def answered(ends: tuple[socket.socket, socket.socket], said: bytes) -> object:
    ours, theirs = ends
    theirs.sendall(said)
    return ask(ours, "ping", {}, time.monotonic() + BOUND)


def test_what_follows_the_answer_is_left_to_who_reads_on(ends: tuple[socket.socket, socket.socket]):
    assert answered(ends, b'{"id": 0, "result": {"pid": 7}}\nthe next\n') == {"pid": 7}
    assert ends[0].recv(100) == b"the next\n"
    assert ends[0].gettimeout() is None


def test_a_refusal_is_the_others_own_sentence(ends: tuple[socket.socket, socket.socket]):
    refusal = b'{"id": 0, "error": {"code": -32000, "message": "not now", "data": {"kind": "NotNow"}}}\n'
    with pytest.raises(OwnerRefused, match="not now") as refused:
        answered(ends, refusal)
    assert refused.value.kind == "NotNow"


@pytest.mark.parametrize(
    "said", [b"hello\n", b"[]\n", b"7\n", b"{}\n", b'{"error": "no"}\n', b"[" * 50_000 + b"\n"]
)
def test_what_is_no_answer_is_said_to_be_none(ends: tuple[socket.socket, socket.socket], said: bytes):
    with pytest.raises(ValueError, match="does not speak our language"):
        answered(ends, said)


def test_an_end_of_the_line_is_no_answer(ends: tuple[socket.socket, socket.socket]):
    ends[1].shutdown(socket.SHUT_WR)
    with pytest.raises(OSError, match="the connection was closed"):
        ask(ends[0], "ping", {}, time.monotonic() + BOUND)


class Trickle(socket.socket):
    """Says one byte after the other, and never ends its line."""

    def sendall(self, data: object, flags: int = 0) -> None:
        pass

    def recv(self, size: int, flags: int = 0) -> bytes:
        return b"x"


def test_who_never_comes_to_an_end_is_listened_to_until_the_deadline():
    with Trickle(socket.AF_UNIX) as line, pytest.raises(TimeoutError):
        ask(line, "ping", {}, time.monotonic() + 0.05)
