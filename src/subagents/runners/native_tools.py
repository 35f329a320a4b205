"""The coding tools of a native run: where they act, and what they report passed on."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from subagents.errors import WorkspaceError
from subagents.places import worktree_around
from subagents.prompts.role import Role
from subagents.runners.base import CommandBegan, FileWritten, FolderMoved, Report, RunContext
from subagents.spec import RunSpec
from subagents.toolsets.coding.bounds import Bounds
from subagents.toolsets.coding.deps import (
    CodingDeps,
    CodingUpdate,
    CommandStarted,
    FileChanged,
    FolderChanged,
    MemoryPlace,
)
from subagents.workspaces.processes.variables import command_environment
from subagents.workspaces.worktrees.ownership import record_around

if TYPE_CHECKING:
    pass


def coding_deps(spec: RunSpec, context: RunContext, role: Role) -> CodingDeps:
    """The place of a run's coding tools, with what its role has outside of it."""
    deps = CodingDeps.local(
        context.folder,
        environment=command_environment(os.environ, context.environment),
        report=_passing_on(context.report),
        output_folder=context.output,
    )
    if context.directory.is_dir():
        deps.folder = context.directory
    if role.memory is not None:
        deps.memory = MemoryPlace(role.memory.folder, role.memory.writes)
    deps.readable = role.readable
    # Also where the memory itself could not be had: they were lent for nothing else.
    deps.lent = frozenset(spec.memory.lent if spec.memory is not None else ())
    deps.preflight = context.preflight
    deps.bounds = _bounds(deps)
    return deps


def _bounds(deps: CodingDeps) -> Bounds | None:
    """Those of the worktree that it works in, its own or that of the run that started it, by our own record of it: a
    run's workspace knows of a worktree only where it is the run's own."""
    tree = worktree_around(deps.root)
    if tree is None:
        return None
    memory = (deps.memory.folder,) if deps.memory is not None else ()
    output = (deps.output_folder,) if deps.output_folder is not None else ()
    home = deps.environment.get("HOME", "")
    return Bounds(
        tree=tree,
        checkouts=_checkouts(tree),
        beside=tree.parent.parent,
        reachable=(*memory, *output, *deps.readable),
        home=home and os.path.realpath(home),
    )


def _checkouts(tree: Path) -> tuple[Path, ...]:
    """What it was made from: a checkout, its repository, and the checkout that the repository belongs to."""
    try:
        worktree = record_around(tree)
    except WorkspaceError:
        worktree = None
    if worktree is None:
        return ()  # without it a command still may not leave
    common = Path(worktree.common)
    main = common.parent if common.name == ".git" else common
    return tuple(dict.fromkeys((Path(worktree.top), main, common)))


def _passing_on(report: Report) -> Callable[[CodingUpdate], Awaitable[None]]:
    async def pass_on(update: CodingUpdate) -> None:
        match update:
            case CommandStarted(pgid=group, started=started):
                await report(CommandBegan(group, started))
            case FolderChanged(folder=folder):
                await report(FolderMoved(str(folder)))
            case FileChanged(path=path, before=before, after=after, first_line=first, last_line=last):
                await report(FileWritten(path, before, after, first, last))
            case _:
                assert_never(update)

    return pass_on
