"""`subagents models`: which models there are to choose from, what opens each provider, and what they cost."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subagents.cli.place import project_here
from subagents.cli.streams import answer_json, draw, width_of
from subagents.clock import SystemClock
from subagents.errors import SubagentsError
from subagents.language import _, counted
from subagents.models.known import Known
from subagents.models.providers import PROVIDERS, Provider, provider_called
from subagents.models.selection import OFFLINE, label
from subagents.settings.layers import layered
from subagents.settings.model import Settings
from subagents.view.cells import pad, wrapped

if TYPE_CHECKING:
    from subagents.models.shelves import Shelf, Shelves

FEW = 8  # models of a provider that are shown unless it is asked for

HELP = _(
    """List the models that agents can run on.

    For each provider: what opens it, the model that answers unless one is named (marked with *), and those that are
    known, the newest first, with the tokens they can read and the US dollars that a million tokens cost, in and out.
    Newer ones than are known can be named too, as provider:id.

    Of a name a part is enough: --model opus means the newest model with that word in its name.

    \b
      subagents models --provider anthropic
      subagents models --json
    """
)


def models(
    provider: Annotated[
        str, typer.Option(metavar="PROVIDER", help=_("Only this one, with all it has."))
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=_("Print them as JSON."))] = False,
) -> int:
    wanted = PROVIDERS if not provider else (_provider(provider),)
    found = look(wanted)
    if as_json:
        answer_json(json.dumps(_object(found), ensure_ascii=False, indent=2))
        return 0
    width = width_of(sys.stdout)
    every = lines(found, few=not provider)
    draw(part for line in every for part in (wrapped(line, width, indent=2) if width else (line,)))
    return 0


def look(providers: Sequence[Provider] = PROVIDERS) -> Shelves:
    """Asks the servers of one's own too, each within its bound."""
    import anyio

    from subagents.models.served import Served
    from subagents.models.shelves import shelves_of

    return anyio.run(partial(shelves_of, providers, settings=_settings(), served=Served(SystemClock())))


def _settings() -> Settings:
    with suppress(SubagentsError):
        return layered(project_here()).settings
    return Settings()


def _provider(name: str) -> Provider:
    if (found := provider_called(name)) is not None:
        return found
    known = ", ".join(each.name for each in PROVIDERS)
    raise typer.BadParameter(
        _("There is no provider {name!r}; name one of {known}.").format(name=name, known=known)
    )


# --- lines


def lines(found: Shelves, *, few: bool) -> Iterator[str]:
    """What a person reads; of each provider only a `few` models, and none of closed ones."""
    for shelf in found.shelves:
        yield f"{shelf.provider.label}: {_state(shelf)}"
        if shelf.is_open or not few:
            yield from _shown(shelf, FEW if few else len(shelf.models))
    yield ""
    yield from found.notes
    yield _answering(found)
    if found.enabled:
        yield _("A model that starts agents may choose: {names}.").format(names=", ".join(found.enabled))


def _state(shelf: Shelf) -> str:
    if shelf.problem:
        return f"{shelf.server}: {shelf.problem}" if shelf.server else shelf.problem
    if shelf.server:
        count = counted("{n} model", "{n} models", len(shelf.models))
        return _("{server} has {models}").format(server=shelf.server, models=count)
    if shelf.variable:
        return is_set(shelf.variable)
    keys = _(" or ").join(shelf.provider.variables)
    text = _("closed; set {keys} for {default} and others")
    return text.format(keys=keys, default=f"{shelf.provider.name}:{shelf.default}")


def is_set(variable: str) -> str:
    """Where what it holds comes from."""
    text = (
        _("{name} is set")
        if os.environ.get(variable, "").strip()
        else _("{name} is kept by `subagents setup`")
    )
    return text.format(name=variable)


def _shown(shelf: Shelf, most: int) -> Iterator[str]:
    """The default first, then the newest."""
    from subagents.models.shelves import prices, window

    ordered = sorted(shelf.models, key=lambda each: each.named.id != shelf.default)
    names = max((len(each.named.exact) for each in ordered[:most]), default=0)
    for each in ordered[:most]:
        mark = "*" if each.named.id == shelf.default else " "
        yield f"  {mark} {pad(each.named.exact, names)}  {window(each):>5}  {prices(each)}".rstrip()
    if (more := len(ordered) - most) > 0:
        yield "    " + counted("and {n} more", "and {n} more", more)


def _answering(found: Shelves) -> str:
    if found.problem:
        return found.problem
    from subagents.models.wishes import how_to_open

    said = _("When nothing is said, {model} answers.").format(model=label(found.answers))
    return f"{said} {how_to_open()}" if found.answers == OFFLINE else said


# --- the object


def _object(found: Shelves) -> dict[str, Any]:
    return {
        "answers": found.answers or None,
        "problem": found.problem or None,
        "notes": list(found.notes),
        "enabled": list(found.enabled),
        "providers": [_shelf_object(shelf) for shelf in found.shelves],
    }


def _shelf_object(shelf: Shelf) -> dict[str, Any]:
    return {
        "provider": shelf.provider.name,
        "open": shelf.is_open,
        "opened_by": shelf.variable or None,
        "variables": list(shelf.provider.variables),
        "server": shelf.server or None,
        "problem": shelf.problem or None,
        "default": shelf.default or None,
        "models": [_model_object(each) for each in shelf.models],
    }


def _model_object(model: Known) -> dict[str, Any]:
    """`window` is in tokens, the prices are US dollars for a million; null is not known."""
    return {
        "name": model.named.exact,
        "id": model.named.id,
        "label": model.named.label or None,
        "window": model.window,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }
