"""Several messages in one array, which only the protocol of 2025-03-26 has: their answers come back as one as well."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from subagents.serve.mcp.riding import Ride

VERSION = "2025-03-26"


class Batch:
    """The answers to an array of messages, collected until none is missing. Notifications get none."""

    def __init__(self) -> None:
        self._missing: set[Hashable] = set()
        self._answers: list[dict[str, Any]] = []
        #: What its answers take along.
        self.rides: list[Ride] = []

    def expect(self, request: Hashable) -> None:
        self._missing.add(request)

    def add(self, answer: dict[str, Any], request: Hashable = None, ride: Ride | None = None) -> None:
        """An answer, to a request that was expected or to what is none."""
        self._missing.discard(request)
        self._answers.append(answer)
        self.rides += [ride] if ride is not None else []

    def give_up(self, request: Hashable) -> None:
        """It was cancelled, and stays without an answer."""
        self._missing.discard(request)

    def take(self) -> list[dict[str, Any]]:
        """All answers when the last has come, once; until then none."""
        if self._missing:
            return []
        answers, self._answers = self._answers, []
        return answers
