"""`subagents setup`: which model answers from now on, asked at a plain terminal.

Nothing is kept before the last answer. A key goes into the system's keyring or nowhere: never into a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subagents.cli.asking import Asking, Terminal, is_terminal
from subagents.cli.place import project_here
from subagents.errors import SettingsFileError, SubagentsError
from subagents.language import _
from subagents.settings import files
from subagents.settings.keyring import Keyring, SystemKeyring
from subagents.settings.keys import BASE_URL
from subagents.settings.layers import Layer, layered, of_user
from subagents.settings.model import Settings
from subagents.settings.names import by_name
from subagents.settings.possible import Value
from subagents.view.cells import printable

if TYPE_CHECKING:
    from subagents.models.providers import Provider

HELP = _(
    """Choose the model that answers, step by step.

    Asks for a provider, its key and a model, and writes them to your settings. A key that is in the environment is
    used as it is; else it is put into the system's keyring, where there is one, and never into a file.
    """
)

MOST_NAMED = 12  # models of a server
FIRST_COMMAND = 'subagents run "what is in this folder?"'


@dataclass(frozen=True)
class Offer:
    """A line of the first question. `provider` is None for the offline model; `elsewhere` is a compatible server."""

    label: str
    provider: Provider | None = None
    elsewhere: bool = False

    @property
    def variable(self) -> str:
        """Where its key belongs; "" where it needs none."""
        return (
            next((name for name in self.provider.variables if name != BASE_URL), "") if self.provider else ""
        )


@dataclass(frozen=True)
class Answers:
    """What was decided. `key` is to be kept, "" when there is nothing to keep; `missing` are variables to export."""

    offer: Offer
    model: str
    url: str = ""
    key: str = ""
    missing: tuple[str, ...] = ()


def setup() -> int:
    if not is_terminal():
        raise SubagentsError(_without_terminal())
    set_up(Terminal(), SystemKeyring(), os.environ)
    return 0


def set_up(ask: Asking, keyring: Keyring, environ: Mapping[str, str]) -> None:
    """Asks everything, then keeps it. Raises `SettingsFileError` when it cannot be kept."""
    now = of_user(environ)
    for problem in now.problems:
        ask.tell(str(problem))
    offers = _offers(environ)
    offer = offers[
        ask.one_of(
            _("Which model is to answer?"),
            [each.label for each in offers],
            _likely(offers, environ, now.settings),
        )
    ]
    answers = _asked(ask, offer, keyring, environ, now.settings)
    kept = _keep_key(ask, answers, keyring)
    _write(answers, now.settings, environ, kept=kept)
    _tell_end(ask, answers, environ, kept=kept)


# --- what there is


def _offers(environ: Mapping[str, str]) -> list[Offer]:
    from subagents.models.providers import OLLAMA, PROVIDERS

    offers = [Offer(_label(each, environ), each) for each in PROVIDERS if each is not OLLAMA]
    openai = next(each for each in PROVIDERS if BASE_URL in each.variables)
    text = _("Another server that speaks as OpenAI's does: LM Studio, vLLM, llama.cpp, a gateway")
    return [
        *offers,
        Offer(text, openai, elsewhere=True),
        Offer(_("Ollama, on this machine"), OLLAMA),
        Offer(_("None: the offline model, which only searches")),
    ]


def _label(provider: Provider, environ: Mapping[str, str]) -> str:
    from subagents.models.providers import has_library

    if not has_library(provider):
        text = _("{label} (first: pip install 'subagents[{extra}]')")
        return text.format(label=provider.label, extra=provider.extra)
    if held := _held(provider.variables, environ):
        return _("{label} ({variable} is set)").format(label=provider.label, variable=held)
    return provider.label


def _held(variables: Sequence[str], environ: Mapping[str, str]) -> str:
    """The first of a provider's keys that is in the environment."""
    return next((name for name in variables if name != BASE_URL and environ.get(name, "").strip()), "")


