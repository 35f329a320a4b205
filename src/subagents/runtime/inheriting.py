"""What a run begins with of its parent's conversation, read when it is asked for: the parent goes on meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.to_thread
import msgspec

from subagents.definitions.tool_names import DELEGATING, OURS
from subagents.prompts.inheritance import Inheritance, inherited, inherited_text
from subagents.runs.state import RunState
from subagents.sessions.messages import NewMessage
from subagents.sessions.store import EventStore
from subagents.settings.model import Settings
from subagents.spec import Inherited, RunSpec, SpawnRequest

NOTHING_YET = "Its parent has said nothing yet, so there was nothing to inherit: it knows its prompt alone."


async def with_inherited(
    spec: RunSpec, asked: SpawnRequest, parent: RunState | None, settings: Settings, store: EventStore
) -> tuple[RunSpec, Sequence[NewMessage]]:
    """The spec with what it inherits, and the messages that the run begins with: none for one that inherits nothing.

    What the caller passes on as text counts more than what the parent's messages are.
    """
    if spec.inherited is None:
        return spec, ()
    most = settings.inherit_max_tokens
    if asked.context.strip() or parent is None:
        return _beginning(spec, inherited_text(asked.context, most))
    found, until = await anyio.to_thread.run_sync(_of_parent, spec, parent, most, store)
    return _beginning(spec, found, parent, until)


def _of_parent(spec: RunSpec, parent: RunState, most: int, store: EventStore) -> tuple[Inheritance, int]:
    """What there is to inherit, and the number of the parent's last message. For a thread, as it may be long."""
    rows = store.messages(parent.id)
    return inherited(rows, most, lambda tool: _has(spec, parent, tool)), len(rows)


def _beginning(
    spec: RunSpec, found: Inheritance, parent: RunState | None = None, until: int = 0
) -> tuple[RunSpec, Sequence[NewMessage]]:
    told = Inherited(
        run=parent.id if parent is not None else None,
        until=until,
        messages=len(found.messages),
        tokens=found.tokens,
        left_out=found.left_out,
    )
    notes = spec.notes if found.messages else (*spec.notes, NOTHING_YET)
    return msgspec.structs.replace(spec, inherited=told, notes=notes), found.messages


def _has(spec: RunSpec, parent: RunState, tool: str) -> bool:
    """Whether the run surely has this tool of its parent's. Those that start agents depend on how deep it is."""
    if tool in DELEGATING:
        return False
    return spec.tools.allows(tool) if tool in OURS else spec.tools == parent.spec.tools
