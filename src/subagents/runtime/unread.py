"""Messages to a run in progress: each is passed on once, and kept until somebody can read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from subagents.runners.base import Conversation


@dataclass
class Unread:
    """What of one episode's messages nobody has read yet, in the order they came."""

    _waiting: list[tuple[str, str]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _reader: Conversation | None = None
    _prompted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, steer: str, text: str) -> None:
        """Passes a recorded message on, once, whoever brings it again."""
        if steer not in self._seen:
            self._seen.add(steer)
            self._pass_on(steer, text)

    @contextmanager
    def read_by(self, conversation: Conversation) -> Iterator[None]:
        """As long as the block lasts the conversation is offered what comes, first of all what has come already."""
        self._reader = conversation
        try:
            waiting, self._waiting = self._waiting, []
            for steer, text in waiting:
                self._pass_on(steer, text)
            yield
        finally:
            self._reader = None

    def with_prompt(self, text: str | None) -> str | None:
        """The prompt with all that is unread; None when there is nothing to say. See `delivered`."""
        waiting, self._waiting = self._waiting, []
        self._prompted = tuple(steer for steer, _ in waiting)
        parts = [*([] if text is None else [text]), *(message for _, message in waiting)]
        return "\n\n".join(parts) if parts else None

    def delivered(self) -> tuple[str, ...]:
        """The messages that went along with the last prompt, once: they are delivered exactly when it is kept."""
        steers, self._prompted = self._prompted, ()
        return steers

    def _pass_on(self, steer: str, text: str) -> None:
        if self._reader is None or not self._reader.steer(steer, text):
            self._waiting.append((steer, text))
