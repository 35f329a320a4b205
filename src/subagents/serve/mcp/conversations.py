"""What the MCP server needs of whoever hosts it: sessions to work in, and what the tools say before there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from subagents.definitions.catalog import AgentCatalog
    from subagents.places import Project
    from subagents.runtime.manager import AgentManager
    from subagents.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Client:
    """A program that speaks MCP, as it calls itself; "" where it does not say."""

    name: str = ""
    version: str = ""


class Conversations(Protocol):
    """The sessions of one project, found or begun as clients need them."""

    @property
    def project(self) -> Project: ...

    @property
    def settings(self) -> Settings: ...

    def catalog(self) -> AgentCatalog:
        """The agents there are, as the files are now; opens no session."""
        ...

    async def manager(self, client: Client, thread: str) -> AgentManager:
        """The session of this client and thread, "" where the client names none; the same one until it is over.

        Called for each request that needs it. Raises `SessionError` when there is none to be had.
        """
        ...