def _likely(offers: Sequence[Offer], environ: Mapping[str, str], settings: Settings) -> int:
    """The one that is probably wanted: whose model answers now, a server whose address is set, whose key is."""
    from subagents.models.addresses import Misconfigured
    from subagents.models.providers import compatible_server

    elsewhere = False
    with suppress(Misconfigured):  # to put that right is what this is for
        elsewhere = bool(compatible_server(environ))
    guesses = (
        lambda each: bool(_model_now(each, settings)),
        lambda each: elsewhere and each.elsewhere,
        lambda each: each.provider is not None and bool(_held(each.provider.variables, environ)),
    )
    found = (number for guess in guesses for number, each in enumerate(offers) if guess(each))
    return next(found, 0)


def _model_now(offer: Offer, settings: Settings) -> str:
    """The id that the settings name, when it is one of this offer's; else ""."""
    if offer.provider is None or not settings.model.startswith(f"{offer.provider.name}:"):
        return ""
    if BASE_URL in offer.provider.variables and bool(settings.openai_base_url) is not offer.elsewhere:
        return ""
    return settings.model.partition(":")[2]


# --- the questions


def _asked(
    ask: Asking, offer: Offer, keyring: Keyring, environ: Mapping[str, str], settings: Settings
) -> Answers:
    if offer.provider is None:
        return Answers(offer, "offline")
    url = _url(ask, environ, settings) if offer.elsewhere else ""
    key, missing = _key(ask, offer, keyring, environ, settings)
    there = {**environ, BASE_URL: url, **({offer.variable: key} if key else {})}
    found = _on_server(ask, offer, there)
    preferred = _model_now(offer, settings) or (found or (offer.provider.default,))[0]
    # OpenAI's own default is none of another server's.
    preferred = "" if offer.elsewhere and preferred == offer.provider.default else preferred
    return Answers(offer, _model(ask, offer, found, preferred), url, key, missing)


def _url(ask: Asking, environ: Mapping[str, str], settings: Settings) -> str:
    known = environ.get(BASE_URL, "").strip() or settings.openai_base_url
    return ask.line(_("Its address"), known or "http://localhost:8000/v1", _bad_address).rstrip("/")


def _bad_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    return (
        "" if good else _("An address begins with http:// or https://, for example http://localhost:8000/v1.")
    )


def _key(
    ask: Asking, offer: Offer, keyring: Keyring, environ: Mapping[str, str], settings: Settings
) -> tuple[str, tuple[str, ...]]:
    """The key to keep, and what is to be exported instead."""
    if not offer.variable or offer.provider is None:
        return "", ()
    if held := _held(offer.provider.variables, environ):
        ask.tell(_("{variable} is set in the environment; that key is used.").format(variable=held))
        return "", ()
    had = offer.variable in settings.keys_in_keyring
    needed = () if had or offer.elsewhere else (offer.variable,)
    if not (name := keyring.name()):
        ask.tell(_no_keyring())
        return "", needed
    ask.tell(_key_question(name, had=had, optional=offer.elsewhere))
    typed = ask.secret(_("Key"))
    return typed, () if typed else needed


def _key_question(name: str, *, had: bool, optional: bool) -> str:
    if had:
        after = _("Enter keeps the one that is there.")
    elif optional:
        after = _("Enter if it needs none.")
    else:
        after = _("Enter leaves it out.")
    text = _("The key goes into {keyring}; it is not shown while you type. {after}")
    return text.format(keyring=name, after=after)


def _no_keyring() -> str:
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return _(
            "Keys are not kept in files. To have them kept in the keyring: pip install 'subagents[keyring]'."
        )
    return _("This system has no keyring that can be used, and keys are not kept in files.")


def _on_server(ask: Asking, offer: Offer, environ: Mapping[str, str]) -> Sequence[str]:
    """The models that a server of one's own says it has; it need not be running yet."""
    if offer.provider is None or (offer.provider.variables and not offer.elsewhere):
        return ()
    import anyio

    from subagents.clock import SystemClock
    from subagents.models.served import Served

    served = Served(SystemClock())
    found = anyio.run(served.compatible if offer.elsewhere else served.ollama, environ)
    if found is None:
        ask.tell(_("Nothing answers there at the moment."))
    elif found:
        names = ", ".join(map(printable, found[:MOST_NAMED]))
        more = _(" and {n} more").format(n=len(found) - MOST_NAMED) if len(found) > MOST_NAMED else ""
        ask.tell(_("It has {names}{more}.").format(names=names, more=more))
    return found or ()


