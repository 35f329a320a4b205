"""`subagents steer`: slips a message into a run in progress, and says what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from subagents.cli.exits import Exit
from subagents.cli.following import LOOK_EVERY, nobody_reads
from subagents.cli.options import RunName, prompt_of
from subagents.cli.place import project_here
from subagents.cli.reach import act, ask, within_reach
from subagents.cli.seen import Seen, find
from subagents.cli.streams import answer, tell
from subagents.errors import NotNow
from subagents.language import _
from subagents.places import Project
from subagents.runs.state import Steer, receipt

HELP = _(
    """Slip a message into a run in progress.

    It is read once, in the order of the messages, before the run's next turn. With --wait this ends when it was read;
    the exit code is 1 when the run ended first, and the message is given back. A MESSAGE of - is read from standard
    input.
    """
)

Message = Annotated[str, typer.Argument(metavar="MESSAGE", hidden=True)]
Wait = Annotated[bool, typer.Option("--wait", "-w", help=_("Wait until it was read."))]


def steer(run: RunName, message: Message, wait: Wait = False) -> int:
    project, text = project_here(), prompt_of(message)
    if not text.strip():
        raise typer.BadParameter(_('The message is empty; say what is to be done: subagents steer ID "…"'))

    def told(seen: Seen) -> int:
        return tell_receipt(project, seen, ask(project, seen, "steer", message=text), text, wait=wait)

    def unowned(seen: Seen) -> int:
        if seen.run.status.ended and not seen.run.reported:
            why = _(
                'Run {id} is {status} and reads nothing any more; go on with it: subagents resume {id} "…"'
            )
            raise NotNow(why.format(id=seen.run.id, status=seen.run.status))
        return leave_message(project, seen, text)

    return act(project, within_reach(project, run), owned=told, unowned=unowned)


def tell_receipt(project: Project, seen: Seen, told: dict[str, Any], text: str, *, wait: bool) -> int:
    """Says what became of a message, with `wait` as soon as it was read or missed. Returns the exit code."""
    now, _state = find(project, seen.run.id)
    while wait and now.live and receipt(now.run, told["steer"]).waits and not nobody_reads(LOOK_EVERY):
        now, _state = find(project, seen.run.id)
    steer = receipt(now.run, told["steer"])
    if now.owner_gone and steer.waits:
        # What the next owner will record: the run was interrupted, and read nothing more.
        steer = msgspec.structs.replace(steer, missed=True)
    tell([_said(seen, steer)])
    if steer.missed:
        answer(text)
    return Exit.FAILED if steer.missed else Exit.COMPLETED


def leave_message(project: Project, seen: Seen, text: str) -> int:
    """For a run that rests and that nobody drives: it finds the message when it goes on. Returns the exit code."""
    import anyio

    from subagents.bootstrap import AgentManager
    from subagents.spec import AskedBy

    async def leave() -> None:
        async with AgentManager.open(project.root, session=seen.folder.id) as manager:
            await manager.steer(seen.run.id, text, asked_by=AskedBy.PERSON)

    anyio.run(leave)
    said = _("queued: {handle} ({id}) rests, and reads it when it goes on: subagents unpause {id}")
    tell([said.format(handle=seen.run.handle, id=seen.run.id)])
    return Exit.COMPLETED


def _said(seen: Seen, steer: Steer) -> str:
    about = {"handle": seen.run.handle, "id": seen.run.id}
    if steer.missed:
        text = _(
            'missed: {handle} ({id}) had ended; go on with it: subagents resume {id} "…". The message was:'
        )
        return text.format(**about)
    if steer.turn is not None:
        return _("delivered at turn {n} of {handle} ({id})").format(n=steer.turn, **about)
    return _("queued: {handle} ({id}) reads it before its next turn").format(**about)
