"""Which run a process was started in, also when a command on the way took that out of its environment.

On Linux every process shows the environment that it was started with, so those above this one are asked too. A
program that wants to hide can: this is for the `env -i` of a build script, not against an enemy, whom only a
sandbox keeps in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from subagents.workspaces.processes.variables import DEPTH, RUN, TREE

FARTHEST = 64  # processes above this one that are asked


def started_in(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What our own variables say of the run that this process is a command of; nothing when it is of none."""
    if RUN in environment:
        return environment
    return next((found for found in _above(os.getppid()) if RUN in found), {})


def _above(process: int) -> Iterator[Mapping[str, str]]:
    """What each process from `process` upwards was told of its run, the nearest first."""
    for _ in range(FARTHEST):
        if process <= 1:
            return
        try:
            told = Path(f"/proc/{process}/environ").read_bytes()
            status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        pairs = (entry.partition("=") for entry in os.fsdecode(told).split("\0"))
        yield {name: value for name, _, value in pairs if name in (RUN, TREE, DEPTH)}
        # Behind the program's name, which may hold anything, come the state and the parent (proc(5)).
        process = int(status.rpartition(")")[2].split()[1])
