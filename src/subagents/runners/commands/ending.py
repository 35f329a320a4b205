"""How a program's run ended, in a sentence where it is no answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

from subagents.language import _
from subagents.runners.commands.turns import Turns
from subagents.sessions.transcript import printable
from subagents.workspaces.processes.command import CommandResult, Ending

LAST_LINES = 5  # of what it wrote to stderr that are repeated
LONGEST_SAID = 600  # characters of them

# What a shell tells of a program that a signal ended (128 + N); other numbers above 128 are programs' own.
_SIGNALS = {134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}


def failure(
    turns: Turns, result: CommandResult, errors: BinaryIO, strange: Sequence[str], *, tells_its_end: bool
) -> str:
    """Why what it said is no answer; "" when it is one.

    `errors` holds what it wrote to stderr, `strange` are lines of its output that nobody could read. A program that
    `tells_its_end` has not finished before it says so.
    """
    name = turns.program
    if result.ending is not Ending.EXITED:
        return _("the program {name!r} was ended, because it had written too much").format(name=name)
    if turns.error:
        return _with_code(_("{name} failed: {why}").format(name=name, why=_bounded(turns.error)), result)
    if result.exit_code:
        said = last_lines(errors) or turns.warning or " / ".join(strange)
        text = _("the program {name!r} ended with {code}").format(name=name, code=_code(result.exit_code))
        return f"{text}: {_bounded(said)}" if said else text
    broken_off = tells_its_end and not turns.ended
    if turns.final and not broken_off:
        return ""
    if broken_off:
        said = turns.warning or last_lines(errors) or " / ".join(strange)
        text = _("the program {name!r} ended before it had finished").format(name=name)
    else:
        said = last_lines(errors) or turns.warning or " / ".join(strange)
        text = _("the program {name!r} ended without an answer").format(name=name)
    return f"{text}: {_bounded(said)}" if said else text


def strange_lines(name: str, count: int, examples: Sequence[str]) -> str:
    """What is said of lines that are not what the table expects."""
    if not count:
        return ""
    which = _("1 line") if count == 1 else _("{n:,} lines").format(n=count)
    shown = " / ".join(examples)
    return _("[{which} of what {name} wrote could not be read: {shown}]").format(
        which=which, name=name, shown=shown
    )


def dropped_figures(name: str, figures: Sequence[str]) -> str:
    """What is said of figures of usage that cannot be."""
    if not figures:
        return ""
    text = _("[{name} told of usage that cannot be, which is not counted: {figures}]")
    return text.format(name=name, figures=", ".join(dict.fromkeys(figures)))


def last_lines(errors: BinaryIO) -> str:
    """The last lines of a file, as one."""
    size = os.fstat(errors.fileno()).st_size
    start = max(0, size - 8_192)
    text = os.pread(errors.fileno(), size - start, start).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-LAST_LINES:])


def _bounded(text: str) -> str:
    flat = " ".join(printable(text.replace("\n", " ")).split())
    return flat if len(flat) <= LONGEST_SAID else f"…{flat[-LONGEST_SAID:]}"


def _with_code(text: str, result: CommandResult) -> str:
    return f"{text} ({_code(result.exit_code)})" if result.exit_code else text


def _code(code: int) -> str:
    text = _("exit code {code}").format(code=code)
    return f"{text}, {_SIGNALS[code]}" if code in _SIGNALS else text
