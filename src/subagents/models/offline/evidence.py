"""What the tools returned, read back: matching lines by file, how often each term occurs, windows of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_MATCH = re.compile(r"(?P<path>[^\n:]+):(?P<line>\d+):[ \t]?(?P<text>.*)")
_LEFT_OUT = re.compile(r"\[(?:at least )?(\d[\d,]*) more match")
_READ_LINE = re.compile(r" *(\d+)\t(.*)")
_DEFINITION = re.compile(
    r"\s*(?:@\w+\s+)?(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\(\w+\))?"
    r"|unsafe|extern|inline|virtual|override|open|data|sealed)\s+)*"
    r"(?:def|class|func|fn|function\*?|interface|struct|enum|trait|impl|type|protocol|module|object|record|fun|sub"
    r"|namespace)\s+(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$][\w$]*)"
)
_CONSTANT = re.compile(
    r"(?:(?:export|static|final|pub|const|let|var|val)\s+)*(?P<name>[A-Za-z_]\w*)\s*(?::[^=]+)?=[^=]"
)

DEFINITION_SEARCH = r"^\s*(?:\w+\s+){0,3}(?:def|class|func|fn|function|interface|struct|enum|trait|fun)\s+"
"""What a line that defines something starts with, for `grep`."""


@dataclass(frozen=True, slots=True)
class Match:
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Matches:
    """A result of `grep`: what was shown, and how many there were in all."""

    shown: tuple[Match, ...]
    total: int


def read_matches(result: str) -> Matches:
    """The matches in a result of `grep`; none in an error."""
    if is_error(result):
        return Matches((), 0)
    shown = []
    left_out = 0
    for line in result.splitlines():
        if found := _LEFT_OUT.match(line):
            left_out = int(found[1].replace(",", ""))
        elif found := _MATCH.match(line):
            shown.append(Match(_tidy(found["path"]), int(found["line"]), found["text"]))
    return Matches(tuple(shown), len(shown) + left_out)


def read_paths(result: str) -> tuple[str, ...]:
    """The paths in a result of `find`."""
    if is_error(result):
        return ()
    lines = (line.strip() for line in result.splitlines())
    return tuple(_tidy(line) for line in lines if line and not line.startswith(("[", "No ")))


def read_lines(result: str) -> dict[int, str]:
    """The lines in a result of `read`, by their numbers."""
    if is_error(result):
        return {}
    found = map(_READ_LINE.fullmatch, result.splitlines())
    return {int(line[1]): line[2] for line in found if line}


def is_error(result: str) -> bool:
    return result.startswith("Error:")


def _tidy(path: str) -> str:
    return path.removeprefix("./")


def defined_name(text: str) -> str | None:
    """The name that a line of code defines: of a function or a type, or a constant at the left margin."""
    found = _DEFINITION.match(text) or _CONSTANT.match(text)
    return found["name"] if found else None


def is_block(text: str) -> bool:
    """Whether a line of code begins a function or a type."""
    return _DEFINITION.match(text) is not None


@dataclass
class Evidence:
    """All that was found so far. `samples` are the results of searches for one pattern each."""

    lines: dict[str, dict[int, str]] = field(default_factory=dict)
    paths: dict[str, None] = field(default_factory=dict)
    samples: dict[str, Matches] = field(default_factory=dict)
    windows: dict[str, dict[int, str]] = field(default_factory=dict)
    searches: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, tool: str, arguments: Mapping[str, Any], result: str) -> None:
        """What a tool returned; an error is kept as that."""
        self.searches += tool in ("grep", "find", "read")
        if is_error(result):
            self.errors.append(result.removeprefix("Error:").strip().split("\n")[0])
            return
        match tool:
            case "grep":
                matches = read_matches(result)
                pattern = str(arguments.get("pattern"))
                if not self.total(pattern):  # the first search of a pattern is in code alone
                    self.samples[pattern] = matches
                self.add_matches(matches.shown)
            case "find":
                self.add_paths(read_paths(result))
            case "read":
                self.add_window(str(arguments.get("path")), read_lines(result))
            case _:
                pass

    def total(self, pattern: str) -> int:
        """How many lines a pattern was found in."""
        return self.samples[pattern].total if pattern in self.samples else 0

    def add_matches(self, matches: Iterable[Match]) -> None:
        for match in matches:
            self.paths.setdefault(match.path)
            self.lines.setdefault(match.path, {})[match.line] = match.text

    def add_paths(self, paths: Iterable[str]) -> None:
        self.paths.update(dict.fromkeys(paths))

    def add_window(self, path: str, lines: Mapping[int, str]) -> None:
        if lines:
            self.paths.setdefault(path)
            self.windows.setdefault(path, {}).update(lines)
