"""Keys and passwords that this process has, and texts of others without them.

A provider that refuses a key may repeat it, and what it says is shown and kept.
"""

from __future__ import annotations

import base64
import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from subagents.models.addresses import KEYS, URLS
from subagents.settings.keys import BASE_URL, remembered
from subagents.settings.layers import of_user

FEWEST = 6  # characters of a secret; a shorter one is a part of words, and nobody's key
VEIL = "…"

_KEYS = frozenset(name for names in KEYS.values() for name in names)
_URLS = frozenset(name for names in URLS.values() for name in names)
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy"))


def veiled(text: str, environ: Mapping[str, str] | None = None) -> str:
    """The text with `VEIL` for each secret. Takes time in proportion to the text: some dozen secrets are looked for.

    Asks no keyring: what was sent anywhere had been had from it before.
    """
    # The longest first: one may be the beginning of another.
    for secret in sorted(_secrets(os.environ if environ is None else environ), key=len, reverse=True):
        text = text.replace(secret, VEIL)
    return text


class Veiled(logging.Filter):
    """Keeps secrets out of what is logged with the exception that led to it, and with those that led to that."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (said := veiled(message)) != message:
            record.msg, record.args = said, ()
        if record.exc_info:
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if (said := veiled(text)) != text:
                # Formatters take the text where there is one.
                record.exc_text, record.exc_info = said, None
        return True


def _secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Those of the environment, of the user's settings, and of the keyring as far as it was asked."""
    addresses = [of_user(environ).settings.openai_base_url] if not environ.get(BASE_URL) else []
    found = [text.strip() for text in remembered()]
    for name, text in environ.items():
        if name in _KEYS:
            found.append(text.strip())
        elif name in _URLS or name.casefold() in _PROXIES:
            addresses.append(text)
    found += [secret for address in addresses for secret in _of_address(address.strip())]
    return frozenset(secret for secret in found if len(secret) >= FEWEST)


def _of_address(address: str) -> Iterator[str]:
    """What stands in it for one person only: a password, as it is written, meant and sent, and each part of a query."""
    with suppress(ValueError):
        parts = urlsplit(address if "://" in address else f"//{address}")
        account, at, _host = parts.netloc.rpartition("@")
        if at:
            password = account.partition(":")[2]
            yield from (account, password, unquote(account), unquote(password))
            # How it is sent (RFC 7617).
            yield base64.b64encode(unquote(account).encode()).decode()
        yield from (value for _name, value in parse_qsl(parts.query))
        yield from (part.partition("=")[2] or part for part in parts.query.split("&"))
