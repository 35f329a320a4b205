"""What is done first by commands that change what is kept: the runs of owners that died get their endings."""

from __future__ import annotations

from subagents.cli.streams import say
from subagents.language import _
from subagents.places import Project
from subagents.sessions import folder as folders
from subagents.sessions.folder import SessionFolder


def recover(project: Project) -> None:
    """Records what owners that died left unsaid, and ends the commands that they left running.

    Before anything else takes a lock: whoever releases one wipes out that its last owner had died.
    """
    if not folders.abandoned(project):
        return
    import anyio

    from subagents.abandoned import recover_abandoned

    say(*anyio.run(recover_abandoned, project.root))


def damaged_logs(folder: SessionFolder) -> list[str]:
    """A sentence for each damaged log that was set aside there."""
    beside = sorted(folder.path.glob(f"{folder.log.name}.damaged-*"))
    return [
        _("A damaged log was set aside: {path}").format(path=path)
        for path in beside
        if not path.name.endswith(("-wal", "-shm"))
    ]
