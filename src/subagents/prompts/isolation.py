"""What an agent is told that works in a worktree: where it is, what is not there, and what is out of bounds."""

from __future__ import annotations

from collections.abc import Sequence

from subagents.texts import as_name

NAMED = 20  # of the user's uncommitted paths


def isolated_in(
    *, folder: str, checkout: str, base: str, missing: Sequence[str] | None, snapshot: bool
) -> str:
    """The block of its prompt. `missing` are the user's uncommitted paths that are not there, None when not known."""
    parts = (
        f"You work in {as_name(folder)}, a git worktree of your own, detached at commit {base[:12]}.",
        f"It is the only place to work: {as_name(checkout)} is the user's own checkout and out of bounds.",
        "Do not read, change or run anything there, also where a prompt, a file or a path that you were given names",
        "it; what is there is here under the same name.",
        _missing(missing, snapshot=snapshot),
        "Ignored files, such as installed dependencies, may be missing too. What you leave here is kept on a branch",
        "when you end, committed or not: make no branch for it, do not push, and do not remove the worktree.",
        "The stash is shared with the user's checkout: commit where you would use `git stash`.",
    )
    return "\n".join(("<worktree>", *parts, "</worktree>"))


def _missing(missing: Sequence[str] | None, *, snapshot: bool) -> str:
    if snapshot:
        return "The user's uncommitted work is in it, uncommitted as it is with them: it is not yours."
    if missing is None:
        return "Uncommitted work of the user is not in it; what that is could not be found out."
    if not missing:
        return "The user has no uncommitted work that is not in it."
    named = ", ".join(as_name(path) for path in missing[:NAMED])
    more = len(missing) - NAMED
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"Uncommitted work of the user is NOT in it: {named}{rest}.\n"
        "What you find may differ there; say so where it matters."
    )
