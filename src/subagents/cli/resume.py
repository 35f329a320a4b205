"""`subagents resume`: one more episode of a run that ended, in the foreground, or at whoever owns its session."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.options import AsJson, Events, Quiet, RunName, one_output, prompt_of
from subagents.cli.place import project_here
from subagents.cli.reach import OwnerLeft, ask, goes_on_there, within_reach
from subagents.cli.seen import Seen
from subagents.errors import NotNow
from subagents.language import _
from subagents.places import Project

HELP = _(
    """Go on with a run that ended, whatever way it ended.

    It knows all that was said before, and is told when its last turn was cut short. The answer and the exit code are
    those of `run`. Where another process owns the run's session it goes on there.
    """
)


def resume(
    run: RunName,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", hidden=True)],
    as_json: AsJson = False,
    events: Events = False,
    quiet: Quiet = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help=_("Let what the agent's file named execute it once more, this time only.")
        ),
    ] = False,
) -> int:
    one_output(as_json, events)
    project, text = project_here(), prompt_of(prompt)
    seen = within_reach(project, run)
    _refuse_unended(seen)
    if seen.owner is not None:
        with suppress(OwnerLeft):
            return _there(project, seen, text, trust=trust)
    from subagents.cli.foreground import Display, resume_in_foreground

    display = Display(as_json=as_json, events=events, quiet=quiet)
    return resume_in_foreground(Path(project.root), seen.folder.id, seen.run.id, text, display, trust=trust)


def _refuse_unended(seen: Seen) -> None:
    """A run whose owner is gone has ended too; opening its session records so."""
    if seen.live:
        said = _(
            "Run {id} is still {status}, in process {pid}; steer it, wait for it, or stop it: subagents stop {id}"
        )
        raise NotNow(said.format(id=seen.run.id, status=seen.status, pid=seen.owner))
    if seen.run.parked and not seen.run.status.ended:
        said = _("Run {id} rests and has not ended; let it go on with: subagents unpause {id}")
        raise NotNow(said.format(id=seen.run.id))


def _there(project: Project, seen: Seen, prompt: str, *, trust: bool) -> int:
    """The session has an owner, which drives its runs."""
    ask(project, seen, "resume", prompt=prompt, trust=trust)
    return goes_on_there(seen)
