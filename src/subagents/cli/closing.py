"""What is said when a run in the foreground is over: the answer on standard output, the rest on standard error."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass

from subagents.cli.exits import Exit, exit_of
from subagents.cli.streams import answer, give_up_output, say
from subagents.language import _
from subagents.runs.result import Result, result_json
from subagents.runs.state import RunState, RunStatus


@dataclass(frozen=True)
class Ended:
    """The run with its words, its session, and the signal that ended it, if one did."""

    result: Result
    session: str | None
    by: signal.Signals | None = None


def tell(ended: Ended, *, as_json: bool, events: bool, quiet: bool) -> int:
    """Says it and returns the exit code."""
    run = ended.result.run
    if as_json:
        _answer(json_of(ended.result, ended.session))
    elif not events and ended.by is None:
        _answer(words_of(ended.result))
    if run.status is not RunStatus.COMPLETED and not as_json:
        say(*_what_now(ended, quiet=quiet))
    return exit_code(ended)


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


def why(run: RunState) -> str:
    """How it ended, for one that did not complete: `failed: the provider said …`."""
    outcome = run.outcome
    by = _(" by {who}").format(who=outcome.by) if outcome is not None and outcome.by is not None else ""
    return (
        f"{run.status}{by}: {outcome.reason}"
        if outcome is not None and outcome.reason
        else f"{run.status}{by}"
    )


def _what_now(ended: Ended, *, quiet: bool) -> list[str]:
    """What happened, what is kept and how to go on. Who wants no comments is told only why there is no answer."""
    run, text = ended.result.run, ended.result.text
    said = [_("{handle} was {why}").format(handle=run.handle, why=why(run)) if quiet else ""]
    if not quiet and ended.by is not None:
        kept = (
            _("What it had written so far is kept: subagents result {id}")
            if text
            else _("It had written nothing.")
        )
        said.append(kept.format(id=run.id))
    elif not quiet and text:
        said.append(_("The text above is what it had written so far, not an answer."))
    if not quiet:
        said.append(_('Go on with: subagents resume {id} "…"').format(id=run.id))
    return [line for line in said if line]


def _answer(text: str) -> None:
    try:
        answer(text)
    except BrokenPipeError:
        # Who closed the pipe has read enough; the exit code still says how the run ended.
        give_up_output()
