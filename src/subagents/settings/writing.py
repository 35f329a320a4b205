"""Changes a settings file: one value set or taken out, everything else in it as it was, to the last comment.

The new file takes the old one's place whole or not at all, and processes that write at once lose nothing of each other.
"""

from __future__ import annotations

import errno
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from subagents import atomic
from subagents.errors import SettingsFileError
from subagents.language import _
from subagents.settings import files
from subagents.settings.possible import Value

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

BOM = "\ufeff"

_LONE_LINE_END = re.compile(r"(?<!\r)\n")


def change(
    path: Path,
    changes: Mapping[str, Value | None],
    within: Path | None = None,
    may_write: Callable[[Path], bool] | None = None,
) -> None:
    """Sets each of these in the file, or takes it out where it is None; what is not there already is no error.

    A file or folder that is missing is made when there is something to set. A link is followed, but with `within` not
    out of that folder. `may_write` tells of a file whether its mode lets us. Raises `SettingsFileError`, and
    then nothing was changed.
    """
    place = Path(os.path.realpath(path))
    if within is not None and not place.is_relative_to(os.path.realpath(within)):
        raise SettingsFileError(
            _("{path} is a link to {place}, which is outside of the project; write there yourself.").format(
                path=path, place=place
            )
        )
    try:
        if any(value is not None for value in changes.values()):
            place.parent.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            return
        with atomic.alone_in(place.parent):
            _refuse_write_protected(place, may_write or _may_write)
            old = _old_text(place, changes)
            if (new := _changed(place, old, changes)) != old:
                atomic.replace(place, new.encode("utf-8"))
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsFileError(
            _("{path} cannot be written: {why}. Nothing was changed.").format(path=place, why=why)
        ) from None


def _refuse_write_protected(path: Path, may_write: Callable[[Path], bool]) -> None:
    """Moving another file over it would get round its mode. Raises `PermissionError`."""
    if path.exists() and not may_write(path):
        raise PermissionError(errno.EACCES, _("it is write-protected"))


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _old_text(path: Path, changes: Mapping[str, Value | None]) -> str:
    """What is in the file, byte for byte; "" when there is none. Raises `SettingsFileError` when it is not TOML, and
    where a change would take the place of a section with all that is in it."""
    found = files.read(path)
    if found.trouble:
        where = f"{path}:{found.line}" if found.line else str(path)
        raise SettingsFileError(
            _("{where}: {why}. Put that right first; nothing was changed.").format(
                where=where, why=found.trouble
            )
        )
    for name, value in changes.items():
        if value is not None and _is_section(found.values.get(name)):
            text = _(
                "{path}:{line}: {name!r} is a section; settings stand above all sections. Take it out first."
            )
            raise SettingsFileError(text.format(path=path, line=found.line_of(name), name=name))
    return path.read_bytes().decode("utf-8") if path.exists() else ""


def _is_section(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(each, dict) for each in value)
    )


def _changed(path: Path, old: str, changes: Mapping[str, Value | None]) -> str:
    body = old.removeprefix(BOM)
    new = _edited(body, changes)
    if "\r\n" in body and not _LONE_LINE_END.search(body):
        new = _LONE_LINE_END.sub("\r\n", new)
    if not _says(new, body, changes):
        text = _("{path} is written in a way that can be read but not changed here; edit it yourself.")
        raise SettingsFileError(text.format(path=path))
    return old[: len(old) - len(body)] + new


def _edited(body: str, changes: Mapping[str, Value | None]) -> str:
    """The text with the changes; as it was where the library that keeps comments cannot read it."""
    import tomlkit

    try:
        document = tomlkit.parse(body)
        _apply(document, changes)
        return tomlkit.dumps(document)
    except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError):
        return body


def _apply(document: TOMLDocument, changes: Mapping[str, Value | None]) -> None:
    for name, value in changes.items():
        if value is not None:
            document[name] = list(value) if isinstance(value, tuple) else value
        elif name in document:
            del document[name]


def _says(new: str, old: str, changes: Mapping[str, Value | None]) -> bool:
    """Whether it reads as the old one with these changes."""
    kept = {name: value for name, value in tomllib.loads(old).items() if name not in changes}
    added = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in changes.items()
        if value is not None
    }
    try:
        return repr(sorted(tomllib.loads(new).items())) == repr(sorted((kept | added).items()))
    except (ValueError, RecursionError):
        return False
