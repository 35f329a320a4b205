"""What happens to a session as a whole."""

from __future__ import annotations

from subagents.events.fact import Event


class SessionOpened(Event, frozen=True, kw_only=True):
    """A process became the session's owner."""

    project: str
    user: str
    program: str
    pid: int


class SessionClosed(Event, frozen=True, kw_only=True):
    """Its owner let go of it in good order."""

    reason: str = ""


class ClientConnected(Event, frozen=True, kw_only=True):
    """A program outside began to drive the session, or came back to it. `client` is what it calls itself; `thread` is
    which of its conversations, "" where it names none."""

    client: str
    program_version: str = ""
    thread: str = ""


class SessionRenamed(Event, frozen=True, kw_only=True):
    title: str


class SessionArchived(Event, frozen=True, kw_only=True):
    """Kept, but no longer listed (or listed again)."""

    archived: bool = True
