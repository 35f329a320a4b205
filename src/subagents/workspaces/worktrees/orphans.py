"""What git still has of worktrees of ours whose folder and record are both gone, as when a state directory was deleted.

git keeps a tree's HEAD, index and log in the repository (gitrepository-layout(5): `worktrees/<id>`), and the reason for
its lock, which is ours, names the run. So what was committed or staged there can still be put on a branch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from subagents.contents import first_bytes
from subagents.workspaces.git.repository import Repository
from subagents.workspaces.worktrees.ownership import SUFFIX, Stage, Worktree
from subagents.workspaces.worktrees.placing import REASON

MOST = 1_000_000  # bytes that are read of each file of git's

_BEGUN = re.compile(rb"^0+ ([0-9a-f]{40,64}) ")


def orphans(repository: Repository, root: Path) -> Sequence[Worktree]:
    """Those that were to lie below `root`. Their base is the commit that they were made at; what cannot be read is left
    to people."""
    entries, ours = repository.common / "worktrees", Path(os.path.realpath(root))
    found = []
    for git_dir in sorted(entries.iterdir()) if entries.is_dir() else ():
        with suppress(OSError, ValueError):
            found.append(_found(repository, git_dir))
    return [each for each in found if each is not None and Path(each.home).parent == ours]


def _found(repository: Repository, git_dir: Path) -> Worktree | None:
    """Raises `OSError` and `ValueError` for what is not like ours."""
    reason = first_bytes(git_dir / "locked", MOST).decode()
    folder = Path(os.fsdecode(first_bytes(git_dir / "gitdir", MOST)).removesuffix("\n")).parent
    begun = _BEGUN.match(first_bytes(git_dir / "logs" / "HEAD", MOST))
    run = reason.strip().removeprefix(REASON)
    if begun is None or not reason.startswith(REASON) or folder.name != git_dir.name:
        return None
    if folder.exists() or folder.with_name(f"{folder.name}{SUFFIX}").exists():
        return None
    head = begun[1].decode()
    return Worktree(
        run=run,
        agent=folder.name.removesuffix(f"-{run}"),
        description="",
        name=folder.name,
        home=str(folder.parent),
        top=str(repository.top),
        common=str(repository.common),
        git_dir=str(git_dir),
        subfolder=".",
        kind="",
        head=head,
        base=head,
        pid=0,
        started="",
        made_at=git_dir.stat().st_mtime,
        stage=Stage.OPEN,
    )
