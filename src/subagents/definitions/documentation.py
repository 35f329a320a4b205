"""The README's tables about definition files, made from what the parser reads them by."""

from __future__ import annotations

from subagents.definitions.fields import FIELDS, Field
from subagents.definitions.spelling import ALIASES
from subagents.definitions.tool_names import spelling_table

BEGIN = "<!-- front matter: made from the code -->"
END = "<!-- end -->"

#: What is the same for each key.
_KEYS = """\
A key may be written in `snake_case`, `camelCase` or `kebab-case`. Names are a list or separated by commas. A key
marked *later* is read and checked, and has no effect before a later version; a file that uses it says so. A
restriction that nothing enforces yet takes the tool away instead, so that an agent never has more than its file
allows."""

_TOOLS = """\
Claude Code's names of tools are read as ours, in every file, and case does not matter. A list of tools that have no
equivalent here is no tools, never all of them."""


def front_matter_section() -> str:
    """All that stands between the markers of the README, which are not in it."""
    return "\n\n".join(("", _KEYS, fields_table(), _TOOLS, spelling_table(), ""))


def fields_table() -> str:
    """The Markdown table of the front matter's keys."""
    head = ("| Key | Value | Means | Absent |", "|---|---|---|---|")
    return "\n".join((*head, *map(_row, FIELDS)))


def _row(field: Field) -> str:
    later = "" if field.later is None else " *(later)*"
    return f"| {_spellings(field)}{later} | {field.values} | {field.means} | {field.absent} |"


def _spellings(field: Field) -> str:
    also = [f"`{alias}`" for alias, key in ALIASES.items() if key == field.key]
    return f"`{field.key}`" + (f" (also {', '.join(also)})" if also else "")
