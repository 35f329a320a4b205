"""`subagents worktrees list`: where the work of each run is, and how much of it there is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from subagents.cli.seen import Seen
from subagents.cli.streams import answer_json, draw, say, tell, width_of
from subagents.cli.worktrees.here import Here
from subagents.language import _
from subagents.texts import storable
from subagents.view import figures
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table

if TYPE_CHECKING:
    from subagents.workspaces.putting_back.contribution import Contribution
    from subagents.workspaces.putting_back.measuring import Measured, State

LONGEST_AGENT = 20  # cells

Row: TypeAlias = "tuple[Seen, Contribution, Measured]"

HELP = _(
    """List the worktrees of this project's runs, and the branches with their work.

    Those in use, the folders that had to stay, and the branches that there are, merged or not; with --all also
    the runs that changed nothing, and those whose branch was deleted.
    """
)


def list_worktrees(
    everything: Annotated[
        bool, typer.Option("--all", "-a", help=_("Those that left nothing behind, too."))
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print them as JSON."))] = False,
) -> int:
    import anyio

    here = Here()
    rows = [row for row in anyio.run(partial(_measured, here.all())) if everything or row[2].state.is_there]
    if as_json:
        answer_json(json.dumps([_object(row) for row in rows], indent=2, ensure_ascii=False))
    elif rows:
        draw(table(_columns(rows, time.time()), width_of(sys.stdout)))
        tell(_reasons(rows))
    say(*here.looked.problems)
    if not rows and not as_json:
        say(_nothing(everything))
    return 0


async def _measured(pairs: Sequence[tuple[Seen, Contribution]]) -> list[Row]:
    from subagents.workspaces.putting_back.measuring import measure

    return [(seen, contribution, await measure(contribution)) for seen, contribution in pairs]


def taken(count: int) -> str:
    """The bytes that a folder takes; a dash where there is none."""
    return figures.size(count) if count else "–"


def _columns(rows: Sequence[Row], now: float) -> list[Column]:
    agents = [fit(printable(seen.run.spec.agent), LONGEST_AGENT) for seen, _contribution, _measured in rows]
    return [
        Column(_("ID"), [seen.run.id for seen, _contribution, _measured in rows]),
        Column(_("AGENT"), agents, 4),
        Column(_("STATE"), [_word(measured.state) for _seen, _contribution, measured in rows]),
        Column(_("COMMITS"), [_known(row, row[2].commits) for row in rows], 3, right=True),
        Column(_("FILES"), [_known(row, row[2].figures.files) for row in rows], right=True),
        Column(_("LINES"), [_lines(row) for row in rows], right=True),
        Column(_("SIZE"), [taken(measured.taken) for _seen, _contribution, measured in rows], 2, right=True),
        Column(_("BASE"), [contribution.base[:7] for _seen, contribution, _measured in rows], 5),
        Column(
            _("BRANCH"), [printable(contribution.branch) or "–" for _seen, contribution, _measured in rows]
        ),
        Column(
            _("AGE"),
            [figures.age(now - seen.run.spawned_at) for seen, _contribution, _measured in rows],
            right=True,
        ),
    ]


def _word(state: State) -> str:
    from subagents.workspaces.putting_back.measuring import State

    words = {
        State.IN_USE: _("in use"),
        State.FOLDER: _("folder"),
        State.BRANCH: _("branch"),
        State.MERGED: _("merged"),
        State.UNKNOWN: _("unknown"),
        State.GONE: _("gone"),
        State.NOTHING: _("nothing"),
    }
    return words[state]


def _known(row: Row, figure: int | str) -> str:
    measured = row[2]
    return "–" if measured.problem or not measured.state.is_there else str(figure)


def _lines(row: Row) -> str:
    known = row[2].figures
    return _known(row, f"+{known.insertions} -{known.deletions}")


def _reasons(rows: Sequence[Row]) -> list[str]:
    """Why folders are still there, and where; and what could not be looked at."""
    lines = []
    for seen, contribution, measured in rows:
        if measured.why:
            # The path is the last, in one piece, to be copied.
            kept = _("{id} stays: {why}. Its folder: {folder}")
            folder = storable(str(contribution.folder))
            lines.append(kept.format(id=seen.run.id, folder=folder, why=measured.why.rstrip(".")))
        if measured.problem:
            lines.append(_("{id}: {problem}").format(id=seen.run.id, problem=measured.problem))
    return lines


def _object(row: Row) -> dict[str, Any]:
    """`size` is in bytes; `spawned_at` seconds since the epoch."""
    seen, contribution, measured = row
    folder = contribution.folder
    return {
        "run": seen.run.id,
        "handle": seen.run.handle,
        "agent": seen.run.spec.agent,
        "description": seen.run.spec.description,
        "status": seen.status,
        "state": str(measured.state),
        "repository": storable(str(contribution.top)),
        "branch": contribution.branch,
        "base": contribution.base,
        "commits": measured.commits,
        "files": measured.figures.files,
        "insertions": measured.figures.insertions,
        "deletions": measured.figures.deletions,
        "folder": storable(str(folder)) if folder is not None else "",
        "why": measured.why,
        "problem": measured.problem,
        "size": measured.taken,
        "spawned_at": seen.run.spawned_at,
    }


def _nothing(everything: bool) -> str:
    if everything:
        return _(
            'No run of this project had a worktree yet. Begin with: subagents run AGENT "…" --isolation worktree'
        )
    return _(
        "There are no worktrees, and no branches of runs. `subagents worktrees list --all` lists what there was."
    )
