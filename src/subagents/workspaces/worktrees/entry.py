"""What git keeps for a tree (gitrepository-layout(5): `worktrees/<id>`), as every git needs it.

An agent may have written there. One pipe in it, and each git that lists worktrees waits for ever, the user's own too;
and without its way to the tree git never forgets it. What is put right is no work: it is known from the beginning, or
it has no bytes.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from subagents.contents import first_bytes
from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.worktrees.ownership import Worktree

MOST = 100_000  # bytes that are read of a file; a path has fewer
LED = "gitdir: "  # what a tree's `.git` begins with
IN_TREES = frozenset({".gitignore", ".gitattributes"})  # what git reads in each folder, where it is no link
LISTED = ("gitdir", "commondir", "HEAD")  # what git reads of each worktree when it lists them
TO_COMMON = "../..\n"


def put_right(worktree: Worktree) -> None:
    """Takes away what would make git wait, and writes again where tree and repository are. Raises `OSError`, and
    `WorkspaceError` where the folder is reached by a link, as it never is: what that leads to is not ours."""
    git_dir = Path(worktree.git_dir)
    if git_dir.is_symlink():
        raise WorkspaceError(_("{folder} is a link now, so nothing there is touched.").format(folder=git_dir))
    if not git_dir.is_dir():
        return
    for file in (*git_dir.iterdir(), git_dir / "logs" / "HEAD"):
        if _waits(file):
            file.unlink()
    common = git_dir / "commondir"
    if _leads(common, git_dir) != os.path.realpath(worktree.common):
        put(common, TO_COMMON)
    tree, led = worktree.tree / ".git", _leads(git_dir / "gitdir", git_dir)
    if led != os.path.realpath(tree) and not _leads_back(Path(led), git_dir):
        put(git_dir / "gitdir", f"{tree}\n")


def unblock(worktree: Worktree) -> None:
    """Puts it right where else each git that lists worktrees would wait, also while its run goes on. What cannot be put
    right is left."""
    if worktree.worked_in and any(_waits(Path(worktree.git_dir, name)) for name in LISTED):
        with suppress(OSError, WorkspaceError):
            put_right(worktree)


def unblock_tree(tree: Path) -> None:
    """Takes away what is no file of those that git reads in the folders of a tree, and would wait for."""
    for here, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name != ".git"]
        for name in IN_TREES.intersection(names):
            file = Path(here, name)
            if not file.is_symlink() and _waits(file):
                file.unlink()


def _waits(file: Path) -> bool:
    """Whether it is a pipe, a socket or a device, or leads to one: nothing of it is a file's."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _leads(file: Path, git_dir: Path) -> str:
    """The path that stands in a file of git's, which may be a relative one; "" for none."""
    with suppress(OSError, ValueError):
        if text := os.fsdecode(first_bytes(file, MOST)).removesuffix("\n"):
            return os.path.realpath(git_dir / text)
    return ""


def led_elsewhere(worktree: Worktree, folder: Path) -> str:
    """Another folder of git's than ours that the `.git` in the tree's `folder` leads to; "" for none."""
    led = _led(folder / ".git")
    return led if led not in ("", os.path.realpath(worktree.git_dir)) and Path(led).is_dir() else ""


def _leads_back(file: Path, git_dir: Path) -> bool:
    """Whether that is the `.git` of another tree that has this for its own: ours, moved, or one that took its name."""
    return _led(file) == os.path.realpath(git_dir)


def _led(file: Path) -> str:
    """Where a tree's `.git` leads; "" for nowhere."""
    with suppress(OSError, ValueError):
        text = os.fsdecode(first_bytes(file, MOST))
        if text.startswith(LED):
            return os.path.realpath(file.parent / text.removesuffix("\n").removeprefix(LED))
    return ""


def put(file: Path, text: str | None) -> None:
    """Writes it in place of whatever has the name, None for nothing: through a link it would be somebody else's file.
    An agent's folder there stays beside it."""
    if file.is_dir() and not file.is_symlink():
        file.rename(_free(file))
    file.unlink(missing_ok=True)
    if text is not None:
        file.write_bytes(os.fsencode(text))


def _free(file: Path) -> Path:
    number = 1
    while (other := file.with_name(f"{file.name}.{number}")).exists() or other.is_symlink():
        number += 1
    return other
