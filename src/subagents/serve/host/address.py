"""Where a project's host is, as it says itself, in `<state>/host/host.json`. Standard library only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from subagents.places import Project

LOCK = "lock"  # the file in the host's folder that it holds as long as it is the host
PROTOCOL = 2  # what a host and its clients say to each other; another number is another language


@dataclass(frozen=True)
class Announced:
    """What a host says of itself. `keys` is a digest of those variables of its environment that open models."""

    socket: str
    version: str
    protocol: int
    pid: int
    keys: str = ""


def host_folder(project: Project) -> Path:
    return project.state / "host"


def announced(project: Project) -> Announced | None:
    """What the project's host said last; None when there is none. It may be dead since."""
    try:
        said = json.loads(_note(project).read_bytes())
        return Announced(
            str(said["socket"]),
            str(said["version"]),
            int(said["protocol"]),
            int(said["pid"]),
            str(said.get("keys", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def announce(project: Project, said: Announced) -> None:
    """Replaces what another host said."""
    from subagents import atomic  # only a host needs it, and a front must be there soon

    atomic.replace(_note(project), json.dumps(asdict(said)).encode() + b"\n", mode=0o600)


def withdraw(project: Project, socket: str) -> None:
    """Takes back what the host at this socket said, unless another host has said something since."""
    said = announced(project)
    if said is not None and said.socket == socket:
        _note(project).unlink(missing_ok=True)


def _note(project: Project) -> Path:
    return host_folder(project) / "host.json"
