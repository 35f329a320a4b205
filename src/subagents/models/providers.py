"""The providers of models: what opens each, and which of its models answers unless one is named.

This table is the one place for that; `doctor` and `subagents models` print it. Order is order of preference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from subagents.models.addresses import KEYS, URLS, Misconfigured, address_of
from subagents.settings import keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """`variables` are those of the environment that open it, any one of them; none where it must answer instead.

    `default` is the id that answers unless one is named, "" where only its server knows. `prefixes` are further
    ways to begin its exact names, which say how its server is spoken to; `aliases` only mean it. `ids` is a pattern
    for the ids in the price data that are models to run agents on. `library` is the module that it needs, which the
    extra `extra` of this package installs.
    """

    name: str
    label: str
    variables: tuple[str, ...] = ()
    default: str = ""
    prefixes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ids: str = ""
    library: str = ""
    extra: str = ""


PROVIDERS = (
    Provider(
        name="anthropic",
        label="Anthropic",
        variables=KEYS["anthropic"],
        default="claude-sonnet-5-5",
        # Older ones, such as claude-3-opus, stand there under names that their server never had.
        ids=r"claude-[a-z]+-\d",
    ),
    Provider(
        name="openai",
        label="OpenAI",
        # A server of one's own may want no key.
        variables=(*KEYS["openai"], *URLS["openai"]),
        default="gpt-6.1-sol",
        prefixes=("openai-chat", "openai-responses"),
        ids=r"(gpt-|o)\d",
    ),
    Provider(
        name="google",
        label="Google",
        variables=KEYS["google"],
        default="gemini-3.8-flash",
        aliases=("gemini",),
        ids=r"gem(ini|ma)-\d",
        library="google.genai",
        extra="google",
    ),
    Provider(name="ollama", label="Ollama"),
)

OLLAMA = PROVIDERS[-1]

_VARIABLES = frozenset(name for names in (*KEYS.values(), *URLS.values()) for name in names)


def variables_here(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Those of the variables of providers that are set in the environment (this process's when it is None), or kept
    by `subagents setup`. A keyring may have to be unlocked by a person: ask in a thread."""
    found = keys.opened(environ)
    return {name: text for name in sorted(_VARIABLES) if (text := found.get(name, "").strip())}


def provider_called(prefix: str) -> Provider | None:
    """The provider that a name with this prefix means."""
    wanted = prefix.strip().casefold()
    return next(
        (each for each in PROVIDERS if wanted in (each.name, *each.prefixes, *each.aliases)),
        None,
    )


def opened_by(provider: Provider, environ: Mapping[str, str]) -> str:
    """The variable that opens the provider here, "" when none is set. Whether a key is good only its server knows."""
    return next((name for name in provider.variables if environ.get(name, "").strip()), "")


def has_library(provider: Provider) -> bool:
    """Whether what speaks to it is installed."""
    if not provider.library:
        return True
    try:
        return find_spec(provider.library) is not None
    except ModuleNotFoundError:  # the package it would be in is not there
        return False


def compatible_server(environ: Mapping[str, str]) -> str:
    """The address of a server that only speaks as OpenAI's does; "" when OpenAI's own is meant.

    Raises `Misconfigured`.
    """
    address = address_of("openai", environ)
    return address.url.rstrip("/") if address.way == "compatible" else ""


def trouble(provider: Provider, environ: Mapping[str, str]) -> str:
    """Why its variables cannot be used as they are set, as a sentence; "" when they can."""
    try:
        address_of(provider.name, environ)
    except Misconfigured as error:
        return str(error)
    return ""


def parted(name: str) -> tuple[str, Provider | None, str]:
    """The prefix that its exact name has, the provider that it names, and the id. None for a name without one."""
    ends = [at for mark in ":/" if (at := name.find(mark)) > 0]
    if not ends:
        return "", None, name
    prefix, id = name[: min(ends)].strip().casefold(), name[min(ends) + 1 :].strip()
    provider = provider_called(prefix)
    if provider is None or not id:
        return "", None, name
    return (provider.name if prefix in provider.aliases else prefix), provider, id


def every_variable() -> tuple[str, ...]:
    """All variables that open a provider, in order."""
    return tuple(name for each in PROVIDERS for name in each.variables)
