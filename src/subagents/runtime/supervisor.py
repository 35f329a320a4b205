"""One run, from queued to ended: one `Supervisor` drives one episode of it.

However the episode goes, exactly one ending is recorded. What stops a run from outside records the ending first
and cancels afterwards, so a cancelled supervisor has nothing left to say; one that is cancelled without an
ending says that it was interrupted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.errors import RunnerError, SessionError, SubagentsError, WorkspaceError
from subagents.events import Event, StoppedBy
from subagents.ids import RunId
from subagents.models.secrets import Veiled, veiled
from subagents.runners.base import (
    Called,
    Compacted,
    Conversation,
    PromptSent,
    RequestFailed,
    RunContext,
    TextArrived,
    TurnDone,
    Update,
)
from subagents.runs import lifecycle, limits
from subagents.runs.limits import Verdict
from subagents.runs.state import RunState
from subagents.runtime.admission import Place
from subagents.runtime.closing import closing, opening, unclosed
from subagents.runtime.correcting import judged
from subagents.runtime.recording import kept_of
from subagents.runtime.shared_edits import with_meetings
from subagents.runtime.surroundings import Shared
from subagents.runtime.unread import Unread
from subagents.sessions.journal import Decide
from subagents.sessions.messages import StoredMessage
from subagents.sessions.state import SessionState
from subagents.sessions.transcript import reply_lines
from subagents.workspaces.base import OpenWorkspace

log = logging.getLogger("subagents")
log.addFilter(Veiled())

ENDING_BOUND = 10.0  # seconds that recording an ending may take, come what may
CLOSING_BOUND = 120.0  # seconds in which a workspace of a run's own may be put away; a large one takes some
DRAFT_EVERY = 1.0  # seconds between two keepings of a reply that is still arriving
SHORTEST_NAP = 0.05  # seconds between two looks at a time limit
WRAP_UP_STEER = "wrap-up"
NOBODY = "nobody drove it any more"

#: Looks at a run and answers what happened to it.
OfRun = Callable[[RunState], Event | Sequence[Event] | None]


@dataclass
class Supervisor:
    """Drives one episode. `drive` is its task; everything else may be called meanwhile."""

    run_id: RunId
    episode: int
    shared: Shared
    place: Place
    environment: Mapping[str, str]
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    done: anyio.Event = field(default_factory=anyio.Event)
    _unread: Unread = field(default_factory=Unread)
    _draft: list[str] = field(default_factory=list)
    _draft_kept_at: float = 0.0
    _began: float | None = None
    _rested: float = 0.0
    _resting_since: float | None = None

    @property
    def run(self) -> RunState:
        return self.shared.journal.head.run(self.run_id)

    @property
    def seconds(self) -> float:
        """How long the episode has been in progress, without its rests; measured."""
        if self._began is None:
            return 0.0
        until = self.shared.clock.monotonic() if self._resting_since is None else self._resting_since
        return until - self._began - self._rested

    @property
    def partial(self) -> str:
        """The text of a reply that is still arriving."""
        return "".join(self._draft)

    async def drive(self, text: str | None, before: anyio.Event | None = None) -> None:
        """The whole episode, which begins with `text`, or with None goes on in the middle of what was said.

        It waits for `before`, the end of the episode before it: two must not work in one place. Raises nothing but
        cancellation that came from outside.
        """
        try:
            with self.scope:
                if before is not None:
                    await before.wait()
                await self.place.enter()
                await self._record(await self._to_its_ending(text))
        finally:
            with anyio.CancelScope(shield=True), self.shared.clock.move_on_after(ENDING_BOUND):
                # Does nothing when an ending stands: the first one wins.
                await self._record(lambda run: lifecycle.interrupt(run, NOBODY, self.seconds, self.partial))
            self.place.leave()
            await self._export()
            self.done.set()

    def steer(self, steer: str, text: str) -> None:
        """Passes a recorded message on, once; kept until somebody can read it."""
        self._unread.take(steer, text)

    async def watch_time(self) -> None:
        """Asks the run to wrap up, and stops it, by its time limit. A task of its own; the manager ends it."""
        spec = self.run.spec
        with suppress(SessionError):
            while (pause := limits.next_check(spec.limits, self.seconds)) is not None:
                # While it waits for a slot or rests its time stands still, and so would this loop.
                await self.shared.clock.sleep(max(pause, SHORTEST_NAP))
                match limits.after_seconds(spec.limits, self.seconds, asked=bool(self.run.wrap_up)):
                    case Verdict.WRAP_UP:
                        await self._ask_to_wrap_up("time")
                    case Verdict.STOP:
                        reason = f"it ran for {spec.limits.max_seconds:g} seconds, which was its limit"
                        await self.stop(StoppedBy.TIMEOUT, reason)
                        return
                    case Verdict.CONTINUE:
                        pass

    async def stop(self, by: StoppedBy, reason: str, *, subtree: bool | None = None) -> bool:
        """Records that it was stopped, then ends what it does; False when it had ended."""
        try:
            recorded = await self.shared.journal.record(
                self._ours(
                    lambda run: lifecycle.stop(run, by, self.seconds, reason, self.partial, subtree=subtree)
                ),
                run=self.run_id,
                lines=reply_lines(self.partial),
                draft="",
            )
        finally:
            self.scope.cancel()
        return bool(recorded)

    # --- the episode

    async def _to_its_ending(self, text: str | None) -> OfRun:
        """Runs it and answers how it ended."""
        self._began = self.shared.clock.monotonic()
        try:
            return await self._converse(text)
        except SubagentsError as error:
            reason = str(error)
        except Exception as error:
            # The one place that catches everything: whatever a runner, a tool or a provider raises ends its
            # own run, with the reason said, and never the manager with all the others.
            log.exception("run %s broke", self.run_id)
            reason = f"{type(error).__name__}: {error}"
        # What is not ours may repeat a key that it was given.
        told = veiled(reason)
        return lambda run: lifecycle.fail(run, told, self.seconds, self.partial or run.text)

    async def _converse(self, text: str | None) -> OfRun:
        spec = self.run.spec
        await self.shared.journal.record(self._ours(lambda run: lifecycle.start(run, spec.model)))
        if (runner := self.shared.runners.get(spec.runner)) is None:
            known = ", ".join(sorted(self.shared.runners))
            raise RunnerError(f"there is no runner {spec.runner!r}; this installation has {known}")
        workspace = await self.shared.workspaces.open(Path(spec.cwd), self.run_id)
        try:
            self._opened(workspace)
            context = self._context(workspace, await self._history(text))
            async with runner.open(spec, context) as conversation:
                return await self._judged(conversation, await self._answer(conversation, text))
        finally:
            await self._close(workspace)

    async def _answer(self, conversation: Conversation, text: str | None) -> str:
        """Prompts until an answer has come that no unread message follows."""
        with self._unread.read_by(conversation):
            # What a conversation between two prompts did not take goes along with the next one.
            answer = await conversation.prompt(self._unread.with_prompt(text))
            while self._unread:
                await self._mind_usage()
                answer = await conversation.prompt(self._unread.with_prompt(None))
            return answer

    async def _judged(self, conversation: Conversation, answer: str) -> OfRun:
        """How it ends with this answer, or with the one that it gave when it was asked for another."""

        async def ask(correction: str) -> str:
            await self._mind_limits()
            return await self._answer(conversation, correction)

        last, verdict = await judged(self.run, answer, ask, self._record)
        if verdict is not None and not verdict.fits:
            return lambda run: lifecycle.reject_last(
                run, last, verdict.found, self.seconds, checkable=verdict.checkable
            )
        structured = verdict.structured if verdict is not None else None
        return lambda run: lifecycle.complete(run, last, self.seconds, structured)

    def _context(self, workspace: OpenWorkspace, history: Sequence[StoredMessage]) -> RunContext:
        run = self.run
        directory = Path(run.directory)
        return RunContext(
            run=run.id,
            episode=self.episode,
            depth=run.depth,
            folder=workspace.root,
            directory=directory if directory.is_relative_to(workspace.root) else workspace.root,
            history=history,
            environment=self.environment,
            output=self.shared.output,
            report=self._report,
            told=workspace.told,
            preflight=self.shared.edits.of(run.id) if self.shared.edits is not None else None,
        )

    # --- what is reported

    async def _report(self, update: Update) -> None:
        match update:
            case TextArrived(text=text):
                self._keep_draft(text)
            case TurnDone(more=more):
                await self._end_turn(more=more)
            case Called() if self.run.spec.command is not None:
                # A program decides by itself when a turn of its own is over.
                await self._mind_usage()
                await self._keep(update)
            case Compacted():
                await self._keep(update)
                await self._mind_usage()
            case RequestFailed():
                await self._keep(update)
                if update.wait is not None:
                    await self._mind_usage()
            case _:
                await self._keep(update)

    async def _keep(self, update: Update) -> None:
        run = self.run
        if self._is_over(run):
            return
        if isinstance(update, PromptSent) and (steers := self._unread.delivered()):
            self._keep_delivered(update, steers)
            return
        kept = kept_of(update, run)
        if kept.draft is not None:
            self._draft.clear()
        if kept.fact is None:
            self.shared.journal.keep(run.id, messages=kept.messages, lines=kept.lines, draft=kept.draft)
            return
        fact: Event = kept.fact
        pending = self.shared.journal.enqueue(
            lambda head: with_meetings(head, fact),
            run=run.id,
            messages=kept.messages,
            lines=kept.lines,
            draft=kept.draft,
        )
        # Only what must not be repeated is waited for before it is done; the rest is in order behind it.
        if pending is not None and fact.synced:
            await pending.wait()

    def _keep_delivered(self, update: PromptSent, steers: Sequence[str]) -> None:
        """Messages that came too late to be slipped in are a prompt: they are delivered exactly when it is kept."""
        self.shared.journal.enqueue(
            self._ours(lambda run: [read for steer in steers if (read := lifecycle.deliver(run, steer))]),
            run=self.run_id,
            messages=update.messages,
        )

    def _keep_draft(self, text: str) -> None:
        self._draft.append(text)
        now = self.shared.clock.monotonic()
        if now - self._draft_kept_at >= DRAFT_EVERY and not self._is_over(self.run):
            self._draft_kept_at = now
            self.shared.journal.keep(self.run_id, draft=self.partial)

    async def _end_turn(self, *, more: bool) -> None:
        if not more:
            self.shared.journal.enqueue(self._ours(lifecycle.end_turn))
            return
        await self.shared.journal.record(self._ours(lifecycle.end_turn))
        await self._mind_limits()

    async def _mind_limits(self) -> None:
        """Between two turns: near a limit it is asked to wrap up, at it it is stopped, and what is paused rests."""
        run = self.run
        verdict = limits.after_turn(run.spec.limits, run.episode_turns, asked=bool(run.wrap_up))
        if verdict is Verdict.WRAP_UP:
            await self._ask_to_wrap_up("turns")
        elif verdict is Verdict.STOP:
            await self._stop_at_limit(f"it used {run.episode_turns} turns, which was its limit")
        await self._mind_usage()
        if self.run.paused:
            await self._rest()

    async def _mind_usage(self) -> None:
        """Before another request: near a limit of tokens or cost asks to wrap up, and at it stops and never returns."""
        run = self.run
        if run.spec.limits.max_tokens is None and run.spec.limits.max_cost is None:
            return
        used = run.episode_usage
        match limits.after_usage(run.spec.limits, used, asked=bool(run.wrap_up)):
            case Verdict.WRAP_UP:
                await self._ask_to_wrap_up(limits.nearest(run.spec.limits, used))
            case Verdict.STOP:
                await self._stop_at_limit(limits.used_up(run.spec.limits, used))
            case Verdict.CONTINUE:
                pass

    async def _stop_at_limit(self, reason: str) -> None:
        await self.stop(StoppedBy.LIMIT, reason)
        await anyio.sleep_forever()  # until the cancellation is here: there is no next request

    async def _ask_to_wrap_up(self, limit: str) -> None:
        if await self.shared.journal.record(self._ours(lambda run: lifecycle.wrap_up(run, limit))):
            self.steer(WRAP_UP_STEER, limits.wrap_up_message(self.run.spec.limits, limit))

    async def _rest(self) -> None:
        """Parked: the slot is free for others, and comes back before those who never had one."""
        self._resting_since = self.shared.clock.monotonic()
        # Paused again while it waits to go on, it goes on resting.
        while self.run.paused:
            await self.shared.journal.record(self._ours(lifecycle.park))
            self.place.leave()
            await self.shared.journal.until(lambda state: not state.run(self.run_id).paused)
            await self.place.enter(front=True)
        await self.shared.journal.record(self._ours(lifecycle.start))
        self._rested += self.shared.clock.monotonic() - self._resting_since
        self._resting_since = None

    # --- small steps

    async def _export(self) -> None:
        """Writes the transcript for people, when the setting asks for it; the log has it all."""
        if self.shared.export is not None:
            with anyio.CancelScope(shield=True), self.shared.clock.move_on_after(ENDING_BOUND):
                await anyio.to_thread.run_sync(self.shared.export, self.run_id)

    async def _record(self, decide: OfRun) -> None:
        # A session that is over has said so to everybody; there is nobody left to tell.
        with suppress(SessionError):
            lines = reply_lines(self.partial)
            await self.shared.journal.record(self._ours(decide), run=self.run_id, lines=lines, draft="")

    def _ours(self, decide: OfRun) -> Decide:
        """`decide`, asked of our episode only: one that was resumed meanwhile belongs to somebody else."""

        def of_ours(head: SessionState) -> Event | Sequence[Event] | None:
            run = head.run(self.run_id)
            return decide(run) if run.episode == self.episode else None

        return of_ours

    def _is_over(self, run: RunState) -> bool:
        return run.status.ended or run.episode != self.episode

    async def _history(self, text: str | None) -> Sequence[StoredMessage]:
        """What was said before; at the beginning only what it inherited."""
        if text is not None and self.run.episode == 1 and self.run.spec.inherited is None:
            return ()
        return await anyio.to_thread.run_sync(self.shared.store.messages, self.run_id)

    def _opened(self, workspace: OpenWorkspace) -> None:
        opened = opening(self.run, self.episode, workspace)
        self.shared.journal.enqueue(self._ours(lambda _: opened))

    async def _close(self, workspace: OpenWorkspace) -> None:
        bound = self.shared.clock.move_on_after(CLOSING_BOUND)
        kept = unclosed(workspace)
        with anyio.CancelScope(shield=True), bound, suppress(WorkspaceError):
            kept = await self.shared.workspaces.close(workspace)
        with suppress(SessionError):
            closed = closing(self.run, self.episode, kept)
            self.shared.journal.enqueue(self._ours(lambda _: closed))
