"""Ignored files that a worktree gets although no commit has them: those that `.worktreeinclude` names.

The file stands at the top of the checkout and is written like a `.gitignore`. Only what git ignores is brought
along: everything else that no commit has is the user's work, and a matter of the base.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import anyio.to_thread

from subagents.workspaces.git.output import joined, names
from subagents.workspaces.git.program import LONG, Git
from subagents.workspaces.worktrees.ownership import Stamp

FILE = ".worktreeinclude"


async def bring_along(git: Git, tree: Path) -> Mapping[str, Stamp]:
    """Copies them from the tree of `git` to `tree`; their paths, and what tells whether they were changed since."""
    top = git.folder
    if not (top / FILE).is_file():
        return {}
    named = names(
        await git("ls-files", "-z", "--others", "--ignored", f"--exclude-from={top / FILE}", seconds=LONG)
    )
    if not named:
        return {}
    return await anyio.to_thread.run_sync(_copied, top, tree, await _ignored(git, named))


async def _ignored(git: Git, paths: tuple[str, ...]) -> tuple[str, ...]:
    # It knows patterns only, and a name that begins like this is none.
    asked = joined([f"./{path}" for path in paths])
    patterns = git.with_variables(GIT_LITERAL_PATHSPECS="0")
    found = names(await patterns("check-ignore", "-z", "--stdin", stdin=asked, fine=(0, 1)))
    return tuple(path.removeprefix("./") for path in found)


def _copied(top: Path, tree: Path, paths: tuple[str, ...]) -> Mapping[str, Stamp]:
    return {path: stamp(tree / path) for path in paths if _copy(top / path, tree / path, tree)}


def _copy(source: Path, target: Path, tree: Path) -> bool:
    """Whether it was copied: what the commit has stays, and nothing is written through a link."""
    inside = target.parent.resolve().is_relative_to(tree)
    if not inside or target.exists() or target.is_symlink() or not (source.is_file() or source.is_symlink()):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)
    return True


def stamp(path: Path) -> Stamp:
    """Changes with every write: the time of the entry cannot be set by anybody. Raises `OSError`."""
    found = path.lstat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
