"""What servers of one's own say they can answer with: asked when it is needed, within a bound, and kept for a while.

These are Ollama, and whatever OPENAI_BASE_URL names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from subagents.clock import Clock
from subagents.models import ollama
from subagents.models.addresses import Misconfigured
from subagents.models.providers import compatible_server

if TYPE_CHECKING:
    import httpx2

NEAR_BOUND = 0.2  # seconds that a server on this machine has to answer
FAR_BOUND = 2.0  # seconds that another has
FRESH = 10.0  # seconds that an answer, or none, is believed
MOST_BYTES = (
    4_000_000  # of an answer; the longest list known, of a server with a thousand models, has a tenth
)


class Served:
    """None is no answer; an empty tuple is a server without models. Ollama on this machine has `near` seconds to
    answer, any other server `far`."""

    def __init__(self, clock: Clock, *, near: float = NEAR_BOUND, far: float = FAR_BOUND) -> None:
        self._clock = clock
        self._near, self._far = near, far
        self._answers: dict[str, tuple[float, object]] = {}
        # A hundred agents that are started at once ask once.
        self._asking = anyio.Lock()

    async def ollama(self, environ: Mapping[str, str]) -> tuple[str, ...] | None:
        """The models of Ollama, the last changed first."""
        if not (server := ollama.address(environ)):
            return None
        bound = self._near if is_near(server) else self._far
        answer = await self._answer(f"{server}/api/tags", environ.get("OLLAMA_API_KEY", ""), bound)
        return ollama.models_in(answer) if answer is not None else None

    async def compatible(self, environ: Mapping[str, str]) -> tuple[str, ...] | None:
        """The models of the server that OPENAI_BASE_URL names, in its order."""
        try:
            server = compatible_server(environ)
        except Misconfigured:
            return None
        if not server:
            return None
        answer = await self._answer(f"{server}/models", environ.get("OPENAI_API_KEY", ""), self._far)
        return _listed(answer) if answer is not None else None

    async def _answer(self, url: str, key: str, bound: float) -> object | None:
        async with self._asking:
            since, answer = self._answers.get(url, (-FRESH, None))
            if self._clock.monotonic() - since >= FRESH:
                answer = await asked(url, key, bound)
                self._answers[url] = (self._clock.monotonic(), answer)
            return answer


async def asked(url: str, key: str, bound: float) -> object | None:
    """The JSON that is there, None when there is none within so many seconds."""
    near = is_near(url)
    if near and not await _listens(url, bound):
        return None  # said before the client is loaded: most people have no such server
    await anyio.to_thread.run_sync(_load_client)
    import httpx2

    headers = {"Authorization": f"Bearer {key.strip()}"} if key.strip() else {}
    with anyio.move_on_after(bound):
        try:
            # What is on this machine is not asked through a proxy.
            async with (
                httpx2.AsyncClient(timeout=bound, trust_env=not near) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                return await _json(response) if response.is_success else None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
            return None
    return None


def is_near(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _listens(url: str, bound: float) -> bool:
    parts = urlsplit(url)
    with anyio.move_on_after(bound):
        try:
            stream = await anyio.connect_tcp(
                parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
            )
        except OSError:
            return False
        await stream.aclose()
        return True
    return False


def _load_client() -> None:
    """In a thread: it takes a tenth of a second."""
    import httpx2  # noqa: F401


async def _json(response: httpx2.Response) -> object | None:
    """What the answer says, None when that is not JSON or more than anybody lists."""
    read = bytearray()
    async for piece in response.aiter_bytes():
        read += piece
        if len(read) > MOST_BYTES:
            return None
    try:
        answer: object = loads(read)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None
    return answer


def _listed(answer: object) -> tuple[str, ...]:
    """The ids in the answer to GET /models."""
    models = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(models, list):
        return ()
    ids = (each.get("id") for each in models if isinstance(each, dict))
    return tuple(id for id in ids if isinstance(id, str) and id)
