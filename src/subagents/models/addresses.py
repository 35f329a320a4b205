"""Where a provider's models answer, and with which key, by the environment's variables. Nothing is asked here.

`openai` means responses at OpenAI and chat completions at any other OPENAI_BASE_URL, which is what compatible servers
know; `openai-chat` and `openai-responses` say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

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


@dataclass(frozen=True, slots=True)
class Address:
    """Where models answer. `way` is how they are spoken to (a name in `speaking.SPEAKERS`); `url` "" is the
    provider's own; `key` "" means that none is set."""

    way: str
    url: str
    key: str


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
