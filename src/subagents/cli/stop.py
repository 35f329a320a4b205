"""`subagents stop`: ends runs and all below them, whoever drives them."""

from __future__ import annotations

from typing import Annotated

import typer

from subagents.cli.options import RunNames
from subagents.cli.place import project_here
from subagents.cli.reach import act, ask, each, within_reach
from subagents.cli.seen import Seen
from subagents.language import _
from subagents.places import Project

HELP = _(
    """Stop runs, and all they have started.

    What they had written is kept, and they can be resumed. A run whose owner died is recorded as interrupted. With
    --no-tree the runs below go on, but for those that are waited for.
    """
)


def stop(
    runs: RunNames,
    reason: Annotated[str, typer.Option(metavar="TEXT", help=_("Why; it is kept with the run."))] = "",
    tree: Annotated[
        bool,
        typer.Option(
            "--tree/--no-tree", show_default=False, help=_("Whether what they have started stops; it does.")
        ),
    ] = True,
) -> int:
    project = project_here()
    return each(runs, lambda name: _stopped(project, name, reason, tree))


def _stopped(project: Project, name: str, reason: str, tree: bool) -> str:
    """Stops one run and answers what came of it."""
    before = within_reach(project, name)

    def told(seen: Seen) -> str:
        asked = {"reason": reason or _("stopped from another process"), "subtree": tree}
        if ask(project, seen, "stop", **asked).get("stopped"):
            return _("{id} stopped").format(id=seen.run.id)
        return _("{id} had ended already").format(id=seen.run.id)

    def taken_over(seen: Seen) -> str:
        if seen.run.status.ended:
            return _lost(seen) if before.owner_gone else _over(seen)
        return (
            _("{id} stopped").format(id=seen.run.id) if _record(project, seen, reason, tree) else _lost(seen)
        )

    return act(project, before, owned=told, unowned=taken_over)


def _record(project: Project, seen: Seen, reason: str, tree: bool) -> bool:
    """Becomes the owner of a run that nobody drives, such as one that rests. False when it had ended."""
    import anyio

    from subagents.bootstrap import AgentManager

    async def record() -> bool:
        async with AgentManager.open(project.root, session=seen.folder.id) as manager:
            return await manager.stop(seen.run.id, reason=reason, subtree=tree)

    return anyio.run(record)


def _over(seen: Seen) -> str:
    return _("{id} had ended already: {status}").format(id=seen.run.id, status=seen.run.status)


def _lost(seen: Seen) -> str:
    return _("{id} had lost its owner; it is recorded as interrupted now").format(id=seen.run.id)
