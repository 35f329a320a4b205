"""One GET over HTTP, within bounds: of time, of bytes, of redirects, and of whom it may reach."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from subagents.texts import quoted
from subagents.toolsets.coding.failures import ToolFailed
from subagents.toolsets.web.addresses import Resolve, checked, looked_up

MOST_BYTES = 1_000_000
MOST_SECONDS = 20.0
MOST_REDIRECTS = 5
MOST_ADDRESSES = 3  # of one host that are tried

_PORTS = {"http": 80, "https": 443}
_CHARSET = re.compile(r"\bcharset\s*+=\s*+[\"']?([^\s\"';]++)", re.IGNORECASE)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Got:
    """What was answered. `whole` says that `data` is all of it."""

    url: str
    status: int
    reason: str
    kind: str
    charset: str | None
    data: bytes
    whole: bool


async def get(url: str, *, private: bool, resolve: Resolve = looked_up) -> Got:
    """Follows redirects, each of which is checked like the first address. Raises `ToolFailed`. Who calls it bounds
    it to `MOST_SECONDS`, with what is then made of the answer."""
    for _redirect in range(MOST_REDIRECTS + 1):
        parts = _parts(url)
        url = parts.geturl()
        port = parts.port or _PORTS[parts.scheme]
        addresses = await checked(parts.hostname or "", port, private=private, resolve=resolve)
        got = await _first(url, parts, addresses)
        if isinstance(got, Got):
            return got
        url = urljoin(url, got)
    raise ToolFailed(f"it was sent on more than {MOST_REDIRECTS} times, at last to {url!r}.")


def _parts(url: str) -> SplitResult:
    """The address, with the host's name as it is sent. Raises `ToolFailed`."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.port == 0:
            raise ValueError(url)
        sent = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    except ValueError:
        text = f"{quoted(url, 200)} is no address of the web; give one such as https://example.org/page."
        raise ToolFailed(text) from None
    if parts.username is not None:
        raise ToolFailed("an address with a user name or password in it is not asked.")
    host = f"[{sent}]" if ":" in sent else sent
    return parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host)


async def _first(url: str, parts: SplitResult, addresses: Sequence[str]) -> Got | str:
    """The answer of the first address that can be reached, or where it sends us."""
    why = "no address"
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return await _asked(url, parts, address)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            why = str(error) or type(error).__name__
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise ToolFailed(f"{url!r} could not be read: {str(error) or type(error).__name__}.") from error
    raise ToolFailed(f"{url!r} could not be reached: {why}.")


async def _asked(url: str, parts: SplitResult, address: str) -> Got | str:
    """Connects to the address and asks for the host: its name is in the request, and in what a certificate must say."""
    host = f"[{address}]" if ":" in address else address
    port = f":{parts.port}" if parts.port else ""
    there = parts._replace(netloc=host + port, fragment="").geturl()
    headers = {
        "Host": parts.netloc,
        "User-Agent": f"subagents/{version('subagents')}",
        "Accept": "text/html, text/plain, text/*, application/json, */*;q=0.5",
        "Accept-Encoding": "identity",
    }
    # A proxy of the environment would look the name up by itself.
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=MOST_SECONDS, follow_redirects=False) as client,
        client.stream(
            "GET", there, headers=headers, extensions={"sni_hostname": parts.hostname or ""}
        ) as response,
    ):
        if response.status_code in _REDIRECTS and (to := response.headers.get("location")):
            return str(to)
        data, whole = await _read(response)
        kind, charset = kind_of(response.headers.get("content-type", ""))
        return Got(url, response.status_code, response.reason_phrase, kind, charset, data, whole)


def kind_of(header: str) -> tuple[str, str | None]:
    """The kind of a text and its charset. The library's own way reads the header as that of a mail, which may raise."""
    kind, _, parameters = header.partition(";")
    charset = _CHARSET.search(parameters)
    return kind.strip().lower(), charset[1] if charset else None


async def _read(response: httpx2.Response) -> tuple[bytes, bool]:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MOST_BYTES:
            return bytes(data[:MOST_BYTES]), False
    return bytes(data), True
