"""Which tools a client was shown last, and whether there are others by now: agents are files, which people edit."""

from __future__ import annotations

from mcp_types import Tool

from subagents.errors import SubagentsError
from subagents.serve.mcp.conversations import Conversations
from subagents.serve.mcp.tools import digest, listed


class Shown:
    """The list of tools as one client knows it."""

    def __init__(self, conversations: Conversations, told: str = "") -> None:
        """`told` is the digest of what somebody else showed it, "" for nothing."""
        self._conversations = conversations
        self._digest = told
        self._catalog: object = None

    def tools(self) -> list[Tool]:
        """The list as it is now, which the client is shown."""
        found = self._listed()
        self._digest = digest(found)
        return found

    def is_old(self) -> bool:
        """Whether the client was shown another list than there is now."""
        if not self._digest:
            return False
        try:
            return self._digest != digest(self._listed())
        except SubagentsError:  # there is no list now; whoever asks for it is told why
            return False

    def news(self) -> bool:
        """The same, once for each change, and cheap while no file changed."""
        try:
            changed = self._conversations.catalog() is not self._catalog
        except SubagentsError:
            return False
        return changed and self.is_old()

    def _listed(self) -> list[Tool]:
        self._catalog = self._conversations.catalog()
        return listed(self._conversations)
