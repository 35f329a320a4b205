"""What the values of options mean."""

from __future__ import annotations

import math
import re
import sys
from typing import Annotated

import typer

from subagents.cli.place import at_home
from subagents.contents import first_bytes
from subagents.language import _

MOST_SCHEMA = 1_000_000  # bytes
MOST_PROMPT = 20_000_000  # bytes; more than any model reads

RunName = Annotated[str, typer.Argument(metavar="ID", hidden=True)]
RunNames = Annotated[list[str], typer.Argument(metavar="ID", hidden=True)]
AsJson = Annotated[
    bool, typer.Option("--json", help=_("Print one JSON object at the end, however it ended."))
]
Events = Annotated[
    bool, typer.Option("--events", help=_("Print every fact as a line of JSON, as soon as it is recorded."))
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=_("Say nothing on standard error but errors."))]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)([smh]?)", re.ASCII)


def seconds_of(text: str) -> float:
    """`90`, `90s`, `5m`, `1h30m` in seconds. Raises `typer.BadParameter`."""
    whole = text.strip().lower().replace(" ", "")
    pieces = _PIECE.findall(whole)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in pieces)
    if not 0 < seconds < math.inf or "".join(map("".join, pieces)) != whole:
        raise typer.BadParameter(
            _("{text!r} is not a time above 0; write seconds, or for example 90s, 5m, 1h30m.").format(
                text=text
            )
        )
    return seconds


def schema_of(text: str) -> str:
    """The JSON text of a schema, or of the file that is named. Raises `typer.BadParameter`."""
    if not text.strip():
        raise typer.BadParameter(_("--schema is empty; name a file, or write the JSON Schema itself."))
    if text.lstrip()[:1] in ("{", "[", '"'):
        return text
    try:
        data = first_bytes(at_home(text), MOST_SCHEMA + 1)
        read = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if _is_json(text):
            return text  # which is refused as what it is: no object
        why = error.strerror if isinstance(error, OSError) else _("it is not UTF-8 text")
        raise typer.BadParameter(
            _("{text!r} is neither JSON nor a file that can be read: {why}.").format(text=text, why=why)
        ) from None
    if len(data) > MOST_SCHEMA:
        message = _("{text!r} is longer than {n:,} bytes, which no schema may be.")
        raise typer.BadParameter(message.format(text=text, n=MOST_SCHEMA))
    if not read.strip():
        raise typer.BadParameter(
            _("{text!r} is empty; a schema is a JSON object, for example {example}.").format(
                text=text, example='{"type": "object"}'
            )
        )
    return read


def _is_json(text: str) -> bool:
    import json  # only a mistake needs it

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def context_of(file: str) -> str:
    """The text of the file that has a conversation. Raises `typer.BadParameter` where there is none in it."""
    try:
        data = first_bytes(at_home(file), MOST_PROMPT + 1)
    except OSError as error:
        raise typer.BadParameter(
            _("--context: {file!r} cannot be read: {why}.").format(file=file, why=error.strerror)
        ) from None
    if len(data) > MOST_PROMPT:
        message = _("--context: {file!r} is longer than {n:,} bytes, which no model reads.")
        raise typer.BadParameter(message.format(file=file, n=MOST_PROMPT))
    if not (read := data.decode("utf-8", "replace")).strip():
        raise typer.BadParameter(
            _("--context: {file!r} is empty; it should hold the conversation so far.").format(file=file)
        )
    return read


def prompt_of(text: str) -> str:
    """The prompt; `-` is all of standard input. Raises `typer.BadParameter` when there is nothing in it."""
    if text != "-":
        return text
    if sys.stdin.isatty():
        raise typer.BadParameter(
            _("`-` reads the prompt from standard input; pipe one in: echo … | subagents run -")
        )
    data = sys.stdin.buffer.read(MOST_PROMPT + 1)
    if len(data) > MOST_PROMPT:
        message = _(
            "Standard input is longer than {n:,} bytes; put it into a file, and name that in the prompt."
        )
        raise typer.BadParameter(message.format(n=MOST_PROMPT))
    if not (read := data.decode("utf-8", "replace")).strip():
        raise typer.BadParameter(_("Standard input is empty; the prompt was to come from there."))
    return read


def one_output(as_json: bool, events: bool) -> None:
    """Raises `typer.BadParameter` when two things would be written to standard output."""
    if as_json and events:
        raise typer.BadParameter(_("--json and --events both write to standard output; choose one."))


def at_least_nothing(option: str, number: int | None) -> None:
    """Raises `typer.BadParameter` for a number below 0."""
    if number is not None and number < 0:
        raise typer.BadParameter(
            _("{option} is {number}; it must be 0 or more.").format(option=option, number=number)
        )
