"""The seam for the place where a run's files live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SHARED, WORKTREE = "shared", "worktree"


@dataclass(frozen=True)
class OpenWorkspace:
    """A place that is ready for a run.

    `root` is absolute with its links followed: what tools compare paths with. `isolation` says which
    choice made it ("shared": the user's own folder) and is what the tree shows. `repository` is the checkout that a
    place of the run's own was made from, `base` the commit that its work is compared with, and `told` what the agent
    must know of where it is; all are "" where it works in the user's own folder.
    """

    root: Path
    isolation: str
    repository: str = ""
    base: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a place of a run's own came to.

    `branch` of `repository` has the work, "" where there was none; the figures compare it with `base`. `archived` is
    the folder with ignored files, "" where there were none. `preserved` is the place itself where it had to stay, for
    the reason `why`: it exists. `why` beside a branch says that something is left to be tidied up, which holds
    nothing that would be lost; alone, that not all could be looked at: it does not mean that nothing was done.
    """

    repository: str
    base: str
    branch: str = ""
    commits: int = 0
    files: int = 0
    insertions: int = 0
    deletions: int = 0
    archived: str = ""
    preserved: str = ""
    why: str = ""


class WorkspaceProvider(Protocol):
    """Opens the place where a run works, and closes it when the run has ended.

    `open` is given the folder that was asked for and the id of the run, and raises `WorkspaceError` with a
    sentence for whoever started the run if that folder cannot be used; then nothing is left behind. Opening
    again for the same run, after a crash or a resume, gives the same place.

    `close` is called at most once for each opening, also when the run failed or was stopped, and answers what became
    of a place of the run's own. It never removes what would be lost with it. Cancelled, either leaves a place that can
    be opened again.
    """

    async def open(self, cwd: Path, run: str) -> OpenWorkspace: ...

    async def close(self, opened: OpenWorkspace) -> Kept | None: ...
