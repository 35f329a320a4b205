"""The worktree of a run whose owner died, also when it died between the removal and the telling of it."""

from __future__ import annotations

import anyio.to_thread
from msgspec.structs import replace

from subagents.errors import WorkspaceError
from subagents.runs.kept import KeptWork
from subagents.texts import storable
from subagents.workspaces.git.program import HEADS, Git
from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.worktrees.dropped import ref_of
from subagents.workspaces.worktrees.keeping import branch_names, measured, with_work
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.placing import Place, Wish, records_of


async def put_away(wish: Wish, place: Place, base: str) -> KeptWork:
    """Finishes the worktree of a run that nobody drives, for who owns its session.

    Where there is none any more, the run's branch tells what it came to, compared with `base`; when that cannot be
    looked at, `why` says so.
    """
    try:
        records = await anyio.to_thread.run_sync(records_of, wish, place)
    except WorkspaceError as error:
        # One record that cannot be read is this run's trouble, and nobody else's.
        return _not_known(wish, base, error)
    finished = [await finish(worktree, place) for worktree in records]
    if finished:
        return finished[0]
    try:
        return await _recalled(wish, place, base)
    except WorkspaceError as error:
        return _not_known(wish, base, error)


def _not_known(wish: Wish, base: str, error: WorkspaceError) -> KeptWork:
    return KeptWork(repository=storable(str(wish.folder)), base=base, why=storable(str(error)))


async def _recalled(wish: Wish, place: Place, base: str) -> KeptWork:
    repository = await repository_at(wish.folder, place.execute)
    git = repository.git(place.execute)
    archive = place.archive / wish.run
    kept = KeptWork(
        repository=storable(str(repository.top)), base=base, archived=str(archive) if archive.is_dir() else ""
    )
    ref = ref_of(wish.agent, wish.run)
    if await git("rev-parse", "--verify", "--quiet", ref, fine=(0, 1)):
        kept = replace(kept, dropped=ref)
    if not (branch := await newest_branch(wish.agent, wish.run, git)):
        return kept
    return with_work(kept, branch, *await measured(git, base, HEADS + branch))


async def newest_branch(agent: str, run: str, git: Git) -> str:
    """The newest branch that a run of this name has; "" for none."""
    names = [HEADS + name for name in branch_names(agent, run)]
    found = await git("for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(refname)", *names)
    return found.decode().strip().removeprefix(HEADS)
