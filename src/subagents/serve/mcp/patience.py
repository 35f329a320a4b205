"""How long a call of a tool may block, by who calls: a client that gives up first never learns what came of it."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 10.0  # seconds that the answer has to arrive


@dataclass(frozen=True, slots=True)
class Patience:
    """`seconds` after which a client gives a call up, and whether it counts anew with each word of progress."""

    seconds: float
    extends: bool = False


STRANGER = Patience(60)

# By the beginnings of the names that clients declare, seen by driving each of them: Claude Code and Gemini CLI waited
# for over 330 s, Codex gives up at 300 (`tool_timeout_sec`). kimi-cli and mistral-vibe call themselves `mcp`, as all do
# that leave the name to the Python SDK; pi's and qwen's names end with what the user called the server.
_KNOWN = {
    "claude-code": Patience(330),
    "codex-mcp-client": Patience(300),
    "gemini-cli-mcp-client": Patience(330),
    "opencode": Patience(60, extends=True),
    "pi-mcp-": Patience(60),
    "kimi-code": Patience(60),
    "mcp": Patience(60),
    "qwen-cli-mcp-client-": Patience(300, extends=True),
}


def longest_wait(client: str, ceiling: float, *, progress: bool) -> float:
    """Seconds that a call of this client may block, at most the `ceiling`; `progress` tells that it asked for some."""
    patience = patience_of(client)
    if patience.extends and progress:
        return ceiling
    return min(patience.seconds - MARGIN, ceiling)


def patience_of(client: str) -> Patience:
    """What is known of a client of this name."""
    fitting = (patience for known, patience in _KNOWN.items() if _fits(client, known))
    return next(fitting, STRANGER)


def _fits(client: str, known: str) -> bool:
    return client == known or (known.endswith("-") and client.startswith(known))
