"""What is told of the worktree of a run that has ended: where its work is, and how to get it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from subagents.runs.kept import KeptWork
from subagents.runs.state import RunState

SHARED = "shared"


def workspace_text(run: RunState) -> str:
    """Sentences for whoever reads the result, of every ending; "" for a run that works in the folder itself."""
    if not run.status.ended:
        return ""
    if run.isolation not in ("", SHARED):
        return f"Worktree: {run.workspace} is still being put away; ask again for the branch with its work."
    return "\n".join(_kept(run.kept)) if run.kept is not None else ""


def workspace_json(run: RunState) -> dict[str, Any]:
    """The same for programs: `worktree` with what was kept; nothing for a run that works in the folder itself."""
    return {"worktree": msgspec.to_builtins(run.kept)} if run.kept is not None else {}


def _kept(kept: KeptWork) -> Iterator[str]:
    if kept.discarded:
        yield (
            f"Worktree: its work was discarded. As long as git keeps it, this brings it back: "
            f"git -C {shlex.quote(kept.repository)} branch {kept.branch} {kept.discarded[:12]}"
        )
    elif kept.branch:
        yield (
            f"Worktree: the work is on branch {kept.branch} of {kept.repository}: {_figures(kept)} since "
            f"{kept.base[:12]}. To merge it: git -C {shlex.quote(kept.repository)} merge {kept.branch}"
        )
    elif kept.why and not kept.preserved:
        yield (
            "Worktree: no work was found in it, but not all of it could be looked at or tidied up: "
            f"{kept.why.rstrip('.')}."
        )
    elif not kept.preserved:
        yield "Worktree: nothing was changed in it."
    if kept.dropped:
        yield (
            f"Commits that it made and left are kept at {kept.dropped}; to see them: "
            f"git -C {shlex.quote(kept.repository)} log {kept.dropped} --not --branches"
        )
    if kept.archived:
        yield f"Files that git ignores, or changes when they are committed, are as they were in {kept.archived}."
    if kept.preserved:
        yield f"The worktree itself is kept at {kept.preserved}: {kept.why.rstrip('.')}."
    elif kept.why and kept.branch:
        yield f"Something of it is left to be tidied up: {kept.why.rstrip('.')}."


def _figures(kept: KeptWork) -> str:
    commits = f"{kept.commits} commit{'' if kept.commits == 1 else 's'}"
    files = f"{kept.files} file{'' if kept.files == 1 else 's'}"
    return f"{commits}, {files}, +{kept.insertions} -{kept.deletions}"
