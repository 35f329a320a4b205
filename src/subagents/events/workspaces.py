"""Where runs work, and where they meet there."""

from __future__ import annotations

from subagents.conflict import ConflictKind, ConflictPlace, ResolvedBy
from subagents.events.fact import Event, RunEvent
from subagents.ids import RunId


class WorkspaceOpened(RunEvent, frozen=True, kw_only=True):
    """A place is ready. Of one of the run's own, `repository` is the checkout that it was made from, and `base` the
    commit that the work there is compared with."""

    root: str
    isolation: str
    repository: str = ""
    base: str = ""


class WorkspaceClosed(RunEvent, frozen=True, kw_only=True):
    """The place is no longer the run's. Of one of its own: `branch` of `repository` has the work, "" where there was
    none, and the figures compare it with `base`; `archived` is a folder with ignored files, `preserved` the place
    itself where it had to stay, and `why` the reason. `dropped` is a ref with commits that were made and left, and
    `discarded` the commit that a branch was at which a person discarded."""

    repository: str = ""
    base: str = ""
    branch: str = ""
    commits: int = 0
    files: int = 0
    insertions: int = 0
    deletions: int = 0
    archived: str = ""
    preserved: str = ""
    why: str = ""
    dropped: str = ""
    discarded: str = ""

    @property
    def synced(self) -> bool:
        return bool(self.branch or self.preserved or self.archived or self.why)


class ConflictDetected(Event, frozen=True, kw_only=True):
    """Two runs meet, or a run alone meets what is committed in the checkout that its worktree was made from. The same
    `conflict` again tells of other places. `heads` are the commits that were checked out on either side, none for runs
    in one tree. Where the last of `runs` is of another session, `stranger` is what its agent is called, "" otherwise.
    """

    conflict: str
    runs: tuple[RunId, ...]
    kind: ConflictKind
    places: tuple[ConflictPlace, ...]
    heads: tuple[str, ...] = ()
    stranger: str = ""


class ConflictResolved(Event, frozen=True, kw_only=True):
    """It is none any more, or a person says so. `reason` is their word, "" where nobody said anything."""

    conflict: str
    by: ResolvedBy
    reason: str = ""
