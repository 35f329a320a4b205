"""Help that reads like prose: a usage line written by hand, and no list that repeats it; what is wrong with the value
of an option, in a sentence that names both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import typer
from typer.core import TyperCommand

from subagents.language import _
from subagents.texts import quoted


def with_usage(usage: str) -> type[TyperCommand]:
    """A command whose usage line says `usage` after its name."""

    class Command(TyperCommand):
        def format_usage(self, ctx: Any, formatter: Any) -> None:
            formatter.write_usage(ctx.command_path, usage)

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            try:
                left = super().parse_args(ctx, args)
            except typer.BadParameter as error:
                raise _named(error) from error.__cause__
            _refuse_empty(self, ctx)
            return left

    return Command


class BadValue(typer.BadParameter):
    """A value of an option that cannot be, in a sentence of our own."""

    def format_message(self) -> str:
        return self.message


def _refuse_empty(command: TyperCommand, ctx: Any) -> None:
    """Where "" stands for what was not given, it cannot be given: a script whose variable is not set would have
    another model, or another folder, than it says."""
    for param in command.params:
        value = ctx.params.get(param.name)
        if param.default == "" and isinstance(value, str) and not value.strip() and _is_given(ctx, param):
            said = _("{option} is empty; give it a value, or leave it out.")
            raise BadValue(said.format(option=param.opts[0]), ctx)


def _is_given(ctx: Any, param: Any) -> bool:
    source = ctx.get_parameter_source(param.name)
    return param.param_type_name == "option" and source is not None and source.name == "COMMANDLINE"


def _named(error: typer.BadParameter) -> typer.BadParameter:
    """The same in our words where the checks of a type found it, else as it is."""
    # What checks values is loaded then and not before; earlier versions of typer had no such cause.
    from pydantic import ValidationError

    if not isinstance(error.__cause__, ValidationError) or error.param is None:
        return error
    wrong = error.__cause__.errors()[0]
    option = next(iter(error.param.opts), error.param.name)
    if not (wanted := _wanted(wrong["type"], wrong.get("ctx", {}))):
        return BadValue(f"{option}: {wrong['msg'].removeprefix('Value error, ')}", error.ctx)
    said = _("{option} is {value}, but it must be {wanted}.")
    return BadValue(said.format(option=option, value=quoted(wrong["input"]), wanted=wanted), error.ctx)


def _wanted(kind: str, bounds: Mapping[str, Any]) -> str:
    """What would have worked, by pydantic's word for what is wrong; "" where its sentence says it."""
    match kind:
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return _("a whole number")
        case "float_parsing" | "float_type" | "finite_number":
            return _("a number")
        case "greater_than_equal":
            return _("{least} or more").format(least=bounds["ge"])
        case "less_than_equal":
            return _("{most} or less").format(most=bounds["le"])
        case _:
            return ""


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
