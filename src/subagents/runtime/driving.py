"""What is in progress: each run that waits for its turn or works has a supervisor here, and a task.

A run is driven because the fact that it was spawned, resumed or unpaused is in the log, not because somebody remembered
to start it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from subagents.errors import SessionError
from subagents.events import Ending, Entry, RunResumed, RunSpawned, RunUnpaused, StoppedBy
from subagents.ids import RunId
from subagents.runs import lifecycle
from subagents.runs.state import RunState
from subagents.runtime.admission import Admission
from subagents.runtime.supervisor import ENDING_BOUND, Supervisor
from subagents.runtime.surroundings import Shared, Surroundings
from subagents.sessions.journal import Journal
from subagents.spec import AskedBy
from subagents.workspaces.processes.variables import DEPTH, RUN, TREE


class Driving:
    """The supervisors of one session, in a task group of the manager's."""

    def __init__(
        self,
        surroundings: Surroundings,
        journal: Journal,
        admission: Admission,
        shared: Shared,
        tasks: TaskGroup,
    ) -> None:
        self._around = surroundings
        self._journal = journal
        self._admission = admission
        self._shared = shared
        self._tasks = tasks
        self._live: dict[RunId, Supervisor] = {}
        self._due: deque[Callable[[], None]] = deque()
        self._due_came = anyio.Event()
        journal.listen(self._heard)
        tasks.start_soon(self._attend)

    def drives(self, run_id: RunId) -> bool:
        return run_id in self._live

    def do_soon(self, what: Callable[[], None]) -> None:
        """What a fact calls for is done in a task of ours: the journal tells of facts outside of any."""
        self._due.append(what)
        self._due_came.set()

    async def steer(self, run_id: RunId, steer_id: str, message: str, asked_by: AskedBy) -> None:
        """Records a message to a run and passes it on. Raises `NotNow` for one that has ended."""
        await self._journal.record(
            lambda head: lifecycle.steer(head.run(run_id), steer_id, message, asked_by)
        )
        # Where the episode has not been begun yet, it finds the message when it is.
        if (supervisor := self._of_now(run_id)) is not None:
            supervisor.steer(steer_id, message)

    async def stop(self, run_id: RunId, by: StoppedBy, reason: str, *, subtree: bool) -> bool:
        """Records that a run was stopped, and ends what it does; False when it had ended. Either way its ending is in
        the committed state then, unless keeping it takes too long."""
        if (supervisor := self._of_now(run_id)) is not None:
            stopped = await supervisor.stop(by, reason, subtree=subtree)
        else:
            stopped = bool(
                await self._journal.record(
                    lambda head: lifecycle.stop(head.run(run_id), by, reason=reason, subtree=subtree)
                )
            )
        if not stopped:
            await self._until_kept()
        return stopped

    async def _until_kept(self) -> None:
        """What was decided so far, another stop perhaps, is seen by everybody."""
        decided = self._journal.head.seq
        with self._shared.clock.move_on_after(ENDING_BOUND):
            await self._journal.until(lambda state: state.seq >= decided)

    async def stop_all(self, by: StoppedBy, reason: str) -> None:
        """Stops what is live, until nothing is; the caller bounds it. A shutdown leaves those that rest as they are:
        they are let go on in another process."""
        while (live := self._live_but_resting(by)) or self._due:
            for supervisor in live:
                await supervisor.stop(by, reason)
            for supervisor in live:
                await supervisor.done.wait()
            await anyio.lowlevel.checkpoint()
            self._do_what_is_due()  # who attends to it may have been cancelled before us

    def _live_but_resting(self, by: StoppedBy) -> list[Supervisor]:
        live = list(self._live.values())
        if by is not StoppedBy.SHUTDOWN:
            return live
        state = self._journal.head
        at_work = {run for run in self._live if not state.run(run).rests}
        # Whoever is below one that is stopped is stopped with it.
        return [each for each in live if at_work.intersection(state.path(each.run_id))]

    def give_up(self) -> None:
        """Nothing can be recorded any more, so nothing may go on."""
        for supervisor in self._live.values():
            supervisor.scope.cancel()

    def _of_now(self, run_id: RunId) -> Supervisor | None:
        """Who drives the run's present episode; one of an earlier one may still be cleaning up."""
        supervisor = self._live.get(run_id)
        if supervisor is None or supervisor.episode != self._journal.head.run(run_id).episode:
            return None
        return supervisor

    # --- what facts call for

    def _heard(self, entry: Entry) -> None:
        match entry.event:
            case RunSpawned(run=run_id, episode=episode, spec=spec):
                self.do_soon(partial(self._begin, run_id, episode, spec.prompt))
            case RunResumed(run=run_id, episode=episode):
                self.do_soon(partial(self._begin, run_id, episode, entry.event.text))
            case RunUnpaused(run=run_id, episode=episode) if run_id not in self._live:
                self.do_soon(partial(self._begin, run_id, episode, None))
            case Ending(run=run_id) if self._journal.state.children(run_id):
                self.do_soon(partial(self._stop_children, entry.event))
            case _:
                pass

    async def _attend(self) -> None:
        while True:
            self._do_what_is_due()
            self._due_came = anyio.Event()
            await self._due_came.wait()

    def _do_what_is_due(self) -> None:
        while self._due:
            self._due.popleft()()

    def _begin(self, run_id: RunId, episode: int, text: str | None) -> None:
        run, before = self._journal.head.run(run_id), self._live.get(run_id)
        if run.status.ended or run.episode != episode:
            return  # somebody stopped it before it could be begun
        if before is not None and before.episode == episode:
            return  # it is driven already: a pause was taken back twice
        place, environment = self._admission.place(run), self._environment(run)
        self._live[run_id] = supervisor = Supervisor(run_id, episode, self._shared, place, environment)
        for waiting in (steer for steer in run.steers if steer.waits):
            supervisor.steer(waiting.id, waiting.text)
        self._tasks.start_soon(self._drive, self._live[run_id], text, before.done if before else None)

    async def _drive(self, supervisor: Supervisor, text: str | None, before: anyio.Event | None) -> None:
        run, watch = supervisor.run, anyio.CancelScope()
        if run.spec.limits.max_seconds is not None:
            self._tasks.start_soon(self._watch, supervisor, watch)
        try:
            await supervisor.drive(text, before)
        finally:
            watch.cancel()
            # A resume may have begun the next episode while this one was still cleaning up.
            if self._live.get(run.id) is supervisor:
                del self._live[run.id]
                self._forget_queues(run)

    def _forget_queues(self, run: RunState) -> None:
        """Of those of the run and above it below which nothing is in progress any more."""
        above: RunState | None = run
        while above is not None and above.id not in self._live:
            if not any(below in self._live for below in self._journal.state.subtree(above.id)):
                self._admission.forget(above.id)
            above = self._journal.state.runs.get(above.parent) if above.parent is not None else None

    async def _watch(self, supervisor: Supervisor, scope: anyio.CancelScope) -> None:
        with scope:
            await supervisor.watch_time()

    def _stop_children(self, ending: Ending) -> None:
        subtree = lifecycle.takes_along(ending, detach=self._around.settings.detach_children)
        state = self._journal.state
        for child in state.children(ending.run):
            if child in self._live and (subtree or not state.run(child).spec.background):
                self._tasks.start_soon(self._stop_child, child, subtree)

    async def _stop_child(self, child: RunId, subtree: bool) -> None:
        with suppress(SessionError):
            await self.stop(child, StoppedBy.PARENT, "its parent ended", subtree=subtree)

    def _environment(self, run: RunState) -> Mapping[str, str]:
        """What tells a program started by the run where it is, so that it has no back door."""
        return {
            **self._around.environment,
            RUN: run.id,
            TREE: run.root,
            DEPTH: str(run.depth),
        }
