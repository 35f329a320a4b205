"""The sessions that a host owns: opened when somebody asks for one, let go of when nobody needs it any more."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus

from subagents.bootstrap import AgentManager
from subagents.clock import Clock
from subagents.errors import SessionError, SubagentsError
from subagents.events import Ending, Entry, RunParked, RunResumed, RunSpawned, RunUnpaused, StoppedBy
from subagents.ids import SessionId
from subagents.places import project_at
from subagents.runners.base import Runner
from subagents.serve.control import control
from subagents.sessions import retention

log = logging.getLogger("subagents")

SETTLE = 2.0  # seconds that a session is kept when nobody needs it: the next request may be about it


class Hosted:
    """One session of the host, with the clients that drive it now. When it `ends` nobody may begin to any more; it is
    `gone` when another owner may take it."""

    def __init__(self, manager: AgentManager, session: SessionId) -> None:
        self.manager = manager
        self.session = session
        self._clients = 0
        self._requests = 0
        self._left_at: float | None = None
        self._changed = anyio.Event()
        self._settle = SETTLE
        self.ends = False
        self.gone = anyio.Event()
        manager.listen(self._heard)

    @property
    def has_client(self) -> bool:
        return self._clients > 0

    @property
    def at_work(self) -> bool:
        """Whether something is in progress in it, or waits for its turn."""
        runs = self.manager.state.runs.values()
        return any(not (run.status.ended or run.rests or run.reported) for run in runs)

    @asynccontextmanager
    async def driven(self) -> AsyncIterator[AgentManager]:
        """As long as a client drives it."""
        self._clients += 1
        self._changed.set()
        try:
            yield self.manager
        finally:
            self._clients -= 1
            self._left_at = self.manager.clock.monotonic()
            self._changed.set()

    @contextmanager
    def asked(self) -> Iterator[AgentManager]:
        """As long as a request about it is carried out: it is not let go of under it."""
        self._requests += 1
        self._changed.set()
        try:
            yield self.manager
        finally:
            self._requests -= 1
            self._changed.set()

    def hurry(self) -> None:
        """It is let go of as soon as nobody needs it: whoever asks about it next asks another host."""
        self._settle = 0.0
        self._changed.set()

    @property
    def needed(self) -> bool:
        return bool(self._clients or self._requests or self.at_work)

    async def unneeded(self) -> None:
        """Returns when it may be let go of. Agents of a client that has gone end when their time is over."""
        while self.manager.broken is None:
            self._changed = anyio.Event()
            with self.manager.clock.move_on_after(self._seconds_left()) as bound:
                await self._changed.wait()
            if not bound.cancelled_caught:
                continue
            if not self.at_work:
                break
            await self.manager.close(StoppedBy.SHUTDOWN, self._why())
        self.ends = True

    def _seconds_left(self) -> float | None:
        """Until it may be let go of, if nothing happens; None when only what happens can decide that."""
        if self._clients or (self._requests and not self.at_work):
            return None
        if not self.at_work:
            return self._settle
        if self._left_at is None:  # nobody drove it: what was spawned goes on by itself
            return None
        gone = self.manager.clock.monotonic() - self._left_at
        return max(0.0, self.manager.settings.client_gone_seconds - gone)

    def _why(self) -> str:
        return (
            f"its client had been gone for {self.manager.settings.client_gone_seconds} seconds "
            "(the setting client_gone_seconds)"
        )

    async def watch(self) -> None:
        """Notices that nothing can be recorded any more. Ends then."""
        await self.manager.over()
        self._changed.set()

    def _heard(self, entry: Entry) -> None:
        if isinstance(entry.event, Ending | RunSpawned | RunResumed | RunParked | RunUnpaused):
            self._changed.set()


class Hosting:
    """All sessions of the host, each owned in a task of its own."""

    def __init__(self, clock: Clock, tasks: TaskGroup, runners: Mapping[str, Runner] | None = None) -> None:
        self._clock = clock
        self._tasks = tasks
        self._runners = runners
        self._hosted: dict[SessionId, Hosted] = {}
        self._opening = anyio.Lock()
        #: Called when there is one session less.
        self.on_let_go: Callable[[], None] = lambda: None

    @property
    def sessions(self) -> Mapping[SessionId, Hosted]:
        return self._hosted

    @property
    def at_work(self) -> bool:
        return any(hosted.at_work for hosted in self._hosted.values())

    async def leave(self, seconds: float) -> None:
        """Lets go of what nobody needs, and of all else as soon as it is not needed; returns when the former is done,
        or after so many seconds."""
        for hosted in self._hosted.values():
            hosted.hurry()
        with self._clock.move_on_after(seconds):
            for hosted in [each for each in self._hosted.values() if not each.needed]:
                await hosted.gone.wait()

    async def session(self, session: str | None, environ: Mapping[str, str], folder: Path) -> Hosted:
        """The session with this id, opened when it is not yet, or a new one for None, for work in `folder`.

        Raises what `AgentManager.open` raises: `SessionLocked` for one that another process owns.
        """
        while True:
            async with self._opening:
                known = self._hosted.get(SessionId(session)) if session is not None else None
                if known is None:
                    hosted: Hosted = await self._tasks.start(self._own, session, environ, folder)
                    return hosted
                if not known.ends:
                    return known
            await known.gone.wait()  # not with the lock: others are opened meanwhile

    async def _own(
        self,
        session: str | None,
        environ: Mapping[str, str],
        folder: Path,
        *,
        task_status: TaskStatus[Hosted],
    ) -> None:
        hosted: Hosted | None = None
        try:
            async with self._opened(session, environ, folder) as hosted:
                self._hosted[hosted.session] = hosted
                task_status.started(hosted)
                await hosted.unneeded()
        except (SubagentsError, OSError, BaseExceptionGroup) as error:
            # Before it began, who asked is told; afterwards the other sessions go on.
            if hosted is None or not _is_ours(error):
                raise
            log.error("A session ended: %s", error)
        finally:
            if hosted is not None:
                await _forget_if_empty(hosted)
                del self._hosted[hosted.session]
                hosted.gone.set()
                self.on_let_go()

    @asynccontextmanager
    async def _opened(
        self, session: str | None, environ: Mapping[str, str], folder: Path
    ) -> AsyncIterator[Hosted]:
        opened = AgentManager.open(
            folder, session=session, environ=environ, clock=self._clock, runners=self._runners
        )
        async with opened as manager, control(manager), anyio.create_task_group() as tasks:
            assert manager.session is not None
            hosted = Hosted(manager, manager.session)
            tasks.start_soon(hosted.watch)
            try:
                yield hosted
            finally:
                hosted.ends = True
                tasks.cancel_scope.cancel()


async def _forget_if_empty(hosted: Hosted) -> None:
    """A client that looked around and began nothing leaves nothing behind."""
    manager = hosted.manager
    if manager.state.runs or manager.folder is None:
        return
    remove = partial(retention.remove, project_at(manager.project), manager.folder)
    with anyio.CancelScope(shield=True), suppress(SessionError, OSError):
        await anyio.to_thread.run_sync(remove)


def _is_ours(error: BaseException) -> bool:
    """Whether it is nothing but what this package raises on purpose, or the system's refusals."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_ours, error.exceptions))
    return isinstance(error, SubagentsError | OSError)
