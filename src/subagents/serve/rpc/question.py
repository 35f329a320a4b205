"""One question over a socket that is connected, and its answer, within a bound. Standard library only."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from typing import Any

from subagents.errors import SubagentsError
from subagents.serve.rpc import json_rpc

PIECE = 65_536  # bytes of one reading
MOST = 16 * 1_048_576  # bytes of an answer: the whole of what an agent said may be in it


class OwnerRefused(SubagentsError):
    """The owner understood and did not do it; the sentence is its own. `kind` names the error it met."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


def ask(line: socket.socket, method: str, params: Mapping[str, Any], deadline: float) -> Any:
    """What the other end answers; `deadline` is by `time.monotonic`. What comes after the answer can still be read.

    Raises `TimeoutError` at the deadline, another `OSError` when no answer comes any more, `ValueError` for what is
    none, and `OwnerRefused`.
    """
    line.settimeout(_left(deadline))
    line.sendall(json.dumps(json_rpc.request(0, method, params)).encode() + b"\n")
    answer = _read_line(line, deadline)
    line.settimeout(None)
    return _value(answer)


def _read_line(line: socket.socket, deadline: float) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        if len(received) > MOST:
            raise OSError("its answer has no end")
        line.settimeout(_left(deadline))
        # Only looked at first: what follows the line belongs to whoever reads on.
        if not (piece := line.recv(PIECE, socket.MSG_PEEK)):
            raise OSError("the connection was closed")
        received += line.recv(piece.find(b"\n") + 1 or len(piece))
    return bytes(received)


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises `TimeoutError` when there are none."""
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError("there was no answer in time")
    return left


def _value(answer: bytes) -> Any:
    try:
        told = json.loads(answer)
        if "error" not in told:
            return told["result"]
        message, kind = told["error"]["message"], (told["error"].get("data") or {}).get("kind", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("it does not speak our language") from None
    raise OwnerRefused(str(message), str(kind))
