"""`subagents pause` and `unpause`: a run rests from the end of a turn on, also when its process ends meanwhile."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from subagents.cli.options import RunNames
from subagents.cli.place import project_here
from subagents.cli.reach import act, ask, each, within_reach
from subagents.cli.seen import Seen
from subagents.errors import NotNow
from subagents.language import _
from subagents.places import Project

PAUSE_HELP = _(
    """Let runs rest, from the end of the turn they are in.

    Others may work in their place meanwhile. A run that rests survives the end of its process.
    """
)
UNPAUSE_HELP = _(
    """Let runs that rest go on.

    One whose process has ended goes on here, in the foreground, and prints its answer as `run` does.
    """
)


def pause(runs: RunNames) -> int:
    project = project_here()
    return each(runs, partial(_paused, project))


def unpause(runs: RunNames) -> int:
    project = project_here()
    return each(runs, partial(_unpaused, project))


def _paused(project: Project, name: str) -> str:
    def told(seen: Seen) -> str:
        if seen.run.paused:
            return _("{id} was paused already").format(id=seen.run.id)
        ask(project, seen, "pause")
        text = _("{id} rests as soon as its turn is over; let it go on with: subagents unpause {id}")
        return text.format(id=seen.run.id)

    def rests(seen: Seen) -> str:
        if seen.run.status.ended:
            raise NotNow(_over(seen, _("only one in progress can be paused")))
        return _("{id} was paused already").format(id=seen.run.id)

    return act(project, within_reach(project, name), owned=told, unowned=rests)


def _unpaused(project: Project, name: str) -> str | int:
    """What was done, or the exit code of a run that went on here."""

    def told(seen: Seen) -> str | int:
        if not seen.run.paused:
            return _("{id} was not paused").format(id=seen.run.id)
        ask(project, seen, "unpause")
        return _("{id} goes on").format(id=seen.run.id)

    def here(seen: Seen) -> str | int:
        if seen.run.status.ended:
            raise NotNow(_over(seen, _('go on with it by a prompt: subagents resume {id} "…"')))
        from subagents.cli.foreground import Display, unpause_in_foreground

        return unpause_in_foreground(Path(project.root), seen.folder.id, seen.run.id, Display())

    return act(project, within_reach(project, name), owned=told, unowned=here)


def _over(seen: Seen, instead: str) -> str:
    text = _("Run {id} is {status}; {instead}")
    return text.format(id=seen.run.id, status=seen.run.status, instead=instead.format(id=seen.run.id))
