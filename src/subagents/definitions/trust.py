"""Which files a user trusted, as they were then: by path and the SHA-256 of their bytes, in the user's state.

What a project's file names, such as a program, is carried out only while the file is the one that was trusted. It is
the user's decision and never stands in a repository; it holds for every checkout at that path, and for no other.
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
from subagents.errors import TrustError
from subagents.language import _
from subagents.places import state_home
from subagents.spec import DefinitionSource

FILE = "trusted.json"
MOST_BYTES = 1_000_000  # of a file that is read; a definition may not be longer


class Trusted(msgspec.Struct, frozen=True):
    """A file as it was when somebody trusted it. `digest` is its SHA-256 in hexadecimal, `at` are seconds
    since the epoch."""

    path: str
    digest: str
    at: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the file is still that one."""
        with suppress(OSError):
            return digest_of(Path(self.path)) == self.digest
        return False


class _Kept(msgspec.Struct, frozen=True):
    files: tuple[Trusted, ...] = ()


def is_trusted(source: DefinitionSource) -> bool:
    """Whether the user trusted this file with just these bytes. What cannot be read was not trusted."""
    with suppress(TrustError):
        kept = _read().get(_place(source.path))
        return kept is not None and bool(source.digest) and kept.digest == source.digest
    return False


def all_trusted() -> Sequence[Trusted]:
    """All that were trusted, by path. Raises `TrustError` when what is kept cannot be read."""
    return sorted(_read().values(), key=lambda each: each.path)


def trust(paths: Sequence[Path]) -> Sequence[Trusted]:
    """Trusts the files as they are now. Raises `TrustError`, and then none was."""
    now = time.time()
    new = [Trusted(_place(str(path)), _digest(path), now) for path in paths]
    with _alone():
        _write({**_read(), **{each.path: each for each in new}})
    return new


def revoke(paths: Sequence[Path]) -> Sequence[Trusted]:
    """Trusts them no longer; answers those that were. A file need not exist any more. Raises `TrustError`."""
    places = {_place(str(path)) for path in paths}
    with _alone():
        kept = _read()
        gone = [kept[place] for place in sorted(places & kept.keys())]
        if gone:
            _write({path: each for path, each in kept.items() if path not in places})
    return gone


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, as `DefinitionSource.digest` has it. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(MOST_BYTES + 1)).hexdigest()


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


# --- what is kept


def _read() -> Mapping[str, Trusted]:
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
    return {each.path: each for each in kept.files}


def _write(files: Mapping[str, Trusted]) -> None:
    """Whole or not at all, and readable only by the user."""
    path = state_home() / FILE
    ordered = tuple(sorted(files.values(), key=lambda each: each.path))
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
