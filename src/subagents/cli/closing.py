"""What is said when a run in the foreground is over: the answer on standard output, the rest on standard error."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from subagents.cli.exits import Exit, exit_of
from subagents.cli.streams import answer, answer_json, give_up_output, json_for, say
from subagents.ids import RunId
from subagents.language import _
from subagents.runs.result import Result, result_json
from subagents.runs.state import RunStatus
from subagents.runs.workspace_text import workspace_text
from subagents.view.run_line import ending


@dataclass(frozen=True)
class Ended:
    """The run with its words, its session, and the signal that ended it, if one did."""

    result: Result
    session: str | None
    by: signal.Signals | None = None


@dataclass(frozen=True)
class Broken:
    """A run whose session was over while it was in progress: one that rests goes on resting; how another went on,
    nobody could record. `result` is what it ended with where only that could not be kept; with `log_is_there` what was
    recorded before can be read."""

    run: RunId
    session: str | None
    why: str
    by: signal.Signals | None = None
    rests: bool = False
    result: Result | None = None
    log_is_there: bool = True


def tell(ended: Ended, *, as_json: bool, events: bool, quiet: bool) -> int:
    """Says it and returns the exit code."""
    run, code = ended.result.run, exit_code(ended)
    if as_json:
        return _answer(json_for(sys.stdout, json_of(ended.result, ended.session)), ended)
    if how := ending(run):
        say(f"{run.handle} {how}")
    if not events and ended.by is None:
        if not quiet and sys.stdout.isatty() and sys.stderr.isatty():
            say("")  # sets the answer off from what was drawn above it
        code = _answer(words_of(ended.result), ended)
    if not quiet and (worktree := workspace_text(run)):
        say(worktree)
    if not quiet and run.status is not RunStatus.COMPLETED:
        say(*_what_now(ended))
    return code


def tell_broken(broken: Broken, *, as_json: bool, events: bool, quiet: bool) -> int:
    """Says it and returns the exit code."""
    try:
        if as_json:
            answer_json(json.dumps(_broken_json(broken), ensure_ascii=False, indent=2))
        elif broken.result is not None and broken.by is None and not events:
            answer(words_of(broken.result))
    except OSError:
        give_up_output()  # the error below, and the exit code, say enough
    if broken.rests:
        say(_("Run {id} goes on resting; let it go on with: subagents unpause {id}").format(id=broken.run))
    else:
        say(_("Error: {why}").format(why=broken.why))
    if not quiet and not broken.rests and broken.log_is_there:
        say(_("What was recorded of run {id} until then is kept.").format(id=broken.run))
        say(_('Go on with: subagents resume {id} "…"').format(id=broken.run))
    return Exit.FAILED if broken.by is None else 128 + broken.by


def _broken_json(broken: Broken) -> dict[str, object]:
    """With its words, which are nowhere else, where it came to any."""
    told: dict[str, object] = {"id": broken.run, "session": broken.session, "error": broken.why}
    if broken.result is not None:
        told |= {"text": broken.result.text, "structured": broken.result.value}
    return told


def json_of(result: Result, session: str | None, now: float | None = None) -> str:
    return json.dumps(result_json(result, session=session or "", now=now), ensure_ascii=False, indent=2)


def words_of(result: Result) -> str:
    """The answer, or what there is of one; where a schema was asked for, its JSON alone."""
    return result.structured if result.structured is not None else result.text


def exit_code(ended: Ended) -> int:
    match ended.by:
        case None:
            return exit_of(ended.result.run)
        case signal.SIGINT:
            return Exit.CTRL_C
        case other:
            return 128 + other


def _what_now(ended: Ended) -> Iterator[str]:
    """What is kept, and how to go on."""
    run, text = ended.result.run, ended.result.text
    if ended.by is not None:
        kept = (
            _("What it had written so far is kept: subagents result {id}")
            if text
            else _("It had written nothing.")
        )
        yield kept.format(id=run.id)
    elif text:
        yield _("The text above is what it had written so far, not an answer.")
    yield _('Go on with: subagents resume {id} "…"').format(id=run.id)


def _answer(text: str, ended: Ended) -> int:
    """Writes it to standard output, and returns the exit code."""
    try:
        answer(text)
    except BrokenPipeError:
        # Who closed the pipe has read enough; the exit code still says how the run ended.
        give_up_output()
    except OSError as error:
        give_up_output()
        said = _("Error: standard output cannot be written: {why}. The answer is kept: subagents result {id}")
        say(said.format(why=error.strerror or error, id=ended.result.run.id))
        return exit_code(ended) or Exit.FAILED
    return exit_code(ended)
