"""Commits made anew on top of another one, without a checkout: what `git rebase` does, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.committing import Message, commit_tree
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import LONG, Git
from subagents.workspaces.git.three_way import three_way

AUTHOR = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")


@dataclass(frozen=True, slots=True)
class Replayed:
    """The commit that the last one became; with `conflicts`, how far it went until one did not fit."""

    tip: str
    conflicts: tuple[str, ...] = ()


async def replay(git: Git, onto: str, tip: str, message: Message) -> Replayed:
    """Everything that `tip` has and `onto` has not. `message` gives the date, and the trailer to those without it.

    Raises `WorkspaceError` where there are merges among them, which could be replayed in more than one way.
    """
    range_ = f"{onto}..{tip}"
    if merges := commit(await git("rev-list", "--merges", "--max-count=1", range_)):
        sentence = _("{commit} is a merge, which cannot be rebased; take --how merge or --how squash.")
        raise WorkspaceError(sentence.format(commit=merges[:12]))
    at = onto
    for each in (await git("rev-list", "--reverse", "--topo-order", range_, seconds=LONG)).decode().split():
        replayed = await _one(git, at, each, message)
        if replayed.conflicts:
            return replayed
        at = replayed.tip
    return Replayed(at)


async def _one(git: Git, onto: str, each: str, message: Message) -> Replayed:
    """One that changes nothing there any more is left out."""
    parent = commit(await git("rev-parse", "--verify", f"{each}^"))
    there = commit(await git("rev-parse", f"{onto}^{{tree}}"))
    # Merged are two commits with the parent in common, so what comes in is what this one changed.
    beside = await commit_tree(git, there, (parent,), message)
    found = await three_way(git, beside, each)
    if found.conflicts or found.tree == there:
        return Replayed(onto, found.conflicts)
    author, text = await _said(git, each)
    trailed = text if not message.trailer or message.trailer in text else f"{text}\n\n{message.trailer}"
    said = Message(trailed, "", message.at)
    return Replayed(await commit_tree(git, found.tree, (onto,), said, author))


async def _said(git: Git, each: str) -> tuple[dict[str, str], str]:
    """Who wrote it and when, and what it says."""
    shown = await git("show", "--no-patch", "--format=%an%x00%ae%x00%ad%x00%B", "--date=raw", each)
    *author, text = shown.decode(errors="replace").split("\0", 3)
    return dict(zip(AUTHOR, author, strict=True)), text.strip()
