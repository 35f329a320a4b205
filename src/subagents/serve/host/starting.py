"""Finding a project's host, or starting one: for the front, for `spawn` and for clients. Standard library only.

<state>/host/lock        the host's own, as long as it is one
<state>/host/starting    held by whoever starts one, so that many who want a host get one
<state>/host/log         what hosts print; for people
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from subagents.errors import SessionError
from subagents.language import _
from subagents.places import Project
from subagents.serve.host.address import LOCK, PROTOCOL, Announced, announced, host_folder
from subagents.serve.rpc.question import OwnerRefused, ask
from subagents.sessions import lock as locks
from subagents.workspaces.processes.ancestry import started_in
from subagents.workspaces.processes.variables import DEPTH, RUN, TREE

TIMEOUT = 15.0  # seconds that finding or starting a host may take
LOOK_EVERY = 0.02  # seconds between two looks at a lock that somebody else holds: flock(2) knows no bound
MAX_LOG = 1_000_000  # bytes of the log that a host goes on with; a longer one is begun anew
MAX_REASON = 500  # characters of what a host printed that an error repeats

_PREFIX = "SUBAGENTS_"
# What decides which models can be had; a host that was started without them could not ask them.
_KEYS = ("_API_KEY", "_BASE_URL")


def own_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a host must know of its caller's environment: our settings, and the run that the caller is a command of."""
    environ = os.environ if environ is None else environ
    ours = {name: value for name, value in environ.items() if name.startswith(_PREFIX)}
    above = started_in(environ)
    return ours | {name: above[name] for name in (RUN, TREE, DEPTH) if name in above}


def keys_digest(environ: Mapping[str, str]) -> str:
    """The same for environments that open the same models with the same keys."""
    told = sorted((name, value) for name, value in environ.items() if name.endswith(_KEYS) and value)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16] if told else ""


def connected(project: Project, *, timeout: float = TIMEOUT, start: bool = True) -> socket.socket:
    """A stream to the project's host, which is started where there is none. One of an older version is asked to finish
    what it has, and so is one with other keys for models that has nothing in progress.

    Raises `SessionError`, which says why there is none; without `start` also where none is running.
    """
    deadline = time.monotonic() + timeout
    if (found := _usable(project, deadline)) is not None:
        return found
    if not start:
        raise _none(project)
    with _starting(project, deadline):
        # Somebody else may have started one while we waited; one that cannot be reached any more notices it soon.
        while (found := _usable(project, deadline)) is None and _holder(project) is not None:
            if time.monotonic() > deadline:
                raise _none(project)
            time.sleep(LOOK_EVERY)
        return found or _started(project, deadline)


def _holder(project: Project) -> int | None:
    """The process that is the host, whether or not it can be reached; 0 for one that is not known yet."""
    return locks.holder(host_folder(project) / LOCK)


def _none(project: Project) -> SessionError:
    if (pid := _holder(project)) is None:
        text = _("No host runs for {project}; start one with: subagents serve")
        return SessionError(text.format(project=project.root))
    text = _("The host of {project}, process {pid}, does not answer; if it stays so, end it with: kill {pid}")
    return SessionError(text.format(project=project.root, pid=pid))


# --- one that is there


def _usable(project: Project, deadline: float) -> socket.socket | None:
    """A stream to a host that we can speak to; None when there is none, or it has just made room for another."""
    if (said := announced(project)) is None or _holder(project) is None:
        return None  # what stands there is of one that died, whoever listens on its socket now
    if said.protocol > PROTOCOL:
        _refuse_later(project, said, deadline)
        return None
    outdated = said.protocol < PROTOCOL or _is_older(said.version, _own_version())
    unfit = outdated or said.keys != keys_digest(os.environ)
    if unfit and _made_room(said, deadline, if_idle=not outdated):
        return None
    return _line_to(said.socket, deadline)


def _refuse_later(project: Project, said: Announced, deadline: float) -> None:
    """Nothing where it is dead. Raises `SessionError` for one that speaks a later language than we do."""
    if (line := _line_to(said.socket, deadline)) is None:
        return
    line.close()
    text = _(
        "The host of {project} (process {pid}, version {theirs}) speaks a later protocol than this version, {ours}: "
        "update this one."
    )
    raise SessionError(
        text.format(project=project.root, theirs=said.version, pid=said.pid, ours=_own_version())
    )


