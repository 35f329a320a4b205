"""The lock that makes a process the owner of a session, and a look at it that does not touch it.

It is the operating system's, on a file of the session's folder, so that it is gone the moment its process is.
It belongs to the open file, not to the process: on Linux it is an "open file description lock" (fcntl(2)), on
macOS a flock(2), which is the same kind there. Closing another handle on the file frees neither, and
`F_GETLK` sees both without taking anything, so whoever only looks is never in the way of whoever opens.

The file's text, a process id and a program, is for messages to people and decides nothing.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

from subagents.errors import SessionError, SessionLocked, SessionNotFound

MAX_TEXT = 200  # bytes of the file that are looked at

# `struct flock`: type, whence, start, length, pid on Linux; start, length, pid, type, whence on macOS.
_LINUX = "hhqqi4x"
_MACOS = "qqihh"


class SessionLock:
    """A held lock. Releasing it twice is harmless; the end of the process releases it in any case."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        #: Set when the owner could not leave the session in good order: whoever works in the project next then
        #: tidies up as after one that died.
        self.unfinished = False

    def release(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            # Nobody's name in a free lock says that its owner went in good order; see `was_abandoned`.
            if not self.unfinished:
                os.ftruncate(descriptor, 0)
            _ours.pop(_file(os.fstat(descriptor)), None)
            # Closing alone would leave it to a program that is only just being started, until its exec.
            _unlock(descriptor)
            os.close(descriptor)

    def __enter__(self) -> SessionLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def take(path: Path, program: str = "") -> SessionLock:
    """Locks `path`, or raises `SessionLocked`, which says who holds it; `SessionNotFound` when it was removed.

    Children that a program starts don't inherit it. `program` is what the message calls this one.
    """
    if _is_ours(path):
        raise SessionLocked(_taken(path, os.getpid(), "this one"))
    descriptor = _open(path)
    try:
        _lock(descriptor, path)
        # Between opening and locking, somebody may have removed the session that the file belonged to.
        if not _is(descriptor, path):
            raise SessionNotFound(f"the session in {path.parent} was removed a moment ago")
        _ours[_file(os.fstat(descriptor))] = os.getpid()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {program or this_program()}\n".encode()[:MAX_TEXT], 0)
    except BaseException:
        os.close(descriptor)
        raise
    return SessionLock(descriptor)


def holder(path: Path) -> int | None:
    """The process id of whoever holds the lock, None when nobody does. 0 stands for one that is not known yet.

    Takes nothing and changes nothing; also in the process that holds it.
    """
    if _is_ours(path):
        return os.getpid()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return _text(descriptor)[0] if _is_held(descriptor) else None
    finally:
        os.close(descriptor)


def was_abandoned(path: Path) -> bool:
    """Whether the last owner died without releasing the lock, and nobody took it since. Two system calls or three."""
    try:
        return path.stat().st_size > 0 and holder(path) is None
    except OSError:
        return False


def this_program() -> str:
    """What messages call this process: its program and the command, `subagents run`."""
    return " ".join([Path(sys.argv[0] or "python").name, *sys.argv[1:2]])


# Which files this process has locked, and its id, which is another one after a fork. Where a lock belongs to
# the process (see `_fcntl`), it would not see its own, and lose it by looking.
_ours: dict[tuple[int, int], int] = {}


def _is_ours(path: Path) -> bool:
    with suppress(OSError):
        return _ours.get(_file(path.stat())) == os.getpid()
    return False


def _file(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_dev, seen.st_ino


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise SessionNotFound(f"there is no session in {path.parent}") from None
    except OSError as error:
        raise SessionError(f"the session in {path.parent} cannot be opened: {error}") from error


def _lock(descriptor: int, path: Path) -> None:
    try:
        _try_to_lock(descriptor)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise SessionError(f"{path} cannot be locked: {error}") from error
        raise SessionLocked(_taken(path, *_text(descriptor))) from None


def _taken(path: Path, pid: int, program: str) -> str:
    by = f"process {pid} ({program})" if pid else "another process"
    return f"session {path.parent.name!r} is open in {by}; speak to that one, stop it, or begin a session of your own"


def _text(descriptor: int) -> tuple[int, str]:
    """The process id, 0 when there is none, and the program."""
    text = os.pread(descriptor, MAX_TEXT, 0).decode("utf-8", "replace")
    pid, _, program = text.strip().partition(" ")
    return int(pid) if pid.isdecimal() else 0, program


def _is(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


# --- the system calls

if sys.platform == "win32":

    def _try_to_lock(_: int) -> None:
        raise SessionError("sessions need Linux or macOS; on Windows run subagents in WSL")

    def _unlock(_: int) -> None:
        pass

    def _is_held(_: int) -> bool:
        return False

else:
    import fcntl

    def _try_to_lock(descriptor: int) -> None:
        if sys.platform == "linux":
            _fcntl(descriptor, fcntl.F_OFD_SETLK, fcntl.F_SETLK)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        if sys.platform == "linux":
            _fcntl(descriptor, fcntl.F_OFD_SETLK, fcntl.F_SETLK, fcntl.F_UNLCK)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _is_held(descriptor: int) -> bool:
        if sys.platform == "linux":
            kind, *_ = struct.unpack(_LINUX, _fcntl(descriptor, fcntl.F_OFD_GETLK, fcntl.F_GETLK))
        else:
            *_, kind, _whence = struct.unpack(_MACOS, _fcntl(descriptor, fcntl.F_GETLK, fcntl.F_GETLK))
        return bool(kind != fcntl.F_UNLCK)

    def _fcntl(descriptor: int, command: int, older: int, kind: int = fcntl.F_WRLCK) -> bytes:
        """The command for the whole file. Where the kernel lacks it (gVisor), `older` does: that lock belongs to
        the process, and is lost when any of its handles on the file is closed."""
        if sys.platform == "linux":
            wanted = struct.pack(_LINUX, kind, os.SEEK_SET, 0, 0, 0)
        else:
            wanted = struct.pack(_MACOS, 0, 0, 0, kind, os.SEEK_SET)
        try:
            return fcntl.fcntl(descriptor, command, wanted)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return fcntl.fcntl(descriptor, older, wanted)
