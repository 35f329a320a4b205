"""Models that answer over the network, by exact name: at which address, with which key, in which way of speaking.

`anthropic:ID`, `openai:ID`, `google:ID` and `ollama:ID`. `openai:` means responses at OpenAI and chat completions at
any other OPENAI_BASE_URL, which is what compatible servers know; `openai-chat:` and `openai-responses:` say which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anyio import NoEventLoopError
from anyio.lowlevel import RunVar

from subagents.errors import ModelUnavailable
from subagents.language import _
from subagents.settings.keys import opened

if TYPE_CHECKING:
    from pydantic_ai.models import Model

#: The environment variables that hold a provider's key, and those that hold its address; the first one set counts.
KEYS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openai-chat": ("OPENAI_API_KEY",),
    "openai-responses": ("OPENAI_API_KEY",),
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "ollama": ("OLLAMA_API_KEY",),
}
URLS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_BASE_URL",),
    "openai": ("OPENAI_BASE_URL",),
    "openai-chat": ("OPENAI_BASE_URL",),
    "openai-responses": ("OPENAI_BASE_URL",),
    "google": ("GOOGLE_GEMINI_BASE_URL",),
    "ollama": ("OLLAMA_BASE_URL", "OLLAMA_HOST"),
}

OPENAI_HOST = "api.openai.com"
OLLAMA_HOST, OLLAMA_PORT = "127.0.0.1", 11434
NO_KEY = "none"  # what a server that wants no key is told: a client library wants one all the same


@dataclass(frozen=True, slots=True)
class Address:
    """Where models answer. `way` is how they are spoken to (a name in `speaking.SPEAKERS`); `url` "" is the
    provider's own; `key` "" means that none is set."""

    way: str
    url: str
    key: str


def remote_model(name: str) -> Model[Any]:
    """The model of an exact name, with the keys and addresses that are set now (`settings.keys`).

    One object for all who ask on one event loop. All models of one address share its connections, which are open
    while somebody has entered one of them (`async with`), and closed when the last one leaves. Raises
    `ModelUnavailable` for a name that is none, and where what speaks to it is not installed.
    """
    provider, _colon, model = name.partition(":")
    if provider not in KEYS or not model:
        raise ModelUnavailable(
            _("There is no model {name!r}; it must be provider:id with one of {known}.").format(
                name=name, known=", ".join(KEYS)
            )
        )
    address = _address(provider)
    made = _made_here()
    if address not in made.makers:
        made.makers[address] = _maker(address)
    if (address, model) not in made.models:
        made.models[address, model] = made.makers[address](model)
    return made.models[address, model]


def load(name: str) -> None:
    """Imports what speaks to the model of this name, and looks for its key: seconds, once a process, and so for a
    thread. A name that `remote_model` does not know needs nothing. Raises `ModelUnavailable` where it is missing."""
    provider, _colon, model = name.partition(":")
    if provider in KEYS:
        _maker(_address(provider))(model)


def address_of(provider: str, environ: Mapping[str, str]) -> Address:
    """Where the models of `provider`, one of `KEYS`, answer when these are the environment's variables.

    Raises `ValueError` for an address that is none.
    """
    key, url = first_set(environ, KEYS[provider]), first_set(environ, URLS[provider])
    match provider:
        case "ollama":
            return Address("ollama", ollama_url(url), key)
        case "openai" | "openai-chat" if not _is_openai(url):
            return Address("compatible", url, key)
        case "openai":
            return Address("responses", url, key)
        case _:
            return Address(provider.removeprefix("openai-"), url, key)


def _address(provider: str) -> Address:
    environ = opened()
    try:
        return address_of(provider, environ)
    except ValueError as error:
        raise ModelUnavailable(
            _("The address {url!r} in {names} is not one: {why}.").format(
                url=first_set(environ, URLS[provider]), names=_(" or ").join(URLS[provider]), why=error
            )
        ) from error


def first_set(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The value of the first of these variables that says anything, else ""."""
    return next((value for name in names if (value := environ.get(name, "").strip())), "")


def ollama_url(configured: str) -> str:
    """Where Ollama speaks chat completions. `configured` is a host, host:port or URL, as Ollama's own programs take
    it; "" is the usual place on this machine."""
    url = configured.strip().rstrip("/") or f"{OLLAMA_HOST}:{OLLAMA_PORT}"
    parts = urlsplit(url if "://" in url else f"http://{url}")
    # A server told to listen everywhere is reached here.
    host = OLLAMA_HOST if parts.hostname in (None, "0.0.0.0") else parts.hostname
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (OLLAMA_PORT if parts.scheme == "http" else 443)
    return f"{parts.scheme}://{host}:{port}{parts.path.removesuffix('/v1').rstrip('/')}/v1"


def _is_openai(url: str) -> bool:
    return not url or urlsplit(url).hostname == OPENAI_HOST


# --- what was made


class _Made:
    """`makers` hold the connections; what they make are the models."""

    def __init__(self) -> None:
        self.makers: dict[Address, Callable[[str], Model[Any]]] = {}
        self.models: dict[tuple[Address, str], Model[Any]] = {}


# A connection belongs to the event loop that opened it: each loop has its own, and they go with it.
_made: RunVar[_Made] = RunVar("models of this event loop")


def _made_here() -> _Made:
    """What was made on this event loop; where there is none, nothing was."""
    try:
        return _made.get()
    except NoEventLoopError:
        return _Made()
    except LookupError:
        made = _Made()
        _made.set(made)
        return made


def _maker(address: Address) -> Callable[[str], Model[Any]]:
    from subagents.models.speaking import SPEAKERS

    try:
        return SPEAKERS[address.way](address.url, address.key or NO_KEY)
    except ImportError as error:
        raise ModelUnavailable(
            _("What speaks to {way!r} models is not installed: pip install 'subagents[{way}]'.").format(
                way=address.way
            )
        ) from error
