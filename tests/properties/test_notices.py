"""Whatever happens in whatever order, each ending is told of in one notice at most, and in the end is read or told."""

from __future__ import annotations

from collections import Counter

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from subagents.events import NoticeAcknowledged, NoticePosted
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Wait

MODES = st.sampled_from(["async", "smart", "group"])
#: What is done, and with which run or for how long.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["spawn", "child", "end", "stop", "read", "wait", "resume", "acknowledge"]),
        st.integers(0, 9),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(MODES, STEPS)
def test_each_ending_is_told_once_or_read(mode: str, steps: list[tuple[str, int]]):
    store = MemoryStore()
    anyio.run(_lived, store, mode, steps)
    anyio.run(_lived, store, mode, [])  # whoever opens it next is told of what is left
    posted = [entry.event for entry in store.entries() if isinstance(entry.event, NoticePosted)]
    endings = Counter((ending.run, ending.episode) for notice in posted for ending in notice.endings)
    assert set(endings.values()) <= {1}
    acknowledged = Counter(
        entry.event.notice for entry in store.entries() if isinstance(entry.event, NoticeAcknowledged)
    )
    assert set(acknowledged.values()) <= {1}
    assert set(acknowledged) <= {notice.notice for notice in posted}


async def _lived(store: MemoryStore, mode: str, steps: list[tuple[str, int]]) -> None:
    gates: dict[str, anyio.Event] = {str(number): anyio.Event() for number in range(40)}
    scripts = {name: (Wait(gate), Say(name)) for name, gate in gates.items()}
    clock = FakeClock()
    wanted = Settings(default_join_mode=mode, max_concurrent=100, max_children=100)
    async with open_manager(ScriptedRunner(scripts), clock=clock, settings=wanted, store=store) as manager:
        for number, (step, which) in enumerate(steps):
            await _step(manager, clock, gates, step, which, str(number))
            await settled()
        await clock.advance(100)
        left = {run.id for notice in await manager.outbox.pending() for run in notice.runs}
        for run in manager.list():
            if run.status.ended and not run.delivered and run.parent is None and not _by_parent(run.outcome):
                assert run.id in left or _told(manager, run.id)
        await manager.outbox.acknowledge(*[notice.id for notice in await manager.outbox.pending()])


def _by_parent(outcome: object) -> bool:
    return getattr(outcome, "by", None) == "parent"


def _told(manager: AgentManager, run: RunId) -> bool:
    """Whether it stands in a notice that has arrived."""
    return manager.state.notices.tells_of(run, manager.state.run(run).episode)


async def _step(
    manager: AgentManager, clock: FakeClock, gates: dict[str, anyio.Event], step: str, which: int, name: str
) -> None:
    runs = manager.list()
    run = runs[which % len(runs)] if runs else None
    match step:
        case "spawn":
            await manager.spawn("plain", name)
        case "child" if run is not None and not run.status.ended:
            await manager.spawn("plain", name, parent=run.id)
        case "end" if run is not None:
            gates[run.prompt].set()
        case "stop" if run is not None and not run.status.ended:
            await manager.stop(run.id)
        case "read" if run is not None:
            await manager.get_result(run.id, to="parent" if run.parent is not None else "library")
        case "resume" if run is not None and run.status.ended:
            await manager.resume(run.id, name)
        case "acknowledge":
            await manager.outbox.acknowledge(*[notice.id for notice in await manager.outbox.pending()][:1])
        case "wait":
            await clock.advance(which * 7.0)
        case _:
            pass
