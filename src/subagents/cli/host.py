"""Asking the project's host, for the commands that do. Hot: `spawn` needs it, so the standard library must do."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any

from subagents.errors import SessionError
from subagents.language import _
from subagents.places import Project
from subagents.serve.rpc.question import ask


def ask_host(
    project: Project,
    line: socket.socket,
    method: str,
    params: Mapping[str, Any],
    bound: float,
    then: str = "",
) -> Any:
    """What the host at the other end of the line answers within `bound` seconds. Raises `OwnerRefused` with its
    sentence, and `SessionError` where no answer comes; `then` says what to do in that case."""
    try:
        return ask(line, method, params, time.monotonic() + bound)
    except (OSError, ValueError) as error:
        text = _("The host of {project} did not answer: {why}.").format(project=project.root, why=error)
        raise SessionError(f"{text} {then}".rstrip()) from error
