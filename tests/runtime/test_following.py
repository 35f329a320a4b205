"""Following a session's facts."""

from __future__ import annotations

import anyio
import pytest

from subagents.events import Entry
from subagents.sessions.store import MemoryStore
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled

pytestmark = pytest.mark.anyio


async def test_all_facts_are_told_in_order_those_of_the_past_first_until_the_session_is_closed():
    store, seen = MemoryStore(), list[Entry]()
    async with open_manager(store=store) as manager:
        await manager.get_result(await manager.spawn("plain", "before"), wait=True)

        async def read() -> None:
            async for entry in manager.events():
                seen.append(entry)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await settled()
            told = len(seen)
            assert told == manager.state.seq > 0
            await manager.get_result(await manager.spawn("plain", "meanwhile"), wait=True)
            await manager.close()
    assert seen == list(store.entries())
    assert len(seen) > told


async def test_whoever_reads_slowly_loses_nothing():
    async with open_manager() as manager:
        await manager.get_result(await manager.spawn("plain", "before"), wait=True)
        facts = manager.events(after=1)
        first = await anext(facts)
        assert first.seq == 2
        for _ in range(5):
            await manager.get_result(await manager.spawn("plain", "go"), wait=True)
        rest = [await anext(facts) for _ in range(manager.state.seq - first.seq)]
        assert [entry.seq for entry in rest] == list(range(first.seq + 1, manager.state.seq + 1))
