"""`subagents worktrees conflicts`: where runs meet, and a person's word that one of these is settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from subagents.cli.place import project_here
from subagents.cli.recording import ask_or_record
from subagents.cli.streams import answer, say, tell
from subagents.errors import NotNow, RunNotFound, SessionError, SubagentsError
from subagents.language import _
from subagents.places import Project
from subagents.runs.conflicts import Conflict, settle, still_open, told
from subagents.sessions.folder import SessionFolder, sessions
from subagents.sessions.soundness import examine
from subagents.sessions.state import SessionState
from subagents.texts import quoted
from subagents.view.cells import printable

HELP = _(
    """List where runs of this project meet: work that will not merge, and lines that two edited.

    Each line ends with an id. With `resolve ID` you say that it is settled; it comes back only where other lines meet.
    """
)

RESOLVE = "resolve"


@dataclass(frozen=True)
class Open:
    """A conflict that nobody resolved, and the sessions that have it in their logs: both, where it is one of two.
    `state` is that of the first."""

    conflict: Conflict
    state: SessionState
    folders: tuple[SessionFolder, ...]

    @property
    def line(self) -> str:
        return printable(told(self.conflict, self.state.handle))


def conflicts(
    what: Annotated[str, typer.Argument(metavar="[resolve]", hidden=True)] = "",
    name: Annotated[str, typer.Argument(metavar="[ID]", hidden=True)] = "",
    everything: Annotated[
        bool, typer.Option("--all", "-a", help=_("Also files that both edited and that merge."))
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("Why, for the log."))] = "",
) -> int:
    if what not in ("", RESOLVE) or bool(what) != bool(name):
        raise typer.BadParameter(_("Give nothing to list them, or: resolve ID"))
    project = project_here()
    return resolve(project, name, reason) if what else show(project, everything=everything)


def show(project: Project, *, everything: bool = False) -> int:
    """Prints a line for each, and says what can be done about them."""
    found = [each for each in open_conflicts(project) if everything or each.conflict.kind.alarms]
    if not found:
        say(
            _("No runs of this project meet."),
            _("Which branches of ended runs fit together says: subagents worktrees merge --all --plan"),
        )
        return 0
    tell(each.line for each in found)
    say(
        _(
            "They end by themselves when one side is merged or taken back. Where one is as it should be: subagents "
            "worktrees conflicts resolve ID"
        )
    )
    return 0


def resolve(project: Project, name: str, reason: str = "") -> int:
    """Records a person's word, in each session that has it. Raises `RunNotFound` for an id that fits none or several,
    `SessionError` where an owner does not answer, and `NotNow` or `OwnerRefused` for one that was resolved meanwhile.
    """
    found = found_by(project, name)
    settle_in(found.folders, found.conflict.id, reason)
    answer(_("{id} is settled").format(id=found.conflict.id))
    return 0


def settle_in(folders: Iterable[SessionFolder], conflict: str, reason: str) -> None:
    """Tries all of them before it raises what one of them did. Where it is settled in one, it may have been resolved
    meanwhile in another."""
    from subagents.serve.rpc.question import OwnerRefused

    about = {"conflict": conflict, "reason": reason}
    settled, errors = False, list[SubagentsError]()
    for folder in folders:
        try:
            ask_or_record(folder, "settle", about, lambda head: settle(head.conflicts, **about))
        except (NotNow, OwnerRefused, SessionError) as error:
            errors.append(error)
        else:
            settled = True
    errors = [error for error in errors if not (settled and _was_resolved(error))]
    if errors:
        raise errors[0]


def _was_resolved(error: SubagentsError) -> bool:
    """Whether that is why: an owner names the error that it met."""
    return isinstance(error, NotNow) or getattr(error, "kind", "") == NotNow.__name__


def found_by(project: Project, name: str) -> Open:
    """The one with this id, or the beginning of one that fits no other."""
    known = open_conflicts(project)
    found = [each for each in known if name and each.conflict.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(each.conflict.id for each in found or known) or _("none")
    text = _("There is no one conflict {name}; there are: {ids}.")
    raise RunNotFound(text.format(name=quoted(name), ids=ids))


def open_conflicts(project: Project) -> Sequence[Open]:
    """Those of all sessions that can be read, each once."""
    known = [(folder, state) for folder in sessions(project) if (state := _state(folder)) is not None]
    found: dict[str, Open] = {}
    for place, conflict in still_open([state.conflicts for _folder, state in known]):
        folder, state = known[place]
        seen = found.setdefault(conflict.id, Open(conflict, state, ()))
        found[conflict.id] = replace(seen, folders=(*seen.folders, folder))
    return [*found.values()]


def _state(folder: SessionFolder) -> SessionState | None:
    """None of a session that cannot be read, or was put aside."""
    state = examine(folder).state
    return state if state is not None and not state.header.archived else None
