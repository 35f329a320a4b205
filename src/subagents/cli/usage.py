"""Help that reads like prose: a usage line written by hand, and no list that repeats it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer
from typer.core import TyperCommand


def with_usage(usage: str) -> type[TyperCommand]:
    """A command whose usage line says `usage` after its name."""

    class Command(TyperCommand):
        def format_usage(self, ctx: Any, formatter: Any) -> None:
            formatter.write_usage(ctx.command_path, usage)

    return Command


def mount(
    commands: typer.Typer,
    name: str,
    function: Callable[..., int],
    *,
    usage: str,
    text: str,
    hidden: bool = False,
) -> None:
    """Adds a command. `text` is its help, whose first sentence is shown in the list of commands."""

    @wraps(function)
    def exiting(*arguments: Any, **options: Any) -> None:
        raise typer.Exit(function(*arguments, **options))

    first = " ".join(text.strip().split("\n\n")[0].split())
    commands.command(name, cls=with_usage(usage), help=text, short_help=first, hidden=hidden)(exiting)
