"""The workspace that isolates nothing: the run works in the user's own folder."""

from __future__ import annotations

import os
from pathlib import Path

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.base import SHARED, OpenWorkspace


class SharedWorkspaces:
    """Runs work in the folder they were asked to work in, side by side with everyone else there."""

    async def open(self, cwd: Path, run: str) -> OpenWorkspace:
        root = await anyio.to_thread.run_sync(_usable, cwd)
        return OpenWorkspace(root=root, isolation=SHARED)

    async def close(self, opened: OpenWorkspace) -> None:
        """Nothing was made, so nothing is removed."""


def _usable(cwd: Path) -> Path:
    """The folder with its links followed, or the reason why no run can work in it."""
    try:
        root = cwd.resolve(strict=True)
    except FileNotFoundError:
        raise _unusable(cwd, _("it does not exist (any more)")) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise _unusable(cwd, _("it cannot be reached: {error}").format(error=error)) from error
    if not root.is_dir():
        raise _unusable(cwd, _("it is not a folder"))
    if not os.access(root, os.R_OK | os.X_OK):
        raise _unusable(cwd, _("it may not be read"))
    return root


def _unusable(cwd: Path, why: str) -> WorkspaceError:
    sentence = _("No run can work in {path}: {why}. Name an existing folder that you may read.")
    return WorkspaceError(sentence.format(path=repr(str(cwd)), why=why))
