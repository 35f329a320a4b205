"""Limits of tokens and cost, which can be kept only as far as a program tells what it uses."""

from __future__ import annotations

from subagents.definitions.output_table import OutputTable
from subagents.errors import RunnerError
from subagents.language import _
from subagents.runs.limits import dollars
from subagents.spec import CommandLine, Limits


def refuse_blind(line: CommandLine, table: OutputTable, limits: Limits) -> None:
    """A limit that nobody could keep is not promised. Raises `RunnerError`."""
    if limits.max_tokens is not None and not table.tells_tokens:
        message = _(
            "the program {program!r} does not tell how many tokens it uses, so a limit of {most:,} (max_tokens) cannot "
            "be kept; limit its time instead (max_seconds), or let its `output` name where its `usage` stands"
        )
        raise RunnerError(message.format(program=line.command[0], most=limits.max_tokens))
    if limits.max_cost is not None and not table.tells_cost:
        message = _(
            "the program {program!r} tells neither its cost nor its tokens, so a limit of {most} (max_cost) cannot be "
            "kept; limit its time instead (max_seconds), or let its `output` name where its `usage` stands"
        )
        raise RunnerError(message.format(program=line.command[0], most=dollars(limits.max_cost)))


def seen_too_late(name: str, table: OutputTable, limits: Limits) -> str:
    """What is said of limits that may be seen to be reached only when the program has ended; "" where none are."""
    names = [
        limit
        for limit, most in (("max_tokens", limits.max_tokens), ("max_cost", limits.max_cost))
        if most is not None
    ]
    if not names or table.tells_meanwhile:
        return ""
    text = _("[{name} tells what it used as a total at its end, so {limits} may not end it before]")
    return text.format(name=name, limits=", ".join(names))
