"""Asking the owner of a session, from another process: one question, one answer, within a bound."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from subagents.errors import SessionError, SessionNotFound, SubagentsError
from subagents.language import _
from subagents.serve.address import announced
from subagents.serve.wire import MAX_LINE

TIMEOUT = 15.0  # seconds; stopping a run with all below it is done in less


class OwnerRefused(SubagentsError):
    """The owner understood and did not do it; the sentence is its own. `kind` names the error it met."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


def call(folder: Path, method: str, params: dict[str, Any], *, timeout: float = TIMEOUT) -> Any:
    """The owner's answer to `method`, for the session in `folder`.

    Raises `SessionNotFound` when nobody answers there, `OwnerRefused` with the owner's sentence, and `SessionError`
    when an answer does not come within `timeout` seconds or is none.
    """
    deadline = time.monotonic() + timeout
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n"
    with _connected(folder, deadline) as line:
        try:
            line.sendall(question.encode())
            answer = _read_line(line, deadline)
        except TimeoutError:
            raise _silent(folder, timeout) from None
        except OSError as error:
            raise SessionError(
                _("The owner of session {name!r} went away before it answered: {why}.").format(
                    name=folder.name, why=error.strerror or error
                )
            ) from error
    return _result(answer, folder)


def _connected(folder: Path, deadline: float) -> socket.socket:
    path = announced(folder)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        if path is None:
            raise FileNotFoundError(2, "No such file")
        line.connect(str(path))
    except OSError as error:
        line.close()
        raise SessionNotFound(
            _("Nobody answers for session {name!r}: {why}.").format(
                name=folder.name, why=error.strerror or error
            )
        ) from error
    return line


def _read_line(line: socket.socket, deadline: float) -> bytes:
    """The first line that comes. Raises `TimeoutError` at the deadline, `OSError` when there is none."""
    received = b""
    while b"\n" not in received:
        if len(received) > MAX_LINE:
            raise OSError(0, "its answer has no end")
        if (left := deadline - time.monotonic()) <= 0:
            raise TimeoutError
        line.settimeout(left)
        if not (piece := line.recv(65_536)):
            raise OSError(0, "the connection was closed")
        received += piece
    return received.partition(b"\n")[0]


def _result(answer: bytes, folder: Path) -> Any:
    try:
        told = json.loads(answer)
        if "error" in told:
            raise OwnerRefused(told["error"]["message"], (told["error"].get("data") or {}).get("kind", ""))
        return told["result"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SessionError(
            _("What answers for session {name!r} does not speak our language.").format(name=folder.name)
        ) from None


def _silent(folder: Path, timeout: float) -> SessionError:
    return SessionError(
        _("The owner of session {name!r} did not answer within {n:g} seconds.").format(
            name=folder.name, n=timeout
        )
    )
