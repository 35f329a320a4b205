"""What a wish for a model comes to: which one answers, and what is to be said where it is not the one asked for.

Whoever asks at run time is held to it: a name that means nothing here is refused. A definition's file is not: it may
have been written for another provider, so its agent runs on the parent's model, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import anyio.to_thread

from subagents.clock import SystemClock
from subagents.errors import ModelUnavailable
from subagents.language import _
from subagents.models import ollama
from subagents.models.addresses import Misconfigured, shown
from subagents.models.choice import ModelChoice, ModelWish
from subagents.models.known import known_models
from subagents.models.names import (
    Match,
    Named,
    Unresolved,
    available,
    best_of,
    crossing,
    exactly,
    resolve,
    unresolved,
)
from subagents.models.providers import (
    OLLAMA,
    PROVIDERS,
    Provider,
    compatible_server,
    every_variable,
    has_library,
    opened_by,
    parted,
    trouble,
    variables_here,
)
from subagents.models.scope import allowed, in_scope, slashed
from subagents.models.selection import (
    INHERIT,
    OFFLINE,
    exact_model,
    label,
    missing_library,
    needs_key,
)
from subagents.models.served import Served
from subagents.settings.model import Settings
from subagents.settings.possible import SCRIPT
from subagents.spec import AskedBy

LONGEST_NAME = 200  # characters; what is longer is no name, and would fill an error
MOST_ENTRIES = 5  # of a list that a note repeats

# What a model asks for while it runs; a person may have, and a file may name, what the settings do not list.
_HELD = frozenset((AskedBy.MODEL, AskedBy.SCHEDULE))


async def choose(wish: ModelWish, *, settings: Settings, served: Served) -> ModelChoice:
    """`models.choice.ChooseModel`, by these settings and the environment as it is now."""
    environ = await anyio.to_thread.run_sync(variables_here)
    return await Chooser(settings, served, environ)(wish)


async def default_here(settings: Settings) -> ModelChoice:
    """`Chooser.default`, for a program that asks once."""
    environ = await anyio.to_thread.run_sync(variables_here)
    return await Chooser(settings, Served(SystemClock()), environ).default()


class Chooser:
    """Chooses by these settings and what is in `environ` (see `variables_here`). Asks no server that it need not."""

    def __init__(self, settings: Settings, served: Served, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._served = served
        self._environ = environ

    async def __call__(self, wish: ModelWish) -> ModelChoice:
        """Raises `ModelUnavailable` with the names that would have worked, and `InvalidScript`."""
        asked = wish.asked.strip()
        if asked.casefold() == INHERIT or wish.decided == "parent":
            return await self._noted(wish, await self._inherited(wish))
        match wish.decided:
            case "definition":
                return await self._noted(wish, await self._leniently(asked, wish))
            case "caller":
                return await self._asked_for(asked, wish)
            case _:
                return await self.default()

    async def default(self) -> ModelChoice:
        """What answers where nobody says anything: the setting `model`, else the first provider that is open, else
        the offline model."""
        if wanted := self._settings.model.strip():
            return await self._set(wanted)
        notes: list[str] = []
        for provider in PROVIDERS:
            if not await self._open(provider):
                continue
            if has_library(provider):
                choice = await self._default_of(provider)
                return ModelChoice(choice.model, (*notes, *choice.notes))
            notes.append(missing_library(provider, opened_by(provider, self._environ)))
        return ModelChoice(OFFLINE, tuple(notes))

    def scope(self) -> frozenset[str]:
        """The models that a model may choose, as `provider/id` in lower case; none is no restriction."""
        return allowed(self._settings.enabled_models) if self._settings.scope_models else frozenset()

    def scope_notes(self) -> tuple[str, ...]:
        """What is to be said where models are to be restricted, and nothing that is listed can do that."""
        entries = [entry for entry in self._settings.enabled_models if entry.strip()]
        if not (self._settings.scope_models and entries) or self.scope():
            return ()
        text = _(
            "The setting enabled_models restricts nothing, because it names no provider/id such as {example}: "
            "{entries}."
        )
        shown = ", ".join(map(repr, entries[:MOST_ENTRIES]))[:LONGEST_NAME]
        return (text.format(entries=shown, example=f"{PROVIDERS[0].name}/{PROVIDERS[0].default}"),)

    async def registry(self) -> list[Named]:
        """The models at hand, in order of preference. Ollama counts only where no other provider is open."""
        models = [
            model
            for provider in PROVIDERS
            if provider is not OLLAMA
            for model in await self.models_of(provider)
        ]
        return models or await self.models_of(OLLAMA)

    async def models_of(self, provider: Provider) -> list[Named]:
        """The models of one provider that are known here; none of one that is closed."""
        if provider is OLLAMA:
            return [Named(OLLAMA.name, id) for id in await self._served.ollama(self._environ) or ()]
        if not await self._open(provider) or not has_library(provider) or trouble(provider, self._environ):
            return []
        if provider.name == "openai" and compatible_server(self._environ):
            return [Named(provider.name, id) for id in await self._served.compatible(self._environ) or ()]
        # In a thread, because importing the data takes a fifth of a second.
        return [model.named for model in await anyio.to_thread.run_sync(known_models, provider)]

    # --- by who decided

    async def _set(self, wanted: str) -> ModelChoice:
        try:
            return _choice(await self._found(wanted))
        except ModelUnavailable as error:
            text = _("The setting `model` is {wanted!r}, which cannot be used. {why}")
            raise ModelUnavailable(text.format(wanted=wanted, why=error)) from error

    async def _inherited(self, wish: ModelWish) -> ModelChoice:
        return ModelChoice(wish.inherited) if wish.inherited else await self.default()

    async def _leniently(self, asked: str, wish: ModelWish) -> ModelChoice:
        try:
            return _choice(await self._found(asked))
        except ModelUnavailable as error:
            instead = await self._inherited(wish)
            why = error.because if isinstance(error, Unresolved) else str(error).rstrip(".")
            text = _(
                "The agent's file asks for the model {asked!r}, which cannot be used here ({why}); "
                "{model} runs instead."
            )
            note = text.format(asked=asked, why=why, model=label(instead.model))
            return ModelChoice(instead.model, (note, *instead.notes))

    async def _asked_for(self, asked: str, wish: ModelWish) -> ModelChoice:
        if wish.asked_by not in _HELD:
            return await self._noted(wish, _choice(await self._found(asked)))
        if asked.startswith(SCRIPT):
            # Its turns call tools, and it may have been written by the one who asks.
            text = _(
                "Only a person or a program can have a script answer; name a model instead of {asked!r}."
            )
            raise ModelUnavailable(text.format(asked=asked[:LONGEST_NAME]))
        scope = self.scope()
        choice = _choice(await self._found(asked, scope))
        if in_scope(choice.model, scope):
            return ModelChoice(choice.model, (*choice.notes, *self.scope_notes()))
        text = _(
            "The model {asked!r} ({model}) is not one that agents may be started with. Choose one of: {names}."
        )
        names = ", ".join(sorted(scope))
        raise ModelUnavailable(text.format(asked=asked, model=choice.model, names=names))

    async def _noted(self, wish: ModelWish, choice: ModelChoice) -> ModelChoice:
        """The choice, with a note where it is out of the scope that models are held to."""
        if in_scope(choice.model, self.scope()):
            return choice
        who = {"definition": _("the agent's file"), "caller": _("whoever asked")}.get(
            wish.decided, _("its parent")
        )
        text = _(
            "{model} is not among the models that are enabled (the setting enabled_models); {who} chose it."
        )
        return ModelChoice(choice.model, (*choice.notes, text.format(model=choice.model, who=who)))

    # --- by name

    async def _found(self, asked: str, scope: Collection[str] = ()) -> Match:
        """What a name means; within `scope`, if it means something there."""
        if asked.casefold() == OFFLINE or asked.startswith(SCRIPT):
            return Match(Named("", exact_model(asked, self._environ)))
        if len(asked) > LONGEST_NAME:
            raise unresolved(f"{asked[:LONGEST_NAME]}…", ())
        prefix, provider, id = parted(asked)
        if {asked[:1], asked[-1:], id[:1]} & set(":/"):
            raise unresolved(asked, await self.registry())
        if provider is OLLAMA:
            return await self._of_ollama(asked, id)
        if provider is not None:
            return await self._of(provider, prefix, asked, id)
        return await self._by_words(asked, scope)

    async def _of(self, provider: Provider, prefix: str, asked: str, id: str) -> Match:
        """A model of a provider that was named. An id is believed: new ones appear every day."""
        if not await self._open(provider):
            if elsewhere := exactly(id, await self.registry()):
                return Match(elsewhere, crossing(asked, elsewhere))
            raise needs_key(asked, provider)
        if not has_library(provider):
            raise ModelUnavailable(missing_library(provider, opened_by(provider, self._environ)))
        if why := trouble(provider, self._environ):
            raise Misconfigured(why)
        word = id.isalpha()
        if not word and _is_exact(asked):
            return Match(Named(prefix, id))
        own = await self.models_of(provider)
        if known := exactly(asked, own) or exactly(id, own) or (best_of(id, own) if word else None):
            return Match(Named(prefix, known.id, known.label))
        if elsewhere := exactly(id, await self.registry()):
            return Match(elsewhere, crossing(asked, elsewhere))
        if word and own:
            # A single word is a part of a name; only a server that does not tell what it has may know better.
            raise unresolved(asked, own)
        return Match(Named(prefix, id))

    async def _of_ollama(self, asked: str, id: str) -> Match:
        """A model that was pulled. Ollama tells all it has, so what it does not tell cannot answer."""
        if why := trouble(OLLAMA, self._environ):
            raise Misconfigured(why)
        where = ollama.address(self._environ)
        models = await self._served.ollama(self._environ)
        if models is None:
            text = _(
                "The model {asked!r} needs Ollama, and nothing answers at {where}: start it with `ollama serve`."
            )
            raise Unresolved(text.format(asked=asked, where=where), _("Ollama does not answer"))
        own = [Named(OLLAMA.name, each) for each in models]
        if model := ollama.tagged(id, models):
            return Match(Named(OLLAMA.name, model))
        if id.isalpha() and (best := best_of(id, own)):
            return Match(best)
        text = _("Ollama has no model {id!r}; get it with `ollama pull {id}`. {available}")
        raise Unresolved(text.format(id=id, available=available(own)), _("it was not pulled"))

    async def _by_words(self, asked: str, scope: Collection[str]) -> Match:
        registry = await self.registry()
        within = [model for model in registry if slashed(model.exact) in scope]
        if not exactly(asked, registry) and (best := best_of(asked, within)):
            return Match(best)
        try:
            return resolve(asked, registry)
        except Unresolved as error:
            return await self._otherwise(asked, registry, error)

    async def _otherwise(self, asked: str, registry: Collection[Named], error: Unresolved) -> Match:
        """What nobody has that is open: a local model, or else the way to what has it. Raises `Unresolved`."""
        if local := best_of(asked, await self.models_of(OLLAMA)):
            return Match(local)
        if provider := await self._closed_provider_of(asked):
            raise needs_key(asked, provider) from error
        if not registry:
            raise Unresolved(f"{error} {how_to_open()}", error.because) from error
        raise error

    async def _closed_provider_of(self, asked: str) -> Provider | None:
        """The provider that would have a model of that name, if it were open."""
        for provider in PROVIDERS:
            if provider.variables and not await self._open(provider):
                known = [model.named for model in await anyio.to_thread.run_sync(known_models, provider)]
                if best_of(asked, known):
                    return provider
        return None

    # --- what is open

    async def _open(self, provider: Provider) -> bool:
        if provider is OLLAMA:
            return bool(await self._served.ollama(self._environ))
        return bool(opened_by(provider, self._environ))

    async def _default_of(self, provider: Provider) -> ModelChoice:
        if provider is OLLAMA:
            models = await self._served.ollama(self._environ) or (OFFLINE,)
            return ModelChoice(f"{OLLAMA.name}:{models[0]}")
        if provider.name == "openai" and (server := compatible_server(self._environ)):
            return await self._default_at(server, provider)
        if why := trouble(provider, self._environ):
            raise Misconfigured(why)
        return ModelChoice(f"{provider.name}:{provider.default}")

    async def _default_at(self, server: str, provider: Provider) -> ModelChoice:
        """A server that only speaks as OpenAI's does has its own models; the first it lists, unless it has ours."""
        ids = await self._served.compatible(self._environ)
        usual = f"{provider.name}:{provider.default}"
        if ids and provider.default not in ids:
            return ModelChoice(f"{provider.name}:{ids[0]}")
        if ids:
            return ModelChoice(usual)
        text = _(
            "{server} does not say which models it has, so {model} is asked for; name another with the setting `model`."
        )
        return ModelChoice(usual, (text.format(server=shown(server), model=usual),))


def how_to_open() -> str:
    """What to do where no provider is open."""
    return _("Set one of {names}, or start Ollama.").format(names=", ".join(every_variable()))


def _choice(match: Match) -> ModelChoice:
    name = match.model.exact if match.model.provider else match.model.id
    return ModelChoice(name, (match.note,) if match.note else ())


def _is_exact(asked: str) -> bool:
    """Whether it is written as exact names are: `provider:id`."""
    return ":" in asked.partition("/")[0]
