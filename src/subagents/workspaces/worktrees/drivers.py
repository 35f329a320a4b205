"""What a repository's settings tell git to run for its files and its remotes, which an agent may have written there.

What was set before an agent began is the user's. Where something else is set when its work is looked at, git is not
asked to look: it would run that, as us.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import anyio.to_thread

from subagents.contents import first_bytes
from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.program import Git
from subagents.workspaces.worktrees.ownership import Worktree

#: Each names a command, or lets git ask a remote by itself for objects that it lacks (git-config(1)).
PATTERN = (
    r"^(filter\..*\.(clean|smudge|process)|merge\..*\.driver|diff\..*\.(command|textconv)"
    r"|remote\..*\.(uploadpack|receivepack|vcs|promisor)|extensions\.partialclone"
    r"|core\.(sshcommand|gitproxy|alternaterefscommand)|gpg\..*|protocol\..*)$"
)
ALTERNATES = "objects/info/alternates"  # gitrepository-layout(5)
MOST = 100_000  # bytes of it
LONGEST = 200  # characters of their names in a sentence


async def drivers(git: Git) -> Mapping[str, str]:
    """The settings by their names, of all files that git reads; of several values the last. Also the repository's list
    of other places with objects, which may go with the worktree."""
    listed = await git("config", "--null", "--get-regexp", PATTERN, fine=(0, 1))
    pairs = (entry.decode(errors="surrogateescape").partition("\n") for entry in listed.split(b"\0") if entry)
    found = {key: value for key, _newline, value in pairs}
    if places := await anyio.to_thread.run_sync(_alternates, git.common / ALTERNATES):
        found[ALTERNATES] = places
    return found


def _alternates(file: Path) -> str:
    try:
        return os.fsdecode(first_bytes(file, MOST))
    except FileNotFoundError:
        return ""


async def refuse_changed(worktree: Worktree, git: Git) -> None:
    """Raises `WorkspaceError`, which names them, where commands are set that were not when the worktree was made."""
    if worktree.drivers is not None and (shown := came(await drivers(git), worktree.drivers)):
        sentence = _(
            "what git runs by its settings is not what it was when the run began ({settings}), so git was not asked "
            "what was done; look at these settings, and when they are yours: subagents worktrees commit {run}"
        )
        raise WorkspaceError(sentence.format(settings=shown, run=worktree.run))


def came(now: Mapping[str, str] | None, then: Mapping[str, str] | None) -> str:
    """The settings of `now` that were not so `then`, as a sentence names them; "" for none, or where one is unknown."""
    if now is None or then is None:
        return ""
    return ", ".join(storable(key) for key in sorted(now) if then.get(key) != now[key])[:LONGEST]
