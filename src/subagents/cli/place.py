"""Where the user is: the working folder, and the project it belongs to."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.places import Project, project_at

if TYPE_CHECKING:
    from subagents.definitions.catalog import AgentCatalog


def folder_at(cwd: str = "") -> Path:
    """The folder to work in, absolute: `cwd` when it is given. Raises `WorkspaceError` when there is none."""
    folder = Path(_here(), at_home(cwd)) if cwd else Path(_here())
    if not folder.is_dir():
        raise WorkspaceError(_("There is no folder {path!r}; name one that exists.").format(path=str(folder)))
    if not os.access(folder, os.R_OK | os.X_OK):
        raise WorkspaceError(_("The folder {path!r} may not be read.").format(path=str(folder)))
    return folder


def at_home(path: str) -> Path:
    """The path with `~` and `~user` resolved; as it is where there is no such user, so that no such file is found."""
    with suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def agents_of(project: Project) -> AgentCatalog:
    """The agents of a project as their files are now, without the packaged ones where a setting hides them."""
    from subagents.definitions.discovery import load
    from subagents.definitions.folders import folders
    from subagents.settings.layers import layered

    return load(folders(project, hide_packaged=layered(project).settings.disable_default_agents))


def project_here() -> Project:
    return project_at(folder_at())


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError as error:
        raise WorkspaceError(
            _("The folder you are in is gone ({why}); change to one that exists.").format(why=error.strerror)
        ) from None
