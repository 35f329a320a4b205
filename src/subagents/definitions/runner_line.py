"""How `runner` is read: a runner's name, or the command line of a program that is run as the agent."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from subagents.definitions.model import SHOWN
from subagents.definitions.output_table import table_of
from subagents.definitions.values import BadValue, Written, both, some_names
from subagents.errors import RunnerError
from subagents.language import _
from subagents.spec import CommandLine

PARTS = ("command", "resume", "output", "environment")
OUR_LOOP = "native"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def a_runner(written: Written) -> CommandLine | str | None:
    """A program's command line, the name of a runner, or None for our own loop."""
    match written.value:
        case None | "":
            return None
        case str(name) if _NAME.fullmatch(name.strip()):
            return None if name.strip().lower() == OUR_LOOP else name.strip()
        case dict(parts):
            return _command_line(parts)
        case _:
            message = _("must be a runner's name, or a mapping with `command`, not {value}")
            raise BadValue(message.format(value=written))


def _command_line(parts: Mapping[str, Any]) -> CommandLine:
    if unknown := [key for key in parts if key not in PARTS]:
        message = _("has no part {key!r}; there are {parts}")
        raise BadValue(message.format(key=unknown[0][:SHOWN], parts=both(PARTS)))
    command = _arguments("command", parts.get("command"))
    if not command:
        raise BadValue(_("needs a `command`, such as [mytool, --prompt, '{prompt}']"))
    return CommandLine(
        command=command,
        resume=_arguments("resume", parts.get("resume")),
        output=_output(parts.get("output")),
        environment=_variables(parts.get("environment")),
    )


def _arguments(part: str, value: object) -> tuple[str, ...]:
    """A list of arguments, or a line with a shell's quotes; no shell ever sees it."""
    if value is None:
        return ()
    if isinstance(value, str):
        return _split(part, value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        if any(isinstance(item, bool) or "\0" in str(item) for item in value):
            raise BadValue(_("has a `{part}` with an argument that is no text; quote it").format(part=part))
        return tuple(str(item) for item in value)
    raise BadValue(_("has a `{part}` that is neither a list of texts nor a line").format(part=part))


def _split(part: str, line: str) -> tuple[str, ...]:
    try:
        found = tuple(shlex.split(line))
    except ValueError as error:
        message = _("has a `{part}` with a quote that is never closed ({why}); write it as a list")
        raise BadValue(message.format(part=part, why=error)) from None
    if any("\0" in argument for argument in found):
        raise BadValue(_("has a `{part}` with an argument that is no text; quote it").format(part=part))
    return found


def _output(value: object) -> str | Mapping[str, Any]:
    """The name of a table of what the program prints, or the table itself."""
    if value is None or value == "":
        return "text"
    if not isinstance(value, dict | str):
        raise BadValue(_("has an `output` that is neither a name nor a mapping"))
    output = value.strip() if isinstance(value, str) else value
    try:
        table_of(output)
    except RunnerError as error:
        raise BadValue(_("has an `output` that cannot be used: {why}").format(why=error)) from None
    return output


def _variables(value: object) -> tuple[str, ...]:
    names = some_names(Written(value))
    if wrong := [name for name in names if not _VARIABLE.fullmatch(name)]:
        message = _(
            "has an `environment` with {name!r}, which is no variable's name; values never stand in a file"
        )
        raise BadValue(message.format(name=wrong[0][:SHOWN]))
    return names
