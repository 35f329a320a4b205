"""What there is to choose a model from: each provider with what it has here, and what answers when nothing is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread

from subagents.errors import ModelUnavailable
from subagents.language import _
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
    trouble,
    variables_here,
)
from subagents.models.selection import missing_library
from subagents.models.served import Served
from subagents.models.wishes import Chooser
from subagents.settings.model import Settings


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
class Shelves:
    """All that there is to choose from. `answers` is what does when nothing is said, "" when `problem` says why not.
    `enabled` are those that a model may choose, all when there are none."""

    shelves: Sequence[Shelf]
    answers: str
    notes: Sequence[str]
    problem: str
    enabled: Sequence[str]


#: The shelves of these providers, as the environment is now.
LookAtModels = Callable[[Sequence[Provider]], Awaitable[Shelves]]


async def shelves_of(
    providers: Sequence[Provider] = PROVIDERS, *, settings: Settings, served: Served
) -> Shelves:
    """`LookAtModels` by these settings. Servers of one's own are asked, each within its bound."""
    environ = await anyio.to_thread.run_sync(variables_here)
    chooser = Chooser(settings, served, environ)
    shelves = [await _shelf(provider, chooser, served, environ) for provider in providers]
    enabled, notes = sorted(chooser.scope()), chooser.scope_notes()
    try:
        default = await chooser.default()
    except ModelUnavailable as error:
        return Shelves(shelves, "", notes, str(error), enabled)
    return Shelves(shelves, default.model, (*default.notes, *notes), "", enabled)


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


def window(model: Known) -> str:
    """`200k`, `1M`: the tokens it can read; "" where that is not known."""
    if model.window is None:
        return ""
    return f"{model.window / 1e6:.3g}M" if model.window >= 1_000_000 else f"{model.window // 1000}k"


def prices(model: Known) -> str:
    """What a million tokens cost; "" where that is not known."""
    if model.input_price is None or model.output_price is None:
        return ""
    return _("${input:g} in, ${output:g} out").format(input=model.input_price, output=model.output_price)
