"""`subagents show`: all that is known of one run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from subagents.cli.abandoned import damaged_logs
from subagents.cli.options import RunName
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find_to_show, look
from subagents.cli.streams import draw, width_of
from subagents.language import _, counted
from subagents.models.selection import label
from subagents.runs.limits import dollars
from subagents.runs.state import RunState
from subagents.runs.workspace_text import workspace_text
from subagents.view import figures
from subagents.view.activity import activity, seconds
from subagents.view.cells import fit, pad, printable
from subagents.view.nesting import nested
from subagents.view.run_line import ending, run_lines

HELP = _("""Show all that is known of a run, and the runs below it.""")

PLAIN_WIDTH = 200
TITLES = 12  # cells


def show(run: RunName) -> int:
    project, now = project_here(), time.time()
    seen = find_to_show(project, run)
    width = width_of(sys.stdout) or PLAIN_WIDTH
    lines = [fit(pad(title, TITLES) + text, width) for title, text in _details(seen, now) if text]
    # A child that a command of the run began is in a session of its own.
    below = _below(seen.run, [each.run for each in look(project).runs])
    if below:
        lines += ["", _("Below it:")]
        lines += [text.plain for child, depth in below for text in run_lines(child, now, width, depth)]
    draw([*lines, *damaged_logs(seen.folder), "", *_what_now(seen)])
    return 0


def _details(seen: Seen, now: float) -> Iterator[tuple[str, str]]:
    run, spec = seen.run, seen.run.spec
    yield _("Run"), f"{run.id}  {printable(run.handle)}"
    yield _("Agent"), printable(spec.agent) + (f"  ({spec.source.path})" if spec.source is not None else "")
    yield _("Status"), _status(seen)
    yield _("Doing"), activity(run, now) if seen.live else ""
    yield _("Prompt"), printable(run.prompt)
    yield _("Model"), _model(run)
    yield from ((_("Note"), printable(note)) for note in run.notes)
    yield _("Used"), " · ".join(_used(run, seen.last_sign if seen.owner_gone else now))
    yield _("Limits"), ", ".join(_limits(run))
    yield _("Times"), ", ".join(_times(run, now))
    yield _("Folder"), printable(run.directory or spec.cwd)
    yield _("Worktree"), printable(" ".join(workspace_text(run).removeprefix("Worktree: ").splitlines()))
    yield _("Tools"), ", ".join(spec.tools.names) if spec.tools.names is not None else _("all")
    yield (
        _("Schema"),
        _("asked for; {n} answers did not fit").format(n=run.rejections) if spec.output_schema else "",
    )
    yield _("Parent"), str(run.parent or "")
    yield _("Inherited"), _inherited(run)
    yield _("Session"), seen.folder.id + (_("  (process {pid})").format(pid=seen.owner) if seen.owner else "")


def _inherited(run: RunState) -> str:
    """What it begins with of a conversation before it; "" for nothing."""
    known = run.spec.inherited
    if known is None or not known.messages:
        return ""
    said = _("{tokens} of {whose}").format(
        tokens=figures.tokens(known.tokens), whose=known.run or _("what the caller gave")
    )
    left = counted("{n} older message left out", "{n} older messages left out", known.left_out)
    return f"{said}, {left}" if known.left_out else said


def _model(run: RunState) -> str:
    asked, model = run.spec.asked_model, run.model or run.spec.model
    if asked in ("", model) or not model:
        return label(model)
    return _("{model}  (asked for: {asked})").format(model=label(model), asked=printable(asked))


def _status(seen: Seen) -> str:
    if seen.owner_gone:
        return _("interrupted (owner gone)")
    if not seen.run.status.ended:
        return seen.status
    episodes = _(", episode {n}").format(n=seen.run.episode) if seen.run.episode > 1 else ""
    return (ending(seen.run) or seen.status) + episodes


def _used(run: RunState, now: float) -> Iterator[str]:
    usage = run.usage.total
    yield figures.duration(seconds(run, now))
    yield counted("{n} turn", "{n} turns", run.turns)
    yield counted("{n} tool call", "{n} tool calls", run.tool_uses)
    if usage.tokens:
        share = figures.context_share(run.context_share, run.compactions)
        yield f"{figures.tokens(usage.tokens)} {share}".rstrip()
    if price := figures.cost(usage.cost, unpriced=usage.unpriced):
        yield price


def _limits(run: RunState) -> Iterator[str]:
    limits = run.spec.limits
    if limits.max_turns is not None:
        yield _("{n} turns").format(n=limits.max_turns)
    if limits.max_seconds is not None:
        yield figures.duration(limits.max_seconds)
    if limits.max_tokens is not None:
        yield _("{n:,} tokens").format(n=limits.max_tokens)
    if limits.max_cost is not None:
        yield dollars(limits.max_cost)


def _times(run: RunState, now: float) -> Iterator[str]:
    yield _("asked for {age} ago").format(age=figures.age(now - run.spawned_at))
    if run.started_at is not None:
        yield _("started {age} ago").format(age=figures.age(now - run.started_at))
    if run.ended_at is not None:
        yield _("ended {age} ago").format(age=figures.age(now - run.ended_at))


def _below(run: RunState, everything: list[RunState]) -> list[tuple[RunState, int]]:
    """What it started, and what that started, with its depth below the run."""
    found: list[tuple[RunState, int]] = []
    inside, top = False, 0
    for each, depth in nested(sorted(everything, key=lambda one: one.spawned_at)):
        if each.id == run.id:
            inside, top = True, depth
        elif inside and depth > top:
            found.append((each, depth - top - 1))
        else:
            inside = False
    return found


def _what_now(seen: Seen) -> Iterator[str]:
    if seen.live:
        yield _("subagents log -f {id}   what it does").format(id=seen.run.id)
        yield _("subagents stop {id}     ends it").format(id=seen.run.id)
    else:
        yield _("subagents result {id}   what it answered").format(id=seen.run.id)
        yield _("subagents log {id}      what it did").format(id=seen.run.id)
        if not seen.run.reported:
            yield _('subagents resume {id} "…"').format(id=seen.run.id)
