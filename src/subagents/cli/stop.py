"""`subagents stop`: ends runs and all below them, whoever drives them."""

from __future__ import annotations

from typing import Annotated

import typer

from subagents.cli.abandoned import recover
from subagents.cli.exits import Exit
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find
from subagents.cli.streams import answer, say
from subagents.errors import SessionError, SessionLocked, SessionNotFound, SubagentsError
from subagents.language import _
from subagents.places import Project
from subagents.serve.client import call

HELP = _(
    """Stop runs, and all they have started.

    What they had written is kept, and they can be resumed. A run whose owner died is recorded as interrupted.
    """
)


def stop(
    runs: Annotated[list[str], typer.Argument(metavar="ID", hidden=True)],
    reason: Annotated[str, typer.Option(metavar="TEXT", help=_("Why; it is kept with the run."))] = "",
) -> int:
    project, code = project_here(), Exit.COMPLETED
    for name in runs:
        try:
            answer(_stopped(project, name, reason))
        except SubagentsError as error:
            say(f"Error: {error}")
            code = Exit.REFUSED
    return code


def _stopped(project: Project, name: str, reason: str) -> str:
    """Stops one run and answers what came of it."""
    seen, _state = find(project, name)
    if seen.owner is not None and not seen.run.status.ended:
        return _told(project, seen, reason)
    recover(project)
    now, _state = find(project, seen.run.id)
    if seen.owner_gone and now.run.status.ended:
        return _lost(seen)
    if now.run.status.ended:
        return _("{id} had ended already: {status}").format(id=now.run.id, status=now.status)
    return _taken_over(project, now, reason)


def _told(project: Project, seen: Seen, reason: str) -> str:
    """Has its owner stop it."""
    asked = {"run": seen.run.id, "reason": reason or _("stopped from another process")}
    try:
        done = call(seen.folder.path, "stop", asked)
    except SessionNotFound as error:
        again, _state = find(project, seen.run.id)
        if again.owner is None:
            return _stopped(project, seen.run.id, reason)
        raise _out_of_reach(seen, error) from error
    except SessionError as error:
        raise _out_of_reach(seen, error, perhaps_asleep=True) from error
    if done.get("stopped"):
        return _("{id} stopped").format(id=seen.run.id)
    return _("{id} had ended already").format(id=seen.run.id)


def _out_of_reach(seen: Seen, why: SessionError, *, perhaps_asleep: bool = False) -> SessionLocked:
    text = _("{why} Process {pid} drives run {id}; end it with: kill {pid}")
    if perhaps_asleep:
        # A process that was suspended does not even notice that it was asked to end.
        text = _(
            "{why} Process {pid} drives run {id}; if it was suspended, wake it first: kill -CONT {pid}. "
            "Else end it with: kill {pid}"
        )
    return SessionLocked(text.format(why=why, pid=seen.owner, id=seen.run.id))


def _taken_over(project: Project, seen: Seen, reason: str) -> str:
    """Becomes its owner: opening the session records that nobody drove the run any more."""
    import anyio

    from subagents.bootstrap import AgentManager

    async def record() -> bool:
        async with AgentManager.open(project.root, session=seen.folder.id) as manager:
            return await manager.stop(seen.run.id, reason=reason)

    if anyio.run(record):  # one that rested was nobody's in the first place, and is stopped now
        return _("{id} stopped").format(id=seen.run.id)
    return _lost(seen)


def _lost(seen: Seen) -> str:
    return _("{id} had lost its owner; it is recorded as interrupted now").format(id=seen.run.id)