def _model(ask: Asking, offer: Offer, found: Sequence[str], preferred: str) -> str:
    """The exact name: the provider's prefix is added where it was left out."""
    from subagents.models.providers import provider_called

    assert offer.provider is not None
    typed = ask.line(_("Model"), preferred, _bad_model)
    if typed in found or provider_called(typed.partition(":")[0] if ":" in typed else "") is None:
        return f"{offer.provider.name}:{typed}"
    return typed


def _bad_model(text: str) -> str:
    if text and not any(each.isspace() for each in text):
        return ""
    return _("Give the model's name as its server has it, without blanks.")


# --- keeping it


def _keep_key(ask: Asking, answers: Answers, keyring: Keyring) -> bool:
    """Whether there is a key in the keyring now that was not kept before."""
    if not answers.key:
        return False
    try:
        keyring.put(answers.offer.variable, answers.key)
    except SettingsFileError as error:
        ask.tell(str(error))
        return False
    if keyring.get(answers.offer.variable) == answers.key:
        return True
    ask.tell(_("The keyring took the key but does not give it back."))
    return False


def _write(answers: Answers, settings: Settings, environ: Mapping[str, str], *, kept: bool) -> None:
    from subagents.settings.writing import change

    changes: dict[str, Value | None] = {"model": answers.model}
    if answers.offer.elsewhere and answers.url != environ.get(BASE_URL, "").strip().rstrip("/"):
        changes["openai_base_url"] = answers.url
    elif answers.offer.provider is not None and BASE_URL in answers.offer.provider.variables:
        # OpenAI's own server was chosen, or the environment has the address.
        changes["openai_base_url"] = None
    if kept:
        changes["keys_in_keyring"] = tuple(dict.fromkeys((*settings.keys_in_keyring, answers.offer.variable)))
    change(files.user_file(), changes)


def _tell_end(ask: Asking, answers: Answers, environ: Mapping[str, str], *, kept: bool) -> None:
    ask.tell("")
    ask.tell(
        _("{model} answers from now on; this is in {path}").format(
            model=answers.model, path=files.user_file()
        )
    )
    for text in (*_in_the_way(answers, environ), *_to_install(answers.offer)):
        ask.tell(text)
    lost = (answers.offer.variable,) if answers.key and not kept else ()
    lines = [f"export {name}=…" for name in (*answers.missing, *lost)]
    ask.tell(_("Now, and in your shell's profile:") if lines else _("Try it:"))
    for line in (*lines, FIRST_COMMAND):
        ask.tell(f"  {line}")


def _in_the_way(answers: Answers, environ: Mapping[str, str]) -> list[str]:
    """What is set elsewhere and goes before what was just written."""
    from subagents.models.addresses import shown

    told = []
    found = layered(project_here(), environ)
    origin = found.source_of("model")
    if origin.layer is not Layer.USER:
        text = _("But here {where} goes before it, with {model!r}.")
        told.append(text.format(where=origin.place, model=found.settings.model))
    address = environ.get(BASE_URL, "").strip().rstrip("/")
    if address and answers.offer.variable == "OPENAI_API_KEY" and address != answers.url:
        text = _("But {variable} is set to {address} and goes before it; unset it.")
        told.append(text.format(variable=BASE_URL, address=shown(address)))
    return told


def _to_install(offer: Offer) -> Iterator[str]:
    from subagents.models.providers import has_library

    if offer.provider is not None and not has_library(offer.provider):
        text = _("What speaks to {label} is not installed yet: pip install 'subagents[{extra}]'")
        yield text.format(label=offer.provider.label, extra=offer.provider.extra)


def _without_terminal() -> str:
    from subagents.models.providers import PROVIDERS

    variables = ", ".join(name for each in PROVIDERS for name in each.variables if name != BASE_URL)
    text = _(
        "setup asks questions, and nobody is at a terminal to answer them. Set one of {variables} (and {url} for a "
        "server of your own), and name a model: subagents settings set {model} provider:id --user."
    )
    return text.format(variables=variables, url=BASE_URL, model=by_name()["model"].name)
