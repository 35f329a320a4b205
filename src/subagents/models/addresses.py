"""Where a provider's models answer, and with which key, by the environment's variables. Nothing is asked here.

`openai` means responses at OpenAI and chat completions at any other OPENAI_BASE_URL, which is what compatible servers
know; `openai-chat` and `openai-responses` say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from subagents.errors import ModelUnavailable
from subagents.language import _

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

LONGEST_SHOWN = 200  # characters of what is no address


class Misconfigured(ModelUnavailable):
    """A variable holds an address that is none, or a key that cannot be sent; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where models answer. `way` is how they are spoken to (a name in `speaking.SPEAKERS`); `url` "" is the
    provider's own; `key` "" means that none is set."""

    way: str
    url: str
    key: str


def address_of(provider: str, environ: Mapping[str, str]) -> Address:
    """Where the models of `provider`, one of `KEYS`, answer when these are the environment's variables.

    Raises `Misconfigured` for an address that is none, and for a key that no request could carry.
    """
    key, url = _key(provider, environ), _url(provider, environ)
    match provider:
        case "ollama":
            return Address("ollama", ollama_url(url), key)
        case "openai" | "openai-chat" if not _is_openai(url):
            return Address("compatible", url, key)
        case "openai":
            return Address("responses", url, key)
        case _:
            return Address(provider.removeprefix("openai-"), url, key)


def shown(url: str) -> str:
    """An address as people may be shown it: scheme, host, port and path. The rest of it may be somebody's secret."""
    parts = _parts(url)
    if parts is None or not parts.hostname:
        # What is what in it cannot be told.
        scheme, mark, _rest = url.partition("://")
        return _bounded(url) if not set(url) & set("@?#") else f"{scheme}{mark}…" if scheme.isalpha() else "…"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port is not None else ""
    # A password with a slash in it looks like a path.
    return f"{parts.scheme}://{host}{port}{'/…' if '@' in parts.path else parts.path}"


def first_set(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The value of the first of these variables that says anything, else ""."""
    return next((value for name in names if (value := environ.get(name, "").strip())), "")


def ollama_url(configured: str) -> str:
    """Where Ollama speaks chat completions. `configured` is a host, host:port or URL, as Ollama's own programs take
    it; "" is the usual place on this machine. Raises `ValueError` for what is none of these."""
    url = configured.strip().rstrip("/") or f"{OLLAMA_HOST}:{OLLAMA_PORT}"
    if (parts := _parts(_with_scheme(url))) is None:
        raise ValueError(configured)
    # A server told to listen everywhere is reached here.
    host = OLLAMA_HOST if parts.hostname in (None, "0.0.0.0") else parts.hostname
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (OLLAMA_PORT if parts.scheme == "http" else 443)
    return f"{parts.scheme}://{host}:{port}{parts.path.removesuffix('/v1').rstrip('/')}/v1"


def _key(provider: str, environ: Mapping[str, str]) -> str:
    """What a header can hold is all that is printed in ASCII (RFC 9110, 5.5)."""
    key = first_set(environ, KEYS[provider])
    if key.isascii() and key.isprintable():
        return key
    name = _first_named(environ, KEYS[provider])
    text = _(
        "The key in {name} has a character that no request can carry; set it anew, without accents or line ends."
    )
    raise Misconfigured(text.format(name=name))


def _url(provider: str, environ: Mapping[str, str]) -> str:
    """The address as it is set, "" when none is."""
    url = first_set(environ, URLS[provider])
    # Ollama takes a host without a scheme, or a port alone.
    if url and (why := _trouble(_with_scheme(url) if provider == "ollama" else url, provider != "ollama")):
        text = _("The address {url!r} in {name} is not one: {why}.")
        name = _first_named(environ, URLS[provider])
        raise Misconfigured(text.format(url=shown(url), name=name, why=why))
    return url


def _trouble(url: str, wants_host: bool) -> str:
    """What is wrong with an address, "" when nothing is. Nothing of it is repeated."""
    parts = _parts(url)
    if parts is not None and parts.scheme not in ("http", "https"):
        return _("it must begin with http:// or https://")
    if parts is None or (wants_host and not parts.hostname):
        return _("it must be written as https://host:port/path")
    if not url.isprintable() or " " in url:
        return _("it has a space, or a character that cannot be seen")
    return ""


def _parts(url: str) -> SplitResult | None:
    """None where it cannot be taken apart."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 it is only looked at when it is asked for
    except ValueError:
        return None
    return parts


def _first_named(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The first of these variables that says anything."""
    return next((name for name in names if environ.get(name, "").strip()), names[0])


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _bounded(url: str) -> str:
    return url if len(url) <= LONGEST_SHOWN else f"{url[:LONGEST_SHOWN]}…"


def _is_openai(url: str) -> bool:
    return not url or urlsplit(url).hostname == OPENAI_HOST
