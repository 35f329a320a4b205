"""A settings file as it is read: its values, the lines they stand on, and what is wrong with the file as a whole.

TOML (https://toml.io/en/v1.0.0), one setting a line, no sections. A file that cannot be read is told and has no
values; none is an error.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from subagents.contents import first_bytes
from subagents.language import _
from subagents.places import Project, user_home
from subagents.toml_text import has_too_many_dots, lines_of_keys

FILE = "settings.toml"
MOST_BYTES = 256 * 1024  # a file of every setting with long comments has a twentieth of it

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END = " (at end of document)"


@dataclass(frozen=True)
class SettingsFile:
    """What a file says; `trouble` is the sentence on why it says nothing, and `line` where, 0 where that is unknown."""

    path: Path
    values: Mapping[str, object] = field(default_factory=dict)
    trouble: str = ""
    line: int = 0
    text: str = ""

    def line_of(self, name: str) -> int:
        """The line that sets it, from 1; 0 when that cannot be told."""
        return self._lines.get(name, 0)

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        return {} if self.trouble else lines_of_keys(self.text)


def user_file() -> Path:
    """The user's settings, for all projects."""
    return user_home() / FILE


def project_file(project: Project) -> Path:
    """The project's, for all who work on it."""
    return project.folder / FILE


def read(path: Path) -> SettingsFile:
    """The file as it is now; one that is missing has no values and no trouble."""
    try:
        raw = content(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return SettingsFile(path, trouble=_("it is a link to nothing") if path.is_symlink() else "")
    except OSError as error:
        return SettingsFile(path, trouble=_("it cannot be read: {why}").format(why=error.strerror or error))
    try:
        # Editors of another system may mark the text as UTF-8 by a first character that is none of it.
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return SettingsFile(path, trouble=_("it is not UTF-8 text; save it as UTF-8"), line=line)
    values, trouble, line = _parsed(text)
    return SettingsFile(path, values, trouble, line, text)


def content(path: Path, most: int) -> bytes:
    """What is in the file. Raises `OSError` with a reason, also for what is longer than `most` bytes."""
    raw = first_bytes(path, most + 1)
    if len(raw) > most:
        raise OSError(errno.EFBIG, _("it is longer than {n} KiB").format(n=most // 1024))
    return raw


def _parsed(text: str) -> tuple[dict[str, object], str, int]:
    """The values, or what is wrong and on which line, 0 where that is unknown."""
    if has_too_many_dots(text):
        return {}, _("a line has too many dots"), 0
    import tomllib  # most find no file

    try:
        return tomllib.loads(text), "", 0
    except RecursionError:
        return {}, _("it is nested too deeply"), 0
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        if at := _AT_LINE.search(said):
            return {}, _not_toml(said[: at.start()]), int(at[1])
        return {}, _not_toml(said.removesuffix(_AT_END)), len(text.splitlines())
    except ValueError:
        # Python refuses to read numbers of thousands of digits.
        return {}, _("it has a number that is too long"), 0


def _not_toml(why: str) -> str:
    return _("it is not TOML: {why}").format(why=why[:1].lower() + why[1:])
