"""The README's tables about definition files, made from what the parser reads them by."""

from __future__ import annotations

from subagents.definitions.fields import FIELDS, Field
from subagents.definitions.spelling import ALIASES
from subagents.definitions.tool_names import spelling_table

BEGIN = "<!-- front matter: made from the code -->"
END = "<!-- end -->"

#: What is the same for each key.
_KEYS = """\
A file begins with a line `---`, and another one stands below its keys; a file that only begins like that is not used.
A key may be written in `snake_case`, `camelCase` or `kebab-case`. Names are a list or separated by commas; those of
tools also by `;`, `|` or line by line. A misspelled key that would restrict the agent makes the file unusable. A key
marked *later* is read and checked, and has no effect before a later version; a file that uses it says so. A
restriction that nothing enforces yet takes the tool away instead, so that an agent never has more than its file
allows."""

_TOOLS = """\
Claude Code's names of tools are read as ours, in every file, and case does not matter. A list of tools that have no
equivalent here is no tools, never all of them. A forbidden tool that there is not takes away the one of ours that it
probably means, such as `bash` for `shell`, and the file's problems say so."""


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
