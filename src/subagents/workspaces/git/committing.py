"""From files to a commit, with plumbing only: no hooks, no editor, no signature, and nobody's HEAD is moved."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import anyio.to_thread

from subagents.errors import GitFailed
from subagents.texts import storable
from subagents.workspaces.git.output import (
    Change,
    changes,
    commit,
    flags,
    head_in,
    is_detached,
    joined,
    names,
)
from subagents.workspaces.git.program import LONG, Git
from subagents.workspaces.git.repository import last_head
from subagents.workspaces.git.starting import STATUS, STATUS_AND_HEAD

LONGEST_SUBJECT = 200
#: Who commits where git knows nobody.
OURS = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
        (("NAME", "subagents"), ("EMAIL", "subagents@localhost"))}  # fmt: skip
NOBODY_ELSE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """What a commit says: its first line, and what follows; `at` is its date, in seconds since the epoch."""

    line: str
    trailer: str
    at: float

    @property
    def text(self) -> str:
        return f"{self.line}\n\n{self.trailer}\n" if self.trailer else f"{self.line}\n"

    @property
    def as_staged(self) -> Message:
        return replace(self, line=f"{self.line} (as staged)")


def copy_index(git_dir: Path, target: Path) -> None:
    """What is staged in a tree, with its time: by that git knows that a file which is as old may have changed since.

    A copy with a time of its own hides each change that was made in the second of the checkout and left the size as
    it was: most gits compare whole seconds (Documentation/technical/racy-git.txt).
    """
    if (git_dir / "index").is_file():
        shutil.copy2(git_dir / "index", target)


async def look(git: Git) -> tuple[Change, ...]:
    """What differs from the commit that is checked out: staged, unstaged and untracked."""
    return changes(await git(*STATUS, seconds=LONG))


@dataclass(frozen=True, slots=True)
class Looked:
    """What differs from the commit `at` that is checked out, "" before the first. `head` is the one that the files were
    last put to: the same, unless HEAD stands for a branch that somebody else has moved on."""

    changes: tuple[Change, ...]
    at: str
    head: str

    @property
    def nested(self) -> tuple[str, ...]:
        """The repositories inside the tree that git does not ignore."""
        return tuple(change.path for change in self.changes if change.nested)


async def look_and_head(git: Git) -> Looked:
    """The same look, with what it compares to."""
    said = await git(*STATUS_AND_HEAD, seconds=LONG)
    at = head_in(said)
    return Looked(changes(said), at, at if is_detached(said) else await last_head(git))


async def unmerged(git: Git) -> tuple[str, ...]:
    """The paths of which the index has several versions, as after a merge that conflicts."""
    rows = (await git("ls-files", "--unmerged", "-z")).split(b"\0")
    return tuple(dict.fromkeys(names(b"\0".join(row.partition(b"\t")[2] for row in rows))))


async def unhide(git: Git) -> None:
    """Takes back in our index what git was told not to look at, where there is a file to look at."""
    listed = flags(await git("ls-files", "-v", "-z"))
    hidden = [each.path for each in listed if each.hidden]
    present = await anyio.to_thread.run_sync(_present, git.folder, hidden)
    for option in ("--no-assume-unchanged", "--no-skip-worktree") if present else ():
        await git("update-index", option, "-z", "--stdin", stdin=joined(present))


def _present(folder: Path, paths: list[str]) -> list[str]:
    return [path for path in paths if os.path.lexists(folder / path)]


async def add_all(git: Git, changed: Sequence[Change] | None = None) -> None:
    """Everything that lies in the tree, but for what is ignored, and repositories inside it.

    `changed` is what differs, for who has looked just now.
    """
    found = await look(git) if changed is None else changed
    nested = [change.path for change in found if change.nested]
    # Names that would mean something else as patterns mean themselves here.
    without = [":(top)", *(f":(top,exclude,literal){path.rstrip('/')}" for path in nested)]
    await git.with_variables(GIT_LITERAL_PATHSPECS="0")(
        *("add", "--all", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul"),
        stdin=joined(without),
        seconds=LONG,
    )


async def write_tree(git: Git) -> str:
    return commit(await git("write-tree"))


async def commit_tree(
    git: Git, tree: str, parents: Sequence[str], message: Message, author: Mapping[str, str] = NOBODY_ELSE
) -> str:
    """The commit's name. By the user's identity, or ours where git has none; the same again makes the same commit.

    `author` are git's variables for an author who is somebody else.
    """
    options = [part for parent in parents for part in ("-p", parent)]
    date = f"{int(message.at)} +0000"
    given = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **author}
    making = ("commit-tree", tree, *options, "-F", "-")
    try:
        # Without the setting, git makes a name up from the machine's.
        asked = ("-c", "user.useConfigOnly=true", *making)
        made = await git.with_variables(**given)(*asked, stdin=message.text.encode())
    except GitFailed:
        made = await git.with_variables(**{**OURS, **given})(*making, stdin=message.text.encode())
    return commit(made)


def subject(description: str, otherwise: str) -> str:
    """One line, whatever the description holds."""
    words = " ".join(storable(description).split())
    line = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(line.split())[:LONGEST_SUBJECT].strip() or otherwise
