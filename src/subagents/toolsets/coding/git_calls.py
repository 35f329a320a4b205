"""What of a call of git leads out of a worktree or changes what it shares with the user's checkout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from subagents.toolsets.coding.bounds import Bounds, shown

# They decide which repository and which files git works on (git(1), "The Git Repository").
_VARIABLES = ("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "OBJECT_DIRECTORY", "NAMESPACE")
_ASSIGNED = re.compile(rf"GIT_(?:{'|'.join(_VARIABLES)})\+?=")
_ELSEWHERE = ("--git-dir", "--work-tree")
_WITH_VALUE = frozenset(
    {"-c", "--config-env", "--namespace", "--exec-path", "--super-prefix", "--attr-source"}
)

_STASH_LOOKS = frozenset({"list", "show", "-h", "--help"})
_WORKTREE_CHANGES = frozenset({"add", "remove", "prune", "move", "lock", "unlock", "repair"})


def assigned(word: str, bounds: Bounds) -> str:
    """Why a variable may not be set so; "" when it may."""
    if not _ASSIGNED.match(word):
        return ""
    return f"{shown(word)!r} has git work elsewhere. {_by_itself(bounds)}"


@dataclass(frozen=True, slots=True)
class GitCall:
    """Why a call is refused, "" when it is not; the folder that git works in, None when nobody knows; and how many
    words are options before the subcommand, which need no other look."""

    refused: str
    folder: str | None
    options: int


def git_call(words: Sequence[str], folder: str | None, bounds: Bounds) -> GitCall:
    """What the words behind `git` come to in a folder."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        option, value = words[at], "".join(words[at + 1 : at + 2])
        if option == "-C":
            folder = bounds.led(value, folder)
            if folder is not None and not bounds.holds(folder):
                return GitCall(_leads_out(value, folder, bounds), folder, at)
        elif option.partition("=")[0] in _ELSEWHERE or _sets_tree(option, value):
            called = option if "=" in option else f"{option} {value}"
            return GitCall(f"`git {shown(called)}` has git work elsewhere. {_by_itself(bounds)}", folder, at)
        at += 2 if option == "-C" or option in _WITH_VALUE else 1
    return GitCall(_subcommand(words[at:]), folder, min(at, len(words)))


def _sets_tree(option: str, value: str) -> bool:
    return option == "-c" and value.casefold().startswith("core.worktree=")


def _leads_out(value: str, folder: str, bounds: Bounds) -> str:
    where = f"`git -C {shown(value)}` leads out of your worktree {str(bounds.tree)!r}"
    return f"{where}, where git works without -C. {bounds.instead(folder)}"


def _by_itself(bounds: Bounds) -> str:
    return f"In your worktree {str(bounds.tree)!r} it finds its repository by itself: leave that out."


def _subcommand(words: Sequence[str]) -> str:
    first = next((word for word in words[1:] if not word.startswith("-")), "")
    match "".join(words[:1]):
        case "stash" if not _STASH_LOOKS & {*words[1:2]}:
            return _stash(shown(" ".join(("git", *words[:2]))))
        case "worktree" if first in _WORKTREE_CHANGES:
            return (
                f"`git worktree {first}` is refused: the worktrees of this repository are others', and yours is made "
                "and put away for you. Work in it; `git worktree list` is fine."
            )
        case _:
            return ""


def _stash(called: str) -> str:
    return (
        f"`{called}` is refused: the stash is shared with the user's checkout. Commit instead, as with `git commit -am "
        "wip`, which `git reset HEAD~` takes back; `git stash list` and `git stash show` are fine."
    )
