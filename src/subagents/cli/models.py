"""`subagents models`: which models there are to choose from, what opens each provider, and what they cost."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subagents.cli.place import project_here
from subagents.cli.streams import answer_json, draw, width_of
from subagents.clock import SystemClock
from subagents.errors import ModelUnavailable, SubagentsError
from subagents.language import _, counted
from subagents.models import ollama
from subagents.models.addresses import URLS, shown
from subagents.models.known import Known, known_models
from subagents.models.names import Named
from subagents.models.providers import (
    OLLAMA,
    PROVIDERS,
    Provider,
    compatible_server,
    has_library,
    opened_by,
    provider_called,
    trouble,
    variables_here,
)
from subagents.models.selection import OFFLINE, label, missing_library
from subagents.settings.layers import layered
from subagents.settings.model import Settings
from subagents.view.cells import pad, wrapped

if TYPE_CHECKING:
    from subagents.models.served import Served
    from subagents.models.wishes import Chooser

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


@dataclass(frozen=True)
class Shelf:
    """A provider and what it has. `variable` opens it, "" when none does; `problem` is what stands in the way."""

    provider: Provider
    is_open: bool
    variable: str
    server: str
    default: str
    models: Sequence[Known]
    problem: str = ""


@dataclass(frozen=True)
class Choice:
    """All that there is to choose from. `answers` is what does when nothing is said, "" when `problem` says why not.
    `enabled` are those that a model may choose, all when there are none."""

    shelves: Sequence[Shelf]
    answers: str
    notes: Sequence[str]
    problem: str
    enabled: Sequence[str]


def models(
    provider: Annotated[
        str, typer.Option(metavar="PROVIDER", help=_("Only this one, with all it has."))
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=_("Print them as JSON."))] = False,
) -> int:
    wanted = PROVIDERS if not provider else (_provider(provider),)
    choice = look(wanted)
    if as_json:
        answer_json(json.dumps(_object(choice), ensure_ascii=False, indent=2))
        return 0
    width = width_of(sys.stdout)
    every = lines(choice, few=not provider)
    draw(part for line in every for part in (wrapped(line, width, indent=2) if width else (line,)))
    return 0


def look(providers: Sequence[Provider] = PROVIDERS) -> Choice:
    """Asks the servers of one's own too, each within its bound."""
    import anyio

    return anyio.run(_look, providers, _settings())


def _settings() -> Settings:
    with suppress(SubagentsError):
        return layered(project_here()).settings
    return Settings()


async def _look(providers: Sequence[Provider], settings: Settings) -> Choice:
    from subagents.models.served import Served
    from subagents.models.wishes import Chooser

    served = Served(SystemClock())
    environ = variables_here()
    chooser = Chooser(settings, served, environ)
    shelves = [await _shelf(provider, chooser, served, environ) for provider in providers]
    enabled, notes = sorted(chooser.scope()), chooser.scope_notes()
    try:
        default = await chooser.default()
    except ModelUnavailable as error:
        return Choice(shelves, "", notes, str(error), enabled)
    return Choice(shelves, default.model, (*default.notes, *notes), "", enabled)


async def _shelf(provider: Provider, chooser: Chooser, served: Served, environ: Mapping[str, str]) -> Shelf:
    if why := trouble(provider, environ):
        return _in_trouble(provider, why, environ)
    if provider is OLLAMA:
        return await _of_ollama(chooser, served, environ)
    variable = opened_by(provider, environ)
    if provider.name == "openai" and (server := compatible_server(environ)):
        return _of_server(provider, variable, server, await chooser.models_of(provider))
    problem = missing_library(provider, variable) if variable and not has_library(provider) else ""
    is_open = bool(variable) and not problem
    return Shelf(provider, is_open, variable, "", provider.default, known_models(provider), problem)


def _in_trouble(provider: Provider, why: str, environ: Mapping[str, str]) -> Shelf:
    """One whose variables cannot be used as they are set."""
    variable = opened_by(provider, environ) or next(filter(environ.get, URLS[provider.name]), "")
    return Shelf(provider, False, variable, "", provider.default, known_models(provider), why)


async def _of_ollama(chooser: Chooser, served: Served, environ: Mapping[str, str]) -> Shelf:
    named = await chooser.models_of(OLLAMA)
    problem = "" if await served.ollama(environ) is not None else _("nothing answers")
    default = named[0].id if named else ""
    return Shelf(OLLAMA, bool(named), "", ollama.address(environ), default, list(map(Known, named)), problem)


def _of_server(provider: Provider, variable: str, server: str, named: Sequence[Named]) -> Shelf:
    """What a server that only speaks as the provider's has, with the prices where the models are the same."""
    prices = {each.named.id: each for each in known_models(provider)}
    usual = not named or provider.default in [each.id for each in named]
    default = provider.default if usual else named[0].id
    problem = "" if named else _("it does not say which models it has")
    models = [prices.get(each.id, Known(each)) for each in named]
    return Shelf(provider, True, variable, shown(server), default, models, problem)


def _provider(name: str) -> Provider:
    if (found := provider_called(name)) is not None:
        return found
    known = ", ".join(each.name for each in PROVIDERS)
    raise typer.BadParameter(
        _("There is no provider {name!r}; name one of {known}.").format(name=name, known=known)
    )


# --- lines


def lines(choice: Choice, *, few: bool) -> Iterator[str]:
    """What a person reads; of each provider only a `few` models, and none of closed ones."""
    for shelf in choice.shelves:
        yield f"{shelf.provider.label}: {_state(shelf)}"
        if shelf.is_open or not few:
            yield from _shown(shelf, FEW if few else len(shelf.models))
    yield ""
    yield from choice.notes
    yield _answering(choice)
    if choice.enabled:
        yield _("A model that starts agents may choose: {names}.").format(names=", ".join(choice.enabled))


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
    ordered = sorted(shelf.models, key=lambda each: each.named.id != shelf.default)
    names = max((len(each.named.exact) for each in ordered[:most]), default=0)
    for each in ordered[:most]:
        mark = "*" if each.named.id == shelf.default else " "
        yield f"  {mark} {pad(each.named.exact, names)}  {_window(each):>5}  {_prices(each)}".rstrip()
    if (more := len(ordered) - most) > 0:
        yield "    " + counted("and {n} more", "and {n} more", more)


def _window(model: Known) -> str:
    if model.window is None:
        return ""
    return f"{model.window / 1e6:.3g}M" if model.window >= 1_000_000 else f"{model.window // 1000}k"


def _prices(model: Known) -> str:
    if model.input_price is None or model.output_price is None:
        return ""
    return _("${input:g} in, ${output:g} out").format(input=model.input_price, output=model.output_price)


def _answering(choice: Choice) -> str:
    if choice.problem:
        return choice.problem
    from subagents.models.wishes import how_to_open

    said = _("When nothing is said, {model} answers.").format(model=label(choice.answers))
    return f"{said} {how_to_open()}" if choice.answers == OFFLINE else said


# --- the object


def _object(choice: Choice) -> dict[str, Any]:
    return {
        "answers": choice.answers or None,
        "problem": choice.problem or None,
        "notes": list(choice.notes),
        "enabled": list(choice.enabled),
        "providers": [_shelf_object(shelf) for shelf in choice.shelves],
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
