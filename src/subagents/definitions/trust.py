"""Which files a user trusted, as they were then: by project, path and the SHA-256 of their bytes, in the user's state.

What a project's file names, such as a program, is carried out only while the file is the one that was trusted, and in
the project that it was trusted for: a relative path in it means another program elsewhere. It is the user's decision
and never stands in a repository; it holds for every checkout at that path, and for no other.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from subagents import atomic
from subagents.contents import first_bytes
from subagents.definitions.dialects.homes import project_homes
from subagents.errors import TrustError
from subagents.language import _
from subagents.places import PROJECT_FOLDER, project_root, state_home
from subagents.spec import DefinitionSource

FILE = "trusted.json"
MOST_BYTES = 1_000_000  # of a file that is read; a definition may not be longer


class Trusted(msgspec.Struct, frozen=True):
    """A file as it was when somebody trusted it, for runs of a project, which is its root. `path` and `project` lead
    over no links, `digest` is the SHA-256 in hexadecimal, `at` are seconds since the epoch."""

    path: str
    digest: str
    at: float = 0.0
    project: str = ""  # "" stands in older lists, and trusts nothing

    @property
    def holds(self) -> bool:
        """Whether the file is still that one."""
        with suppress(OSError):
            return digest_of(Path(self.path)) == self.digest
        return False


#: By whose it is: a file may be trusted for several projects that link to it.
_Key = tuple[str, str]


class _Kept(msgspec.Struct, frozen=True):
    files: tuple[Trusted, ...] = ()


def is_trusted(source: DefinitionSource, project: str | Path) -> bool:
    """Whether the user trusted this file with just these bytes for this project, and the file still has them.

    What cannot be read was not trusted.
    """
    with suppress(TrustError):
        kept = _read().get((_place(source.path), _place(str(project))))
        return kept is not None and bool(source.digest) and kept.digest == source.digest and kept.holds
    return False


def all_trusted() -> Sequence[Trusted]:
    """All that were trusted, by path. Raises `TrustError` when what is kept cannot be read."""
    return sorted(_read().values(), key=_key)


def as_it_is(path: Path, project: str | Path) -> Trusted:
    """The file as it is now, to be looked at before it is trusted. Raises `TrustError`."""
    return Trusted(_place(str(path)), _digest(path), time.time(), _place(str(project)))


def trust(files: Sequence[Trusted]) -> None:
    """Trusts the files as they were looked at. Raises `TrustError`, and then none was."""
    with _alone():
        _write({**_read(), **{_key(each): each for each in files}})


def revoke(paths: Sequence[Path]) -> Sequence[Trusted]:
    """Trusts them no longer, for no project; answers those that were. A file need not exist any more.

    Raises `TrustError`.
    """
    places = {_place(str(path)) for path in paths}
    with _alone():
        kept = _read()
        gone = [each for each in kept.values() if each.path in places]
        if gone:
            _write({key: each for key, each in kept.items() if each.path not in places})
    return sorted(gone, key=_key)


def project_of(path: Path) -> Path:
    """The root of the project whose agents' folder the file is in, as its path is written; else of its folder's."""
    whole = Path(
        os.path.normpath(Path.cwd() / path)
    )  # a link is not followed: it may lead out of the project
    for place in whole.parents:
        homes = (place / PROJECT_FOLDER / "agents", *(home.path for home in project_homes(place)))
        if any(whole.is_relative_to(home) for home in homes):
            return project_root(place)
    return project_root(whole.parent)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, as `DefinitionSource.digest` has it. Raises `OSError`, also for what is no file: a pipe in
    its place would never end."""
    return hashlib.sha256(first_bytes(path, MOST_BYTES + 1)).hexdigest()


def _digest(path: Path) -> str:
    if not path.is_file():
        raise TrustError(_("There is no file {path!r} to trust.").format(path=str(path)))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TrustError(_("{path} is longer than {n:,} bytes.").format(path=path, n=MOST_BYTES))
        return digest_of(path)
    except OSError as error:
        raise TrustError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None


def _place(path: str) -> str:
    return os.path.realpath(path)


def _key(each: Trusted) -> _Key:
    return each.path, each.project


# --- what is kept


def _read() -> Mapping[_Key, Trusted]:
    path = state_home() / FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TrustError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = _("{path} holds no list of trusted files; move it away, and trust them again.")
        raise TrustError(text.format(path=path)) from None
    return {_key(each): each for each in kept.files if each.project}


def _write(files: Mapping[_Key, Trusted]) -> None:
    """Whole or not at all, and readable only by the user."""
    path = state_home() / FILE
    ordered = tuple(sorted(files.values(), key=_key))
    data = msgspec.json.format(msgspec.json.encode(_Kept(ordered)), indent=2) + b"\n"
    with _refusals(path):
        atomic.replace(path, data, mode=0o600)


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time."""
    folder = state_home()
    with _refusals(folder), ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stack.enter_context(atomic.alone_in(folder))
        yield


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What the system refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        text = _("{path} cannot be written: {why}.").format(path=path, why=error.strerror or error)
        raise TrustError(text) from None
