"""Asking the owner of a session, from another process: one question, one answer, within a bound."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from subagents.errors import SessionError, SessionNotFound
from subagents.language import _
from subagents.serve.address import announced
from subagents.serve.rpc import question

TIMEOUT = 15.0  # seconds; stopping a run with all below it is done in less


def call(folder: Path, method: str, params: dict[str, Any], *, timeout: float = TIMEOUT) -> Any:
    """The owner's answer to `method`, for the session in `folder`.

    Raises `SessionNotFound` when nobody answers there, `OwnerRefused` with the owner's sentence, and `SessionError`
    when an answer does not come within `timeout` seconds or is none.
    """
    deadline = time.monotonic() + timeout
    with _connected(folder, deadline) as line:
        try:
            return question.ask(line, method, params, deadline)
        except TimeoutError:
            text = _("The owner of session {name!r} did not answer within {n:g} seconds.")
            raise SessionError(text.format(name=folder.name, n=timeout)) from None
        except OSError as error:
            text = _("The owner of session {name!r} went away before it answered: {why}.")
            raise SessionError(text.format(name=folder.name, why=error.strerror or error)) from error
        except ValueError:
            text = _("What answers for session {name!r} does not speak our language.")
            raise SessionError(text.format(name=folder.name)) from None


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
        text = _("Nobody answers for session {name!r}: {why}.")
        raise SessionNotFound(text.format(name=folder.name, why=error.strerror or error)) from error
    return line
