"""The worktrees of this project's runs as the commands below `worktrees` see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from subagents.cli.abandoned import recover
from subagents.cli.place import project_here
from subagents.cli.reach import reachable, within_reach
from subagents.cli.recording import ask_or_record
from subagents.cli.seen import Look, Seen, find_to_show, look
from subagents.cli.streams import say
from subagents.errors import SubagentsError, WorkspaceError
from subagents.language import _, counted
from subagents.places import Project
from subagents.runs import lifecycle
from subagents.runs.kept import KeptWork
from subagents.settings.layers import layered
from subagents.settings.model import Settings
from subagents.texts import storable
from subagents.workspaces.base import WORKTREE

if TYPE_CHECKING:
    from subagents.workspaces.git.output import Figures
    from subagents.workspaces.putting_back.contribution import Contribution
    from subagents.workspaces.worktrees.ownership import Worktree
    from subagents.workspaces.worktrees.placing import Place


class Here:
    """The project, its worktrees, and the rules for them. `acting` first records what owners that died left unsaid."""

    def __init__(self, *, acting: bool = False) -> None:
        self.project: Project = project_here()
        if acting:
            recover(self.project)

    @cached_property
    def settings(self) -> Settings:
        return layered(self.project).settings

    @cached_property
    def looked(self) -> Look:
        return look(self.project)

    @cached_property
    def records(self) -> Mapping[str, Worktree]:
        """Of each run the newest that is written down."""
        from subagents.workspaces.worktrees.debris import recorded_at

        return {worktree.run: worktree for worktree in recorded_at(self.project.worktrees)}

    def place(self, seen: Seen | None = None) -> Place:
        from subagents.clock import SystemClock
        from subagents.workspaces.isolated import place_for

        kept_in = seen.folder.path if seen is not None else self.project.state
        return place_for(self.project, self.settings, SystemClock(), kept_in / "archive")

    def to_show(self, name: str) -> tuple[Seen, Contribution]:
        """The run of that name. Raises `RunNotFound`, and `WorkspaceError` for one that has no worktree."""
        return self._with_contribution(find_to_show(self.project, name))

    def to_act_on(self, name: str) -> tuple[Seen, Contribution]:
        """The same, which a command that an agent runs may not say of every run."""
        return self._with_contribution(within_reach(self.project, name))

    def all(self) -> Sequence[tuple[Seen, Contribution]]:
        """All runs that have, had or are to have a worktree, the newest first."""
        return self._of(self.looked.runs)

    def all_to_act_on(self) -> Sequence[tuple[Seen, Contribution]]:
        return self._of(reachable(self.looked.runs))

    def _of(self, runs: Iterable[Seen]) -> Sequence[tuple[Seen, Contribution]]:
        known = {seen.run.id: seen for seen in runs}
        newest = sorted(known.values(), key=lambda seen: seen.run.spawned_at, reverse=True)
        pairs = ((seen, contribution_of(seen, self.records.get(seen.run.id))) for seen in newest)
        return [(seen, contribution) for seen, contribution in pairs if contribution is not None]

    def _with_contribution(self, seen: Seen) -> tuple[Seen, Contribution]:
        contribution = contribution_of(seen, self.records.get(seen.run.id))
        if contribution is not None:
            return seen, contribution
        if seen.run.spec.isolation == WORKTREE:
            raise WorkspaceError(
                _("Run {id} has no worktree yet; it is {status}.").format(id=seen.run.id, status=seen.status)
            )
        sentence = _(
            "Run {id} works in {folder!r} itself, and has no worktree. Those that have one: subagents worktrees list"
        )
        raise WorkspaceError(sentence.format(id=seen.run.id, folder=storable(seen.run.spec.cwd)))


def contribution_of(seen: Seen, worktree: Worktree | None) -> Contribution | None:
    """What its log and its record say of it; None where it has no worktree (yet)."""
    from subagents.workspaces.putting_back.contribution import Contribution

    run, kept = seen.run, seen.run.kept
    if worktree is not None:
        top, base, branch = worktree.top, worktree.base, worktree.branch
    elif kept is not None:
        top, base, branch = kept.repository, kept.base, kept.branch
    else:
        return None
    return Contribution(
        run=run.id,
        agent=run.spec.agent,
        description=run.spec.description,
        top=Path(top),
        base=base,
        branch=branch,
        worktree=worktree,
    )


def record_kept(seen: Seen, kept: KeptWork) -> None:
    """The log says from now on what the run's worktree came to. What was done to it is done: where that cannot be
    written down, the reason is said."""
    run = seen.run.id
    about = {"run": run, "kept": to_builtins(kept)}
    try:
        ask_or_record(seen.folder, "put_back", about, lambda head: lifecycle.put_back(head.run(run), kept))
    except SubagentsError as error:
        say(_("That could not be written into the log of run {id}: {why}").format(id=run, why=error))


def known_of(seen: Seen, contribution: Contribution) -> KeptWork:
    """What the log says of it, or would say of a worktree that nothing was kept of yet."""
    known = KeptWork(repository=storable(str(contribution.top)), base=contribution.base)
    return seen.run.kept or known


def amount(commits: int, figures: Figures) -> str:
    """`2 commits, 3 files, +4 -1`."""
    words = counted("{n} commit", "{n} commits", commits), counted("{n} file", "{n} files", figures.files)
    return ", ".join((*words, f"+{figures.insertions} -{figures.deletions}"))


def say_conflicts(sentence: str, paths: Iterable[str]) -> None:
    """On standard error, with a line for each path."""
    say(sentence, *(f"  {storable(path)!r}" for path in paths))
