"""How a parent is reached, as far as it must know: what is true of waiting and of being told depends on it."""

from __future__ import annotations

from dataclasses import dataclass

TELLS = "You are told by yourself when it ends, so do not poll or sleep."
RIDES = (
    "Word of an ending comes with your next call of one of these tools and never by itself: fetch the result when you "
    "need it, and do not poll."
)
ASKS = "Nobody tells you when it ends: fetch the result when you need it, and do not poll."


@dataclass(frozen=True, slots=True)
class Door:
    """`reader` names it in the log. `tells` is whether its parents are told of endings, `rides` whether word of them
    comes with the answers of tools; `longest_wait` is how many seconds a call may block, None for the setting."""

    reader: str
    tells: bool
    longest_wait: float | None = None
    rides: bool = False

    @property
    def told(self) -> str:
        """How a parent comes to know of an ending."""
        if self.tells:
            return TELLS
        return RIDES if self.rides else ASKS

    @property
    def go_on(self) -> str:
        """What may be done about an agent that has not ended; said with every such answer and with no other."""
        return f"Call get_subagent_result with wait: true to wait for it, or without it for a status. {self.told}"


#: A run of ours: notices stand in its conversation between two calls of tools.
CONVERSATION = Door("parent", tells=True)
#: A loop of somebody's own that calls the tools.
LIBRARY = Door("library", tells=False)
#: The same, where it passes notices on to its model.
LIBRARY_WITH_NOTICES = Door("library", tells=True)
#: A client of the MCP server, which sends nothing to its model by itself.
MCP = Door("mcp", tells=False, rides=True)
