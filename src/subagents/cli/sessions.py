"""`subagents sessions`: what is kept of each session, and for how long."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from subagents.cli.abandoned import damaged_logs, recover
from subagents.cli.options import at_least_nothing
from subagents.cli.place import project_here
from subagents.cli.recording import record
from subagents.cli.streams import answer, draw, say, width_of
from subagents.cli.usage import mount
from subagents.errors import SessionError, SubagentsError
from subagents.events import SessionArchived, SessionRenamed
from subagents.language import _, counted
from subagents.places import Project
from subagents.sessions.folder import SessionFolder, find, owner_alive, sessions
from subagents.sessions.soundness import examine
from subagents.sessions.state import SessionState
from subagents.view import figures
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table
from subagents.view.nesting import nested
from subagents.view.run_line import run_lines

PLAIN_WIDTH = 200
LONGEST_TITLE = 60  # cells

HELP = _(
    """List, name and remove the sessions of this project.

    A session is the log of what one command, panel or program had done. It is named by its id, the beginning of
    one that fits no other, or its title.
    """
)

commands = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="ID", hidden=True)]


def list_sessions(
    everything: Annotated[bool, typer.Option("--all", "-a", help=_("The archived ones, too."))] = False,
) -> int:
    # One that cannot be read is listed as well: it takes space, and can be removed.
    found = [(folder, _read(folder) or SessionState()) for folder in sessions(project_here())]
    shown = [(folder, state) for folder, state in found if everything or not state.header.archived]
    if shown:
        draw(table(_columns(shown, time.time()), width_of(sys.stdout)))
    else:
        say(_("This project has no sessions yet."))
    if len(shown) < len(found):
        hidden = len(found) - len(shown)
        say(counted("{n} archived one is not listed.", "{n} archived ones are not listed.", hidden))
    return 0


def show(name: Name) -> int:
    folder = find(project_here(), name)
    examined, now = examine(folder), time.time()
    if (state := examined.state) is None:
        raise SessionError(examined.problem)
    width = width_of(sys.stdout) or PLAIN_WIDTH
    lines = [
        f"{folder.id}  {printable(state.header.title)}".rstrip(),
        f"{_owner(folder, state)}  {folder.path}",
    ]
    for run, depth in nested(state.runs.values()):
        lines += [line.plain for line in run_lines(run, now, width, depth)]
    draw(lines + damaged_logs(folder))
    say(*filter(None, (examined.problem,)))
    return 0


def rename(name: Name, title: Annotated[str, typer.Argument(metavar="TITLE", hidden=True)]) -> int:
    named = SessionRenamed(title=" ".join(title.split()))
    record(_ownerless(name), lambda _state: named)
    return 0


def archive(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help=_("List it again."))] = False,
) -> int:
    archived = SessionArchived(archived=not undo)
    record(_ownerless(name), lambda _state: archived)
    return 0


def remove(
    names: Annotated[list[str], typer.Argument(metavar="ID", hidden=True)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_("Don't ask."))] = False,
) -> int:
    from subagents.sessions import retention

    project = project_here()
    recover(project)
    for folder in dict.fromkeys(find(project, name) for name in names):
        _refuse_needed(project, folder)
        if yes or _agreed(folder):
            retention.remove(project, folder)
            answer(_("{id} removed").format(id=folder.id))
    return 0


def _refuse_needed(project: Project, folder: SessionFolder) -> None:
    """The log is what tells whose a worktree is, so it stays as long as that does."""
    from subagents.sessions import retention

    try:
        runs = retention.needed_runs(folder, _with_worktrees(project))
    except SessionError:
        return  # a log that cannot be read tells of no run
    if runs:
        sentence = _(
            "Session {id} has runs whose worktrees are still there: {runs}. Discard these first (subagents worktrees "
            "discard ID), or merge what they hold and let `subagents worktrees gc` remove them."
        )
        raise SessionError(sentence.format(id=folder.id, runs=", ".join(runs)))


def _with_worktrees(project: Project) -> frozenset[str]:
    from subagents.workspaces.worktrees.debris import recorded_at

    return frozenset(worktree.run for worktree in recorded_at(project.worktrees))


def gc(
    days: Annotated[
        int | None,
        typer.Option(metavar="N", help=_("Those that nobody used for N days; else the setting's.")),
    ] = None,
    megabytes: Annotated[
        int | None, typer.Option(metavar="N", help=_("How much may be kept in all; else the setting's."))
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help=_("Archived ones may go, too."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would be removed."))] = False,
) -> int:
    from subagents.sessions import retention
    from subagents.settings.layers import layered

    at_least_nothing("--days", days)
    at_least_nothing("--megabytes", megabytes)
    project = project_here()
    settings = layered(project).settings
    if not dry_run:
        recover(project)
    report = retention.gc(
        project,
        now=time.time(),
        needed=_with_worktrees(project),
        max_age_days=settings.session_max_age_days if days is None else days,
        max_bytes=(settings.session_max_megabytes if megabytes is None else megabytes) * figures.MEGABYTE,
        archived=archived,
        dry_run=dry_run,
    )
    for session in report.removed:
        answer(session)
    count = counted("{n} session", "{n} sessions", len(report.removed))
    text = _("{count} would be removed, {size}.") if dry_run else _("{count} removed, {size}.")
    say(text.format(count=count, size=figures.size(report.bytes)))
    say(*_unreadable(project))
    return 0


RENAME_HELP = _("Give a session a title, by which it can then be found.")
REMOVE_HELP = _("Remove sessions and all that is kept of their runs, for good.")
GC_HELP = _(
    """Remove old sessions.

    First those that nobody used for so long, then the oldest until the rest is small enough. Archived ones stay,
    and so do those that a process owns.
    """
)

mount(commands, "list", list_sessions, usage="[--all]", text=_("List the sessions, the newest first."))
mount(commands, "show", show, usage="ID", text=_("Show a session and its runs."))
mount(commands, "rename", rename, usage="ID TITLE", text=RENAME_HELP)
mount(commands, "archive", archive, usage="ID [--undo]", text=_("Keep a session, but list it no longer."))
mount(commands, "remove", remove, usage="ID… [--yes]", text=REMOVE_HELP)
mount(commands, "gc", gc, usage="[OPTIONS]", text=GC_HELP)


# --- reading


def _read(folder: SessionFolder) -> SessionState | None:
    """None where nothing can be read; what cannot is said."""
    examined = examine(folder)
    if examined.problem:
        say(examined.problem)
    return examined.state


def _unreadable(project: Project) -> Iterator[str]:
    """Of the sessions that stay because nobody can tell what is in them: why, and how they go."""
    for folder in sessions(project):
        examined = examine(folder)
        if examined.problem:
            yield examined.problem
        if examined.state is None and not examined.newer:
            yield _("It stays; remove it with: subagents sessions remove {id}").format(id=folder.id)


def _columns(shown: list[tuple[SessionFolder, SessionState]], now: float) -> list[Column]:
    return [
        Column(_("ID"), [folder.id for folder, _state in shown]),
        Column(
            _("RUNS"), [str(len(state.runs)) if state.seq else "–" for _folder, state in shown], right=True
        ),
        Column(
            _("LAST USED"), [figures.age(now - state.at) if state.at else "–" for _folder, state in shown]
        ),
        Column(_("OWNER"), [_owner(folder, state) for folder, state in shown], 1),
        Column(_("TITLE"), [_title(state) for _folder, state in shown]),
    ]


def _owner(folder: SessionFolder, state: SessionState) -> str:
    if (pid := owner_alive(folder)) is not None:
        return _("process {pid}").format(pid=pid) if pid else _("a process")
    return _("archived") if state.header.archived else "–"


def _title(state: SessionState) -> str:
    """Its own, or what its first run is about."""
    first = next(iter(state.runs.values()), None)
    title = printable(state.header.title or (first.spec.description if first is not None else ""))
    return fit(title, LONGEST_TITLE)


# --- changing


def _ownerless(name: str) -> SessionFolder:
    """The session of that name, after what a dead owner left in it was recorded."""
    project = project_here()
    recover(project)
    return find(project, name)


def _agreed(folder: SessionFolder) -> bool:
    if not sys.stdin.isatty():
        raise SubagentsError(_("Removing {id} needs your word: add --yes.").format(id=folder.id))
    runs = _read(folder)
    count = counted("{n} run", "{n} runs", len(runs.runs) if runs is not None else 0)
    question = _("Remove session {id} with {count}, for good?").format(id=folder.id, count=count)
    return typer.confirm(question, err=True)
