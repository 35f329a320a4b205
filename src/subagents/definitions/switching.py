"""The text of a definition switched off and on: one line changes, all else stays byte for byte. Pure.

Whether it is off only `parse` decides, before and after; an edit that does not come to exactly that is not made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from subagents.definitions import frontmatter
from subagents.definitions.frontmatter import BadFrontMatter, Sections
from subagents.definitions.model import AgentDefinition
from subagents.definitions.parse import parse
from subagents.spec import DefinitionSource


class Switch(StrEnum):
    """What became of the wish."""

    DONE = "done"
    ALREADY = "already"
    NO_FRONT_MATTER = "no front matter"
    UNREADABLE = "unreadable"
    OTHERWISE_WRITTEN = "otherwise written"


@dataclass(frozen=True, slots=True)
class Switched:
    """`text` is the new one, or unless it is done, the old. `line` is where `enabled` stands, from 1; 0 for nowhere.

    `why` says what is wrong with an unreadable one. `stub` is true when the text was `STUB`.
    """

    outcome: Switch
    text: str
    line: int = 0
    why: str = ""
    stub: bool = False


STUB = "---\nenabled: false\n---\n"
_WITH_BLANK = "---\nenabled: false \n---\n"

_FALSE = re.compile(r"enabled[ \t]*:[ \t]+false[ \t]*\r?\n?")
_FALSE_AND_COMMENT = re.compile(r"(enabled[ \t]*:[ \t]+)false([ \t]+#.*)", re.DOTALL)
_ANYTHING = re.compile(r"(enabled[ \t]*:)[ \t]*[^\s#]*(.*)", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def switched_off(text: str) -> Switched:
    """With `enabled: false` as the first key, or in place of what the key said."""
    sections = frontmatter.split(text)
    agent, why = _read(text)
    if agent is None:
        return Switched(Switch.UNREADABLE, text, why=why)
    if not agent.enabled:
        return Switched(Switch.ALREADY, text, line=_line(sections))
    if not sections.fenced:
        return Switched(Switch.NO_FRONT_MATTER, text)
    line = _line(sections)
    block = _at(sections.block, line, _said_false) if line else _first(sections)
    changed = _joined(sections, block)
    # A blank tells a file that was there from the stub, so that switching it on does not delete it.
    changed = _WITH_BLANK if changed == STUB else changed
    return _checked(text, changed, replace(agent, enabled=False), line)


def switched_on(text: str) -> Switched:
    """Without the line `enabled: false`, wherever it stands among the keys; one with a comment says true instead."""
    sections = frontmatter.split(text)
    agent, why = _read(text)
    if agent is None:
        return Switched(Switch.UNREADABLE, text, why=why)
    if agent.enabled:
        return Switched(Switch.ALREADY, text, line=_line(sections))
    line = _line(sections)
    block = _at(sections.block, line, _not_false)
    switched = _checked(text, _joined(sections, block), replace(agent, enabled=True), line)
    return replace(switched, stub=switched.outcome is Switch.DONE and text == STUB)


# --- one line


def _said_false(line: str) -> str:
    return _ANYTHING.sub(r"\1 false\2", line, count=1) if _ANYTHING.match(line) else line


def _not_false(line: str) -> str:
    if _FALSE.fullmatch(line):
        return ""
    return _FALSE_AND_COMMENT.sub(r"\1true\2", line) if _FALSE_AND_COMMENT.fullmatch(line) else line


def _first(sections: Sections) -> str:
    ending = "\r\n" if sections.opening.endswith("\r\n") else "\n"
    return f"enabled: false{ending}{sections.block}"


def _at(block: str, line: int, change: Callable[[str], str]) -> str:
    """The block with the file's line of that number changed; the opening fence is the first line of the file."""
    lines = _LINE.findall(block)
    if 0 <= line - 2 < len(lines):
        lines[line - 2] = change(lines[line - 2])
    return "".join(lines)


def _joined(sections: Sections, block: str) -> str:
    return f"{sections.opening}{block}{sections.closing}{sections.body}"


# --- what the parser says of it


def _read(text: str) -> tuple[AgentDefinition | None, str]:
    parsed = parse(text, DefinitionSource("agent.md", "", ""))
    problem = parsed.problems[0] if parsed.problems else None
    if problem is None:
        return parsed.definition, ""
    place = "" if problem.line is None else f"line {problem.line}: "
    return parsed.definition, f"{place}{problem.message}"


def _line(sections: Sections) -> int:
    try:
        return frontmatter.read(sections.block).lines.get("enabled", 0)
    except BadFrontMatter:
        return 0


def _checked(text: str, changed: str, wanted: AgentDefinition, line: int) -> Switched:
    agent, _why = _read(changed)
    if agent != wanted:
        return Switched(Switch.OTHERWISE_WRITTEN, text, line=line)
    return Switched(Switch.DONE, changed, line=line)
