"""What a client may conclude about a tool before it lets a model call it, and why. MCP calls these annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """In MCP's words: whether nothing is changed; whether anything may be lost; whether doing it twice is doing it
    once; whether it reaches beyond what is known here."""

    title: str
    reads_only: bool = False
    destructive: bool = False
    idempotent: bool = False
    open_world: bool = False


# Starting an agent changes nothing by itself, but what is started may run commands, change files and ask the network,
# as far as its definition lets it. A client that skips its questions for what only reads, or destroys nothing, must not
# skip them here; it returns at once, so nothing is lost where a client calls such tools one after the other.
_STARTS = {"destructive": True, "open_world": True}

HINTS: Mapping[str, Hints] = {
    "Agent": Hints("Start a subagent", **_STARTS),
    "start_agents": Hints("Start several subagents", **_STARTS),
    # That a result was read is noted, which changes nothing for the client; waits run side by side where it knows this.
    "get_subagent_result": Hints("Get a subagent's result", reads_only=True, idempotent=True),
    "list_subagents": Hints("List subagents", reads_only=True, idempotent=True),
    # A server of one's own, wherever it is, is asked what it has.
    "list_models": Hints("List models for subagents", reads_only=True, idempotent=True, open_world=True),
    # A message gives an agent no rights that it did not have.
    "steer_subagent": Hints("Tell a subagent something", open_world=True),
    # What it had is kept, and it can be resumed.
    "stop_subagent": Hints("Stop a subagent", idempotent=True),
    "pause_subagent": Hints("Pause a subagent", idempotent=True),
    "unpause_subagent": Hints("Let a subagent go on", idempotent=True, open_world=True),
    # Something is written down, and nothing else follows.
    "report_work": Hints("Report work done elsewhere"),
    # Off the list; the log keeps everything.
    "clear_subagents": Hints("Clear ended subagents", idempotent=True),
}
