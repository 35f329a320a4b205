"""`subagents result`: a run's answer, or what there is of one."""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

import typer

from subagents.cli.closing import json_of, words_of
from subagents.cli.exits import Exit, exit_of
from subagents.cli.options import RunName, seconds_of
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find_to_show
from subagents.cli.streams import answer, answer_json, say
from subagents.cli.waiting import wait_for
from subagents.errors import BadAnswer
from subagents.language import _
from subagents.places import Project
from subagents.runs.json_pointer import part_of
from subagents.runs.result import Result, duration
from subagents.runs.workspace_text import workspace_text
from subagents.sessions.answers import result_in_log
from subagents.sessions.reader import LogReader
from subagents.view.activity import activity
from subagents.view.run_line import ending, run_line

HELP = _(
    """Print a run's answer.

    One that did not come to an answer gives what it had written until then. The exit code is that of `run`, and
    5 while the run has not ended. With --wait it is waited for, whichever process it works in; when that is given up,
    after --timeout or with Ctrl-C, the run goes on.
    """
)

PLAIN_WIDTH = 200


def result(
    run: RunName,
    wait: Annotated[bool, typer.Option("--wait", "-w", help=_("Wait until it has ended."))] = False,
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help=_("Wait for so long at most: 90, 5m, 1h30m."))
    ] = "",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help=_("Print what it said and did as well."))
    ] = False,
    pointer: Annotated[
        str | None,
        typer.Option(metavar="POINTER", help=_("Print one part of a structured answer: /places/0/name.")),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print one JSON object, whether it ended or not."))
    ] = False,
) -> int:
    project, bound = project_here(), seconds_of(timeout) if timeout else None
    seen = find_to_show(project, run)
    if wait or bound is not None:
        seen = _waited(project, seen, bound)
    found = result_of(seen)
    if pointer is not None:
        answer_json(json.dumps(part_of(_value(found), pointer), ensure_ascii=False, indent=2))
    elif as_json:
        answer_json(json_of(found, seen.folder.id, time.time()))
    else:
        _print(seen, found, verbose=verbose)
    return exit_of(seen.run, owned=seen.owner is not None)


def result_of(seen: Seen) -> Result:
    """The run with all its words. Raises `SessionError` when they cannot be read."""
    return result_in_log(seen.folder, seen.run.id)


def _waited(project: Project, seen: Seen, bound: float | None) -> Seen:
    if seen.live and sys.stderr.isatty():
        text = _("Waiting for {handle} ({id}); Ctrl-C ends the waiting, not the run.")
        say(text.format(handle=seen.run.handle, id=seen.run.id))
    seen = wait_for(project, seen, bound)
    if seen.live and bound is not None:
        text = _("The wait ended after {time}; the run goes on. Wait again: subagents result --wait {id}")
        say(text.format(time=duration(bound), id=seen.run.id))
    return seen


def _value(found: Result) -> object:
    """Raises `BadAnswer` for a run without a structured answer."""
    if found.structured is None:
        text = _("Run {id} is {status} and has no structured answer to take a part of.")
        raise BadAnswer(text.format(id=found.run.id, status=found.run.status))
    return json.loads(found.structured)


def _print(seen: Seen, found: Result, *, verbose: bool) -> None:
    if verbose:
        _print_conversation(seen)
    if exit_of(seen.run, owned=seen.owner is not None) is Exit.RUNNING:
        say(_state(seen))
        return
    answer(words_of(found))
    if seen.owner_gone:
        say(_("Run {id} was interrupted: its owner is gone.").format(id=seen.run.id))
    elif how := ending(seen.run):
        say(_("Run {id}: {how}").format(id=seen.run.id, how=how))
    if worktree := workspace_text(seen.run):
        say(worktree)


def _state(seen: Seen) -> str:
    """What it is doing, of one that has not ended."""
    if seen.run.parked:
        return _("Run {id} is paused; let it go on with: subagents unpause {id}").format(id=seen.run.id)
    doing = activity(seen.run, time.time())
    return _("Run {id} is {status}: {doing}").format(id=seen.run.id, status=seen.status, doing=doing)


def _print_conversation(seen: Seen) -> None:
    """All its lines, and below them, what sets the answer off, the run in one line."""
    lines = LogReader(seen.folder.log).lines(seen.run.id, 1, sys.maxsize)
    if lines:
        answer("\n".join(line.text for line in lines))
    say(run_line(seen.run, time.time(), PLAIN_WIDTH).plain)
