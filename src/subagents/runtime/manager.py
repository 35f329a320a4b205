"""`AgentManager`: the verbs that act on runs. How a run runs, and what is in progress, is not known here.

What it knows it reads from the journal, and what it does is to record: `driving` does what a fact calls for.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from subagents.clock import Clock
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.told import ToldProblems
from subagents.errors import SessionError
from subagents.events import (
    Entry,
    Event,
    ResultDelivered,
    RunSpawned,
    SessionClosed,
    StoppedBy,
)
from subagents.ids import RunId, new_fact_id, new_run_id
from subagents.models.providers import PROVIDERS, Provider
from subagents.models.shelves import Shelves
from subagents.notices.joining import JoinMode
from subagents.runs import lifecycle
from subagents.runs.mentions import free_handle
from subagents.runs.outputs import shared_output_notes
from subagents.runs.peek import Peek, PeekQuery
from subagents.runs.reports import Registration, Report, facts, farewells, registered
from subagents.runs.reports import lines as reported_lines
from subagents.runs.result import Result
from subagents.runs.state import TO_PARENT, RunState, Steer, receipt
from subagents.runtime.admission import Admission
from subagents.runtime.choosing import chosen, refuse_ended
from subagents.runtime.driving import Driving
from subagents.runtime.following import follow
from subagents.runtime.inheriting import with_inherited
from subagents.runtime.outbox import Outbox
from subagents.runtime.peeking import peek
from subagents.runtime.scope import Scope
from subagents.runtime.settling import Settling
from subagents.runtime.shared_edits import with_meetings
from subagents.runtime.surroundings import OuterRun, Shared, Surroundings
from subagents.runtime.trusting import refuse_untrusted
from subagents.runtime.waiting import Waits
from subagents.runtime.wishing import wished
from subagents.sessions.conversation import paragraphs
from subagents.sessions.journal import Journal
from subagents.sessions.state import SessionState
from subagents.settings.model import Settings
from subagents.spec import AskedBy, RunSpec, SpawnRequest
from subagents.texts import storable

log = logging.getLogger("subagents")

CLOSING_BOUND = 30.0  # seconds that stopping everything may take when the manager closes
# Seconds a wait lasts unless it says otherwise: below the 300 s after which many clients give up.
WAIT_BOUND = 270.0


class AgentManager:
    """Runs agents of one session. Made and ended by `AgentManager.open` (see `bootstrap`)."""

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
        self._driving = Driving(surroundings, journal, admission, shared, tasks)
        self._problems = ToldProblems()
        self._reads: dict[RunId, Callable[[str], Any]] = {}
        self.settling = Settling(journal)
        self.waits = Waits(journal, shared.clock)
        self.outbox = Outbox(
            journal,
            shared.clock,
            JoinMode(surroundings.settings.default_join_mode),
            self._driving.steer,
            self._result,
            self.waits.watching,
        )
        journal.on_broken = lambda: self._driving.do_soon(self._give_up)
        tasks.start_soon(self.outbox.attend)

    # --- what is known

    @property
    def state(self) -> SessionState:
        """The session as it is recorded. It moves on by itself."""
        return self._journal.state

    @property
    def settings(self) -> Settings:
        return self._around.settings

    @property
    def project(self) -> Path:
        """The root of the project."""
        return self._around.project

    @property
    def agents(self) -> AgentCatalog:
        """The agent definitions, as the files are now."""
        return self._around.definitions.catalog()

    @property
    def broken(self) -> SessionError | None:
        """Why nothing more is recorded in this session; None while it is open."""
        return self._journal.broken

    @property
    def clock(self) -> Clock:
        return self._shared.clock

    async def models(self, providers: Sequence[Provider] = PROVIDERS) -> Shelves | None:
        """The models that there are to choose from now; None where none are known."""
        look = self._around.look_at_models
        return await look(providers) if look is not None else None

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Calls `listener` with every fact from now on, after it is kept; returns what ends that."""
        return self._journal.listen(listener)

    def find(self, name: str) -> RunId:
        """The run with this id, unique prefix of an id, or handle. Raises `RunNotFound`."""
        return self._journal.head.find(name)

    def scope(self, owner: RunId | None = None) -> Scope:
        """What a parent sees and controls: the runs below it, or for None all of the session."""
        return Scope(self._journal.head, owner)

    def events(self, after: int = 0) -> AsyncIterator[Entry]:
        """All facts with a number above `after`, those of the past first, until the session is closed; whoever reads
        slowly loses none."""
        return follow(self._journal, self._shared.store, after)

    def resize(self, max_concurrent: int) -> None:
        """How many top-level runs may be in progress from now on (at least 1)."""
        self._admission.project.resize(max_concurrent)

    async def note(self, fact: Event) -> None:
        """Keeps a fact that needs no decision. Raises `SessionError`."""
        await self._journal.record(lambda _: fact)

    async def register(self, agent: Registration, owner: str = "library") -> RunId:
        """An agent that we did not start will report of its work: the run that stands for it. Raises `BadReport`."""
        run_id, project = self._new_id(), str(self.project)

        def fact(head: SessionState) -> Event:
            handle = free_handle(agent.name, head.handles)
            return registered(agent, run_id, handle, project=project, owner=owner)

        await self._journal.record(fact)
        return run_id

    async def record(self, agent: str, report: Report) -> None:
        """Keeps what a registered agent says of its work. Raises `NotNow` for one that did not register, or has left,
        and `BadReport`."""
        run_id, call = self.find(agent), new_fact_id()

        def happened(head: SessionState) -> Sequence[Event]:
            run = head.run(run_id)
            reported = facts(run, report, call, max(0.0, self.clock.now() - run.spawned_at))
            return [each for fact in reported for each in with_meetings(head, fact)]

        await self._journal.record(happened, run=run_id, lines=reported_lines(report))

    # --- the verbs

    async def spawn(self, request: SpawnRequest | str, prompt: str = "", **wishes: Any) -> RunId:
        """Begins a run and returns its id as soon as that is recorded; it then waits for its turn.

        `request` is a whole `SpawnRequest`, or an agent type, with the prompt and any other of its fields beside it.
        A request with a `request_id` that was seen before answers with the first one's run.
        `output_schema` may also be a pydantic model class, a `TypeAdapter`, or what one is made of, such as
        `list[Place]` and `Place | None`; `Result.value` is then an instance.
        Raises `UnknownAgent`, `SpawnRefused`, `ModelUnavailable`, `BadTools`; then nothing was begun.
        """
        asked, kind = wished(request, prompt, wishes)
        run_id = await self._spawn(asked)
        if kind is not None:
            self._reads[run_id] = kind.read
        return run_id

    async def _spawn(self, asked: SpawnRequest) -> RunId:
        if (known := self._answered(asked)) is not None:
            return known
        parent = self._journal.head.run(asked.parent) if asked.parent is not None else None
        spec = await chosen(asked, parent, self._around)
        spec, begins = await with_inherited(spec, asked, parent, self.settings, self._shared.store)
        self._tell_problems(spec)
        run_id = self._new_id()
        await self._journal.record(
            lambda head: self._spawned(head, run_id, asked, spec), run=run_id, messages=begins
        )
        return self._answered(asked) or run_id

    async def resume(
        self, run: str, prompt: str, *, asked_by: AskedBy = AskedBy.PROGRAM, trust: bool = False
    ) -> RunId:
        """Goes on with an ended run, in a new episode. Raises `NotNow` for one that has not ended.

        Raises `SpawnRefused` where a project's file named what executes it, and is not trusted as it was then; with
        `trust` a person or program trusts it for this episode.
        """
        run_id = self.find(run)
        spec = self._journal.head.run(run_id).spec
        refuse_untrusted(run_id, spec, self._around, trusts=trust, by=asked_by)
        await self._journal.record(lambda head: lifecycle.resume(head.run(run_id), prompt, asked_by))
        return run_id

    async def steer(
        self, run: str, message: str, *, asked_by: AskedBy = AskedBy.PROGRAM, wait: float = 0.0
    ) -> Steer:
        """Slips a message in before the run's next turn, once and in the order of the calls, and returns its receipt:
        as it is, or within `wait` seconds as soon as it was read or missed. Raises `NotNow` for one that has ended.
        """
        run_id, steer_id = self.find(run), new_fact_id()
        await self._driving.steer(run_id, steer_id, storable(message), asked_by)
        if wait > 0:
            with self.clock.move_on_after(wait):
                await self._journal.until(lambda state: not receipt(state.run(run_id), steer_id).waits)
        return receipt(self.state.run(run_id), steer_id)

    async def pause(self, run: str) -> None:
        """Lets the run rest at the end of its turn. Raises `NotNow` for one that has ended."""
        run_id = self.find(run)
        await self._journal.record(lambda head: lifecycle.pause(head.run(run_id)))

    async def unpause(self, run: str) -> None:
        """Lets a paused run go on; also one that a dead process left resting, which may need trust as `resume` does."""
        run_id = self.find(run)
        if not self._driving.drives(run_id):
            spec = self._journal.head.run(run_id).spec
            refuse_untrusted(run_id, spec, self._around, trusts=False, by=AskedBy.PROGRAM)
        await self._journal.record(lambda head: lifecycle.unpause(head.run(run_id)))

    async def stop(
        self, run: str, *, by: StoppedBy = StoppedBy.USER, reason: str = "", subtree: bool = True
    ) -> bool:
        """Ends a run and keeps what it had. False when it had ended already. All below it ends too; without `subtree`
        only those children that it waited for."""
        return await self._driving.stop(self.find(run), by, reason, subtree=subtree)

    async def get_result(
        self, run: str, *, wait: bool = False, timeout: float | None = WAIT_BOUND, to: str = "library"
    ) -> Result:
        """The run as it is, with its answer or partial work; with `wait`, when it ended or after `timeout` seconds.

        Waiting never ends the run. `to` names who was told, for the log.
        """
        run_id = self.find(run)
        await self.waits.wait((run_id,), seconds=timeout if wait else 0.0)
        state = self.state.run(run_id)
        result = await self._result(state)
        if state.status.ended and not state.delivered:
            # A run that a command of another session's run began has its parent elsewhere: this is its reader.
            elsewhere = state.parent is not None and state.parent not in self.state.runs
            reader = TO_PARENT if elsewhere else to
            # A session that is over still has its results.
            with suppress(SessionError):
                await self.note(ResultDelivered(run=run_id, episode=state.episode, to=reader))
        return result

    def unkept(self, run: str) -> Result | None:
        """The run with the words that it ended with and that could not be kept, because the session broke on them."""
        ending = self._journal.unkept(run_id := self.find(run))
        return None if ending is None else self._told(self._journal.head.run(run_id), ending)

    async def peek(self, run: str, query: PeekQuery | None = None, **wishes: Any) -> Peek:
        """A look at a run's transcript: its last lines, those after a line, those that match a pattern. `wishes` are
        the fields of a `PeekQuery`, where none is given. Costs what it shows. Raises `BadPattern`.
        """
        return await peek(self._shared.store, self.find(run), query or PeekQuery(**wishes), self.clock)

    async def conversation(self, run: str) -> Sequence[str]:
        """What was said in a run so far, a paragraph each; tools' answers by their beginnings."""
        messages = await anyio.to_thread.run_sync(self._shared.store.messages, self.find(run))
        return list(paragraphs(messages))

    def transcript_of(self, run: str) -> Path | None:
        """The file that its transcript is written to when it ends; None where none is."""
        run_id = self.find(run)
        if self._shared.transcripts is None or not self._journal.head.run(run_id).spec.output_transcript:
            return None
        return self._shared.transcripts / f"{run_id}.jsonl"

    def list(self, *, cleared: bool = False) -> Sequence[RunState]:
        """The runs of this session, newest first."""
        runs = [run for run in self.state.runs.values() if cleared or not run.cleared]
        return runs[::-1]

    async def clear(self, runs: Sequence[str] | str) -> None:
        """Takes ended runs, or one, off the list. Raises `NotNow` when one has not ended, and clears none then."""
        chosen = [self.find(run) for run in ([runs] if isinstance(runs, str) else runs)]
        await self._journal.record(lambda head: [lifecycle.clear(head.run(run)) for run in chosen])

    # --- the end

    async def over(self) -> None:
        """Returns when nothing more is recorded in this session, in good order or not."""
        with suppress(SessionError):
            await self._journal.until(lambda _: False)

    async def close(self, by: StoppedBy = StoppedBy.SHUTDOWN, reason: str = "its manager was closed") -> None:
        """Stops what is live and records it; nothing can be begun afterwards."""
        with anyio.CancelScope(shield=True), self._shared.clock.move_on_after(CLOSING_BOUND):
            await self._driving.stop_all(by, reason)
        with anyio.CancelScope(shield=True), suppress(SessionError):
            await self._journal.record(
                lambda head: [*farewells(head.runs.values(), reason), SessionClosed(reason=reason)]
            )
            self._journal.close(reason)

    # --- spawning

    def _above(self, asked: SpawnRequest) -> OuterRun | None:
        """What the run will be below: its parent here, else the run that this process is a command of."""
        if asked.parent is None:
            return self._around.outer
        parent = self._journal.head.run(asked.parent)
        return OuterRun(parent.id, parent.root, parent.depth)

    def _new_id(self) -> RunId:
        while not self._around.claim_id(run_id := new_run_id()):
            pass
        return run_id

    def _tell_problems(self, spec: RunSpec) -> None:
        """What is wrong with the agent's file: to programmers, once."""
        path = spec.source.path if spec.source is not None else ""
        for problem in self._problems.news(self.agents.problems, path):
            log.warning("%s", problem)

    def _answered(self, asked: SpawnRequest) -> RunId | None:
        """The run that the same request got before."""
        return self._journal.head.requests.get(asked.request_id) if asked.request_id else None

    def _spawned(
        self, head: SessionState, run_id: RunId, asked: SpawnRequest, spec: RunSpec
    ) -> RunSpawned | None:
        """The fact; None when the same request was answered while this one was being looked at."""
        if self._answered(asked) is not None:
            return None
        refuse_ended(head.run(asked.parent) if asked.parent is not None else None)
        above = self._above(asked)
        if above is not None:
            self._admission.count_spawn(above.root)
        others = [run for run in head.runs.values() if above is None or run.id != above.run]
        notes = shared_output_notes(spec, others)
        return RunSpawned(
            run=run_id,
            episode=1,
            handle=free_handle(asked.name or spec.agent, head.handles),
            parent=above.run if above is not None else None,
            root=above.root if above is not None else run_id,
            depth=above.depth + 1 if above is not None else 1,
            spec=msgspec.structs.replace(spec, notes=(*spec.notes, *notes)) if notes else spec,
            asked_by=asked.asked_by,
            request_id=asked.request_id,
        )

    def _give_up(self) -> None:
        """The journal broke: nothing can be recorded, so nothing may go on, and nobody has anything to wait for."""
        self._driving.give_up()
        self.waits.release_all()
        self.outbox.release_all()

    # --- reading

    async def _result(self, run: RunState) -> Result:
        if run.outcome is None:
            return Result(run, run.text, conflicts=self.state.conflicts_of(run.id))
        entry = await anyio.to_thread.run_sync(self._shared.store.entry, run.outcome.seq)
        return self._told(run, entry.event)

    def _told(self, run: RunState, ending: Event) -> Result:
        return Result.of(run, ending, self._reads.get(run.id), self.state.conflicts_of(run.id))
