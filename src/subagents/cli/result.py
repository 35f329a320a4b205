"""`subagents result`: a run's answer, or what there is of one."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from subagents.cli.closing import json_of, words_of
from subagents.cli.exits import Exit, exit_of
from subagents.cli.options import RunName
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find
from subagents.cli.streams import answer, answer_json, say
from subagents.events import Ending, RunCompleted
from subagents.language import _
from subagents.runs.result import Result
from subagents.sessions.reader import LogReader
from subagents.view.activity import activity
from subagents.view.run_line import ending

HELP = _(
    """Print a run's answer.

    One that did not come to an answer gives what it had written until then. The exit code is that of `run`, and
    5 while the run has not ended.
    """
)


def result(
    run: RunName,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print one JSON object, whether it ended or not."))
    ] = False,
) -> int:
    seen, _state = find(project_here(), run)
    found = result_of(seen)
    if as_json:
        answer_json(json_of(found, seen.folder.id, time.time()))
    else:
        _print(seen, found)
    return exit_of(seen.run, owned=seen.owner is not None)


def result_of(seen: Seen) -> Result:
    """The run with all its words. Raises `SessionError` when they cannot be read."""
    outcome, log = seen.run.outcome, LogReader(seen.folder.log)
    if outcome is None:
        return Result(seen.run, log.draft(seen.run.id) or seen.run.text)
    match log.entry(outcome.seq).event:
        case RunCompleted(text=text, structured=structured):
            return Result(seen.run, text, structured)
        case Ending(partial=partial):
            return Result(seen.run, partial)
        case other:
            raise AssertionError(f"run {seen.run.id} did not end with {other}")


def _print(seen: Seen, found: Result) -> None:
    code = exit_of(seen.run, owned=seen.owner is not None)
    if code is Exit.RUNNING:
        doing = activity(seen.run, time.time())
        say(_("Run {id} is {status}: {doing}").format(id=seen.run.id, status=seen.status, doing=doing))
        return
    answer(words_of(found))
    if seen.owner_gone:
        say(_("Run {id} was interrupted: its owner is gone.").format(id=seen.run.id))
    elif how := ending(seen.run):
        say(_("Run {id}: {how}").format(id=seen.run.id, how=how))
