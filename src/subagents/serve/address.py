"""Where an owner's socket is, and how others learn of it.

The socket stands in `$XDG_RUNTIME_DIR/subagents`, or in a folder of the user's own below the temporary directory;
its name is the session's. Which of the two it was is written into the session's folder, because who looks for the
owner may have another environment than the owner has.
"""

from __future__ import annotations

import os
import socket as sockets
import stat
import tempfile
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path

from subagents.errors import SessionError
from subagents.language import _

# A socket's path is bounded at 104 bytes on macOS and 108 on Linux (unix(7)), its end included.
MAX_PATH = 100
NOTE = "socket"  # the file in the session's folder that holds the socket's path
MOST_LOOKED_AT = 200  # sockets of others that opening one looks at
YOUNG = 60.0  # seconds; a younger socket may be bound and not listened to yet


def new_socket(session: str) -> Path:
    """A path that a socket of this session can be bound to; its folder exists and is ours alone.

    Raises `SessionError` when there is no such place.
    """
    for folder in _candidates():
        path = folder / f"{session}.sock"
        if len(os.fsencode(path)) < MAX_PATH:
            _own(folder)
            _remove_stale(folder, path)
            return path
    text = _("No folder for a socket has a short enough path; set TMPDIR to one shorter than {folder!r}.")
    raise SessionError(text.format(folder=tempfile.gettempdir()))


def announce(session_folder: Path, socket: Path) -> None:
    """Says where the owner answers; replaces what a dead owner said."""
    note = session_folder / f"{NOTE}.new"
    note.write_bytes(os.fsencode(socket))
    note.replace(session_folder / NOTE)


def withdraw(session_folder: Path, socket: Path) -> None:
    """Takes the socket and the word about it away."""
    (session_folder / NOTE).unlink(missing_ok=True)
    socket.unlink(missing_ok=True)


def announced(session_folder: Path) -> Path | None:
    """Where the session's owner said that it answers; None when nobody said so. It may be dead since."""
    try:
        return Path(os.fsdecode((session_folder / NOTE).read_bytes()))
    except OSError:
        return None


def _remove_stale(folder: Path, ours: Path) -> None:
    """Removes the sockets that owners left who died, as far as a bounded look finds them."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, MOST_LOOKED_AT):
            path = Path(entry.path)
            if path != ours and path.suffix == ours.suffix and _is_stale(path):
                path.unlink(missing_ok=True)


def _is_stale(path: Path) -> bool:
    """Whether it is a socket, of some age, that nobody listens on."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISSOCK(found.st_mode) and time.time() - found.st_mtime > YOUNG:
            return not _is_listened_to(path)
    return False


def _is_listened_to(path: Path) -> bool:
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as line:
        line.setblocking(False)
        try:
            line.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:  # its queue is full, or the like: somebody is there
            return True
    return True


def _candidates() -> list[Path]:
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    given = [runtime / "subagents"] if runtime.is_absolute() and runtime.is_dir() else []
    return [*given, Path(tempfile.gettempdir()) / f"subagents-{os.getuid()}"]


def _own(folder: Path) -> None:
    """Makes the folder, for us alone. Raises `SessionError` for one that somebody else put there first."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        text = _("The folder for sockets cannot be made: {why}.")
        raise SessionError(text.format(why=error)) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        text = _(
            "{folder} is not a folder of yours, so no socket is put there; remove it, or set XDG_RUNTIME_DIR."
        )
        raise SessionError(text.format(folder=folder))
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
