"""Commits that an agent made and left, by a reset or an amendment: no branch has them, and git would forget them.

They are found where git writes down each place that HEAD was at, which goes with the worktree (gitrepository-layout(5):
`worktrees/<id>/logs/HEAD`), and kept below a ref that is no branch. So is what was stashed there: all trees share one
stash, the user's, who may clear it without knowing whose an entry is. The stash itself is not changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio.to_thread

from subagents.contents import first_bytes
from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.committing import Message, commit_tree
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import LONG, Execute, Git
from subagents.workspaces.worktrees.ownership import Worktree, slug
from subagents.workspaces.worktrees.snapshot import publish

STASH = "refs/stash"
ON_NONE = re.compile(r"(WIP on|On) \(no branch\): ")  # how git calls an entry from no branch (git-stash(1))
REFS = "refs/subagents/dropped/"
LINE = "Commits that were made and left, by {agent}"
MOST = 16_000_000  # bytes of the log of HEAD; a line has about 200
LONGEST_LINE = 2_000  # bytes, in which the first line names the commit that it began at
MOST_PARENTS = 1_000  # of one commit

#: Old and new commit, in SHA-1 or SHA-256.
_MOVED = re.compile(rb"^[0-9a-f]{40,64} ([0-9a-f]{40,64}) ", re.MULTILINE)


async def keep_dropped(worktree: Worktree, git: Git, run: Execute) -> str:
    """The ref that has them from now on, with those of earlier episodes; "" where there are none.

    Raises `WorkspaceError` or `OSError` where that cannot be told. The branch must be there already.
    """
    ref, repository = ref_of(worktree.agent, worktree.run), worktree.repository_git(run)
    old = commit(await repository("rev-parse", "--verify", "--quiet", ref, fine=(0, 1)))
    if not (tips := await dropped(worktree, git)):
        return ref if old else ""
    for tip in tips if worktree.snapshot else ():
        await publish(worktree, git, tip)
    new = await _one(worktree, git, (*((old,) if old else ()), *tips))
    message = f"subagents: run {worktree.run}"
    await repository("update-ref", "-m", message, ref, new, old or "0" * len(new))
    return ref


def ref_of(agent: str, run: str) -> str:
    """What keeps those of a run."""
    return f"{REFS}{slug(agent)}-{slug(run)}"


async def dropped(worktree: Worktree, git: Git) -> Sequence[str]:
    """The commits that HEAD was at and that nothing leads to, the newest of each line."""
    at = await anyio.to_thread.run_sync(_been_at, worktree)
    # As everybody sees the repository: refs of the tree's own go with it.
    everybodys = replace(git, git_dir=git.common, work_tree=None)
    been = [*at, *await _own_refs(worktree, git), *await _stashed(worktree, everybodys, at)]
    if not been:
        return ()
    # What only the stash leads to goes when the user clears it.
    others = ("--not", "--exclude=refs/stash", "--all", worktree.begun)
    asked = ("rev-list", "--parents", "--ignore-missing", "--stdin", *others)
    listed = await everybodys(*asked, stdin="".join(f"{each}\n" for each in been).encode(), seconds=LONG)
    rows = [row.split() for row in listed.decode().splitlines()]
    parents = {parent for _newest, *parents in rows for parent in parents}
    return [newest for newest, *_parents in rows if newest not in parents]


async def _own_refs(worktree: Worktree, git: Git) -> Sequence[str]:
    """What stands below `refs/worktree`, `refs/bisect` and `refs/rewritten` of a tree alone (git-worktree(1), REFS)."""
    places = [Path(worktree.git_dir, name) for name in ("refs", "reftable")]
    if not await anyio.to_thread.run_sync(lambda: any(place.exists() for place in places)):
        return ()
    own = ("refs/worktree", "refs/bisect", "refs/rewritten")
    return (await git("for-each-ref", "--format=%(objectname)", *own)).decode().split()


async def _stashed(worktree: Worktree, git: Git, been: Sequence[str]) -> Sequence[str]:
    """The entries of the stash that came since and go on from where its HEAD was, on no branch: as good as surely its
    own. Of two trees that began at one commit each keeps the other's, too: nothing tells them apart."""
    places = [git.common / "logs" / STASH, git.common / "reftable"]
    if not await anyio.to_thread.run_sync(lambda: any(place.exists() for place in places)):
        return ()
    if (await git.answer("rev-parse", "--verify", "--quiet", STASH, fine=(0, 1))).code:
        return ()
    listed = await git("log", "--walk-reflogs", "-z", "--format=%H %ct %P%n%gs", STASH, "--")
    lines, found = {worktree.head, worktree.begun, worktree.base, *been}, []
    for entry in listed.decode(errors="replace").split("\0"):
        about, _newline, said = entry.partition("\n")
        stash, at, *parents = about.split() or ("", "0")
        if int(at) >= worktree.ready // 10**9 and parents[:1] and parents[0] in lines and ON_NONE.match(said):
            found.append(stash)
    return found


def _been_at(worktree: Worktree) -> Sequence[str]:
    try:
        log = first_bytes(Path(worktree.git_dir, "logs", "HEAD"), MOST + 1)
    except FileNotFoundError:
        log = b""
    if len(log) > MOST:
        raise WorkspaceError(_("git's log of where HEAD was is longer than {most:,} bytes").format(most=MOST))
    known = {worktree.head, worktree.begun}
    if worktree.logged and worktree.head.encode() not in log[:LONGEST_LINE]:
        raise WorkspaceError(_("git's log of where HEAD was there is not whole any more"))
    moved = dict.fromkeys(found.decode() for found in _MOVED.findall(log))
    return [each for each in moved if each not in known and each.strip("0")]


async def _one(worktree: Worktree, git: Git, tips: Sequence[str]) -> str:
    """A commit that leads to all of them."""
    while len(tips) > 1:
        together, tips = tips[:MOST_PARENTS], tips[MOST_PARENTS:]
        message = Message(
            LINE.format(agent=worktree.agent),
            f"Subagents-Run: {worktree.run}",
            worktree.ended_at or worktree.made_at,
        )
        tree = commit(await git("rev-parse", f"{together[-1]}^{{tree}}"))
        tips = (*tips, await commit_tree(git, tree, together, message))
    return tips[0]
