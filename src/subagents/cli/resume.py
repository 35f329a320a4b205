"""`subagents resume`: one more episode of a run that ended, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.options import AsJson, Events, Quiet, RunName, one_output, prompt_of
from subagents.cli.place import project_here
from subagents.cli.seen import find
from subagents.errors import NotNow
from subagents.language import _

HELP = _(
    """Go on with a run that ended, whatever way it ended.

    It knows all that was said before. The answer and the exit code are those of `run`.
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
    seen, _state = find(project, run)
    if seen.live:
        said = _(
            "Run {id} is still {status}, in process {pid}; wait for it, or stop it first: subagents stop {id}"
        )
        raise NotNow(said.format(id=seen.run.id, status=seen.status, pid=seen.owner))
    from subagents.cli.foreground import Display, resume_in_foreground

    display = Display(as_json=as_json, events=events, quiet=quiet)
    return resume_in_foreground(Path(project.root), seen.folder.id, seen.run.id, text, display, trust=trust)