def _line_to(path: str, deadline: float) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        line.connect(path)
        line.settimeout(None)
    except OSError:
        line.close()
        return None
    return line


def _made_room(said: Announced, deadline: float, *, if_idle: bool) -> bool:
    """Whether it is the project's host no more: it goes on with what it has in progress and takes nothing new."""
    if (line := _line_to(said.socket, deadline)) is None:
        return True
    try:
        with contextlib.closing(line), contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return bool(ask(line, "retire", {"if_idle": if_idle}, deadline)["retired"])
    except OwnerRefused as refused:
        raise SessionError(str(refused)) from None
    return True


def _is_older(theirs: str, ours: str) -> bool:
    return _numbers(theirs) < _numbers(ours)


def _numbers(version: str) -> tuple[int, ...]:
    """Of `0.12.3rc1` (0, 12, 3): what follows a number is no reason to end a host."""
    found = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


def _own_version() -> str:
    import subagents

    return subagents.__version__


# --- starting one


@contextlib.contextmanager
def _starting(project: Project, deadline: float) -> Iterator[None]:
    """One process at a time. Raises `SessionError` at the deadline, and where the folder cannot be used."""
    folder = host_folder(project)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(folder / "starting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SessionError(
            _("No host can be started: {path}: {why}; name another folder with SUBAGENTS_STATE").format(
                path=error.filename, why=error.strerror
            )
        ) from error
    try:
        _flock(file, folder, deadline)
        yield
    finally:
        os.close(file)


def _flock(file: int, folder: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                text = _("Another process has been starting a host for long; {log} may say why.")
                raise SessionError(text.format(log=folder / "log")) from None
            time.sleep(LOOK_EVERY)


def _started(project: Project, deadline: float) -> socket.socket:
    import subprocess

    folder = host_folder(project)
    readable, writable = os.pipe()
    try:
        with _log(folder) as log:
            # The program forks: what is waited for here is only its first half, so that no dead child is left to us.
            subprocess.run(
                [sys.executable, "-m", "subagents", "serve", "--ready", str(writable)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=project.root if project.root.is_dir() else folder,
                env=_environment(),
                pass_fds=(writable,),
                timeout=max(0.1, deadline - time.monotonic()),
                check=False,
            )
        os.close(writable)
        writable = -1
        said = _await_ready(readable, deadline)
    except (OSError, subprocess.SubprocessError) as error:
        raise _not_started(folder, str(error)) from error
    finally:
        os.close(readable)
        if writable >= 0:
            os.close(writable)
    line = _line_to(said, deadline) if said else None
    if line is None:
        raise _not_started(folder, _last_words(folder))
    return line


def _await_ready(readable: int, deadline: float) -> str:
    """The path of its socket; "" when it ended, or the time is over, before it said one."""
    said = b""
    while not said.endswith(b"\n"):
        if not select.select([readable], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return ""
        if not (piece := os.read(readable, 4096)):
            return ""
        said += piece
    return os.fsdecode(said[:-1])


@contextlib.contextmanager
def _log(folder: Path) -> Iterator[int]:
    path = folder / "log"
    begun_anew = path.exists() and path.stat().st_size > MAX_LOG
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_TRUNC if begun_anew else 0)
    file = os.open(path, flags, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _environment() -> dict[str, str]:
    """A host belongs to no run, also where a run's command was the first to want one."""
    return {name: value for name, value in os.environ.items() if name not in (RUN, TREE, DEPTH)}


def _not_started(folder: Path, why: str) -> SessionError:
    text = _("The host did not start: {why} ({log} has what it printed)")
    return SessionError(text.format(why=why or _("it gave no reason"), log=folder / "log"))


def _last_words(folder: Path) -> str:
    with contextlib.suppress(OSError):
        lines = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line[:MAX_REASON] for line in reversed(lines) if line.strip()), "")
    return ""
