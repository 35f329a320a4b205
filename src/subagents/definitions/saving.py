"""Definition files are replaced whole or not at all, and never through a link that leaves their folder."""

from __future__ import annotations

import os
from pathlib import Path

from subagents.atomic import beside
from subagents.language import _


class LinkedElsewhere(OSError):
    """The file is a link out of its folder: what it points to is not ours to change."""

    def __init__(self, path: Path, target: Path) -> None:
        message = _("it is a link to {target}, outside of its folder; change the file there")
        super().__init__(0, message.format(target=target), str(path))


class ChangedMeanwhile(OSError):
    """Somebody else wrote to the file since it was read."""

    def __init__(self, path: Path) -> None:
        super().__init__(0, _("somebody else changed it just now; call it again"), str(path))


def save(path: Path, text: str, *, overwrite: bool, was: str | None = None) -> None:
    """Writes a file beside the place and moves it there, with the mode of what it replaces.

    `was` is what stood in the file when the text was made of it; None where it was made of nothing. Makes the folder.
    Raises `OSError`: `FileExistsError` when something is there that may not be overwritten, `LinkedElsewhere`,
    `ChangedMeanwhile`, or what the system says.
    """
    _make_folder(path.parent)
    real = inside(path) if overwrite else path
    with beside(real, text.encode("utf-8")) as made:
        # As late as can be: an editor asks for no lock.
        if was is not None and real.read_bytes() != was.encode("utf-8"):
            raise ChangedMeanwhile(path)
        if overwrite:
            made.replace(real)
        else:
            _move_where_nothing_is(made, real)


def inside(path: Path) -> Path:
    """The file itself where `path` is a link within its folder. Raises `LinkedElsewhere` and `PermissionError`."""
    real = Path(os.path.realpath(path))
    if real.parent != Path(os.path.realpath(path.parent)):
        raise LinkedElsewhere(path, real)
    # Moving another file over it would get round its mode.
    if real.exists() and not os.access(real, os.W_OK):
        raise PermissionError(0, _("it may not be written"), str(path))
    return real


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(0, _("{folder} is no folder").format(folder=folder), str(folder)) from None


def _move_where_nothing_is(made: Path, path: Path) -> None:
    """A link, unlike a move, is refused where something is already; not every file system has links."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(path):
            raise FileExistsError(0, _("something is there already"), str(path)) from None
        made.replace(path)
