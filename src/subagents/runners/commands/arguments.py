"""The arguments of a program: a definition's command line with its placeholders filled in. No shell is involved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from subagents.errors import RunnerError
from subagents.language import _

PROMPT, PROMPT_FILE, ROLE, MODEL, SESSION = "prompt", "prompt_file", "role", "model", "session"
SCHEMA, SCHEMA_FILE, THINKING, FOLDER = "schema", "schema_file", "thinking", "folder"

#: What may stand in braces; anything else in braces is left as it is, so that JSON can be an argument.
PLACEHOLDERS = (PROMPT, PROMPT_FILE, ROLE, MODEL, SESSION, SCHEMA, SCHEMA_FILE, THINKING, FOLDER)

# One argument of a program holds 128 KiB on Linux (MAX_ARG_STRLEN).
LONGEST_ARGUMENT = 131_071

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def named_in(line: Sequence[str]) -> frozenset[str]:
    """The placeholders that stand in it."""
    return frozenset(name for argument in line for name in _PLACEHOLDER.findall(argument))


def filled(line: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The arguments. One with a placeholder that has no value is left out; where it is nothing but that placeholder,
    the argument before it goes too if it is a flag: of `--model {model}` nothing is left.

    No value becomes a flag. Raises `RunnerError` for what no argument can hold.
    """
    arguments: list[str] = []
    values = {name: _no_flag(name, value, line[0]) for name, value in values.items()}
    for argument in line:
        names = _PLACEHOLDER.findall(argument)
        if all(values.get(name) for name in names):
            arguments.append(_PLACEHOLDER.sub(lambda found: values[found[1]], argument))
        elif _PLACEHOLDER.fullmatch(argument) and len(arguments) > 1 and arguments[-1].startswith("-"):
            arguments.pop()
    for argument in arguments:
        _refuse_impossible(argument, line[0])
    return arguments


def _no_flag(name: str, value: str, program: str) -> str:
    """The value, so that the program does not take it for one of its flags: a text gets a blank before it."""
    if not value.startswith("-"):
        return value
    if name in (PROMPT, ROLE):
        return f" {value}"
    message = _("{program!r} would take the {name} {value!r} for a flag, so it was not started")
    raise RunnerError(message.format(program=program, name=name, value=value[:60]))


def _refuse_impossible(argument: str, program: str) -> None:
    if "\0" in argument:
        raise RunnerError(_("an argument of {program!r} would hold a NUL character").format(program=program))
    if len(argument.encode("utf-8", "surrogateescape")) > LONGEST_ARGUMENT:
        message = _(
            "an argument of {program!r} would be over 128 KiB long, which none can be; let its command read "
            "{{prompt_file}}, or standard input by naming neither"
        )
        raise RunnerError(message.format(program=program))
