"""What a worktree of a run came to, as it stands in its state."""

from __future__ import annotations

import msgspec

from subagents.events import WorkspaceClosed


class KeptWork(msgspec.Struct, frozen=True, kw_only=True):
    """What a worktree of the run came to; the fields are those of `WorkspaceClosed`."""

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


def kept_in(event: WorkspaceClosed) -> KeptWork | None:
    """What the fact tells of it; None where the place was not the run's own."""
    if not event.repository:
        return None
    return KeptWork(**{name: getattr(event, name) for name in KeptWork.__struct_fields__})
