"""What a worktree of a run came to, as it stands in its state."""

from __future__ import annotations

import msgspec

from subagents.events import WorkspaceClosed


class KeptWork(msgspec.Struct, frozen=True, kw_only=True):
    """What a place of the run's own came to; the fields are those of `WorkspaceClosed`.

    `branch` of `repository` has the work, "" where there was none; the figures compare it with `base`. `archived` is
    the folder with ignored files, "" where there were none. `preserved` is the place itself where it had to stay, for
    the reason `why`: it exists. `why` alone says that something is left to be tidied up, which holds nothing that
    would be lost. `dropped` is a ref of the repository with commits that were made and left, and `discarded` the commit
    that a branch was at which a person discarded.
    """

    repository: str
    base: str
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


def kept_in(event: WorkspaceClosed) -> KeptWork | None:
    """What the fact tells of it; None where the place was not the run's own."""
    if not event.repository:
        return None
    return KeptWork(**{name: getattr(event, name) for name in KeptWork.__struct_fields__})
