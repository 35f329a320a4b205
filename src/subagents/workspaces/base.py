"""The seam for the place where a run's files live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class OpenWorkspace:
    """A place that is ready for a run.

    `root` is absolute with its links followed: what tools compare paths with. `isolation` says which
    choice made it ("shared": the user's own folder) and is what the tree shows.
    """

    root: Path
    isolation: str


class WorkspaceProvider(Protocol):
    """Opens the place where a run works, and closes it when the run has ended.

    `open` is given the folder that was asked for and the id of the run, and raises `WorkspaceError` with a
    sentence for whoever started the run if that folder cannot be used; then nothing is left behind. Opening
    again for the same run, after a crash or a resume, gives the same place.

    `close` is called at most once for each opening, also when the run failed or was stopped. It never
    removes what would be lost with it. Cancelled, either leaves a place that can be opened again.
    """

    async def open(self, cwd: Path, run: str) -> OpenWorkspace: ...

    async def close(self, opened: OpenWorkspace) -> None: ...
