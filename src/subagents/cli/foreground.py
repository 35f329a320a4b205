"""One run from its beginning to its end, watched: what `run` and `resume` have in common.

The process owns the run's session meanwhile and answers other processes on its socket. A first Ctrl-C stops the
run in good order; there is nothing a second one could make better.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from subagents.bootstrap import AgentManager
from subagents.cli.closing import Broken, Ended, tell, tell_broken
from subagents.cli.streams import say
from subagents.cli.watching import Watching, watch
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.installed import program_of
from subagents.definitions.model import Scope
from subagents.errors import SessionError, SubagentsError
from subagents.events import StoppedBy
from subagents.ids import RunId, SessionId
from subagents.language import _
from subagents.models.selection import OFFLINE, OFFLINE_LABEL
from subagents.own_tasks import own_tasks
from subagents.places import project_at
from subagents.runs.result import Result
from subagents.serve.control import control
from subagents.sessions import retention
from subagents.settings.possible import SCRIPT
from subagents.spec import AskedBy, RunSpec, SpawnRequest
from subagents.workspaces.base import WORKTREE

LONGEST_COMMAND = 500  # characters of a command line that are announced

ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Begins the run that is watched. May raise what `spawn` and `resume` raise.
Begin = Callable[[AgentManager], Awaitable[RunId]]


@dataclass(frozen=True)
class Display:
    """One object or the facts on standard output instead of the answer; nothing on standard error."""

    as_json: bool = False
    events: bool = False
    quiet: bool = False


def run_in_foreground(folder: Path, request: SpawnRequest, display: Display) -> int:
    """Runs it in a session of its own. Returns the exit code."""
    return _accompany(folder, None, lambda manager: manager.spawn(request), display)


def resume_in_foreground(
    folder: Path, session: str, run: RunId, prompt: str, display: Display, *, trust: bool = False
) -> int:
    """Goes on with an ended run, in its session. Returns the exit code."""
    return _accompany(
        folder,
        session,
        lambda manager: manager.resume(run, prompt, asked_by=AskedBy.PERSON, trust=trust),
        display,
    )


def unpause_in_foreground(folder: Path, session: str, run: RunId, display: Display) -> int:
    """Lets a run go on that rests and that nobody drives. Returns the exit code."""

    async def begin(manager: AgentManager) -> RunId:
        await manager.unpause(run)
        return run

    return _accompany(folder, session, begin, display)


def _accompany(folder: Path, session: str | None, begin: Begin, display: Display) -> int:
    _keep_log_quiet()
    ended = anyio.run(_to_its_end, folder, session, begin, display)
    if isinstance(ended, Broken):
        return tell_broken(ended, as_json=display.as_json, events=display.events, quiet=display.quiet)
    return tell(ended, as_json=display.as_json, events=display.events, quiet=display.quiet)


def _keep_log_quiet() -> None:
    """What programmers are told would stand between what users are told, who find the reason with the run."""
    if not os.environ.get("SUBAGENTS_DEBUG"):
        logging.getLogger().addHandler(logging.NullHandler())


class _Story:
    """How far it came, for whoever has to tell of it when the session breaks."""

    run: RunId | None = None
    session: SessionId | None = None
    result: Result | None = None
    unkept: Result | None = None
    log: Path | None = None
    by: signal.Signals | None = None
    rests = False


async def _to_its_end(folder: Path, session: str | None, begin: Begin, display: Display) -> Ended | Broken:
    story = _Story()
    # Outermost, so that a signal at any moment, the closing included, waits to be read instead of tearing something.
    with anyio.open_signal_receiver(*ENDED_BY) as signals:
        try:
            await _accompanied(story, _opened(folder, session), begin, display, signals)
        except (SessionError, BaseExceptionGroup) as error:
            # Before it began, the wish was refused; what broke afterwards is the end of a run that is in the log.
            if story.run is None or (why := _session_error(error)) is None:
                raise
            if story.result is None:
                return _broken(story, story.run, str(why))
            say(str(why))
    assert story.result is not None
    return Ended(story.result, story.session, story.by)


async def _accompanied(
    story: _Story,
    opened: AbstractAsyncContextManager[AgentManager],
    begin: Begin,
    display: Display,
    signals: AsyncIterator[signal.Signals],
) -> None:
    async with opened as manager, _reachable(manager), own_tasks() as tasks:
        story.session = manager.session
        story.log = manager.folder.log if manager.folder is not None else None
        if manager.set_aside:
            say(manager.set_aside)
        async with watch(manager, events=display.events, quiet=display.quiet) as watching:
            story.run = watching.run = run_id = await begin(manager)
            if not display.quiet:
                say(*_announcements(manager, run_id))
            tasks.start_soon(_stop_at_signal, manager, watching, story, signals)
            try:
                story.result = await manager.get_result(run_id, wait=True, timeout=None, to="terminal")
            finally:
                story.unkept = manager.unkept(run_id)
            # What is still in progress below it ends with this process; the last drawing is to show how.
            await manager.close()
            # Its worktree may have been put away since it ended.
            story.result = replace(story.result, run=manager.state.run(run_id))
        tasks.cancel_scope.cancel()


def _broken(story: _Story, run: RunId, why: str) -> Broken:
    return Broken(
        run,
        story.session,
        why,
        story.by,
        rests=story.rests,
        result=story.unkept,
        log_is_there=story.log is None or story.log.exists(),
    )


def _session_error(error: BaseException) -> SessionError | None:
    """The first error of the session, when there is nothing but errors of ours."""
    if isinstance(error, SessionError):
        return error
    if isinstance(error, BaseExceptionGroup) and error.split(SubagentsError)[1] is None:
        return next(filter(None, map(_session_error, error.exceptions)), None)
    return None


@asynccontextmanager
async def _opened(folder: Path, session: str | None) -> AsyncIterator[AgentManager]:
    """The manager of this session, or of a new one, of which nothing is left when its run was refused."""
    manager: AgentManager | None = None
    try:
        async with AgentManager.open(folder, session=session) as manager:
            yield manager
    finally:
        if session is None and manager is not None and manager.folder is not None and not manager.state.runs:
            retention.remove(project_at(folder), manager.folder)


async def _stop_at_signal(
    manager: AgentManager, watching: Watching, story: _Story, signals: AsyncIterator[signal.Signals]
) -> None:
    """Stops everything at the first one."""
    async for arrived in signals:
        if story.by is None:
            story.by = arrived
            watching.hurry()
            # A session that is broken says so to who waits for the result.
            with suppress(SessionError):
                await manager.close(*_why(arrived))
            story.rests = story.run is not None and manager.state.run(story.run).rests


def _why(arrived: signal.Signals) -> tuple[StoppedBy, str]:
    if arrived == signal.SIGINT:
        return StoppedBy.USER, _("Ctrl-C was pressed")
    return StoppedBy.SHUTDOWN, _("its process was asked to end ({name})").format(name=arrived.name)


@asynccontextmanager
async def _reachable(manager: AgentManager) -> AsyncIterator[None]:
    """Other processes can stop what runs here; where that cannot be had, it is said and the run goes on."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(control(manager))
        except (SessionError, OSError) as error:
            say(_("Other commands cannot reach this run: {why}").format(why=error))
        yield


def _announcements(manager: AgentManager, run_id: RunId) -> Iterator[str]:
    """What should be known before it works: what is wrong with settings and definition, and what it may do."""
    yield from (str(problem) for problem in manager.setting_problems)
    run = manager.state.run(run_id)
    spec = run.spec
    if run.episode == 1:
        yield from spec.notes
    path = spec.source.path if spec.source is not None else ""
    yield from (str(problem) for problem in manager.agents.problems if problem.path == path)
    if spec.command is not None:
        text = _("{agent} runs {program} in {folder}, with its own tools and permissions.")
        yield text.format(agent=spec.agent, program=_line(spec, again=run.episode > 1), folder=_place(spec))
        return
    if spec.model == OFFLINE:
        text = _("{model} answers, by searching; name a model with --model.")
        yield text.format(model=OFFLINE_LABEL)
        if spec.decided.get("model") == "default":
            yield from _programs(manager.agents)
        return
    if not spec.notes and spec.asked_model != spec.model and not spec.model.startswith(SCRIPT):
        yield _("{model} answers.").format(model=spec.model)
    if spec.tools.allows("bash"):
        yield _("{agent} may run commands in {folder}.").format(agent=spec.agent, folder=_place(spec))


def _place(spec: RunSpec) -> str:
    return spec.cwd if spec.isolation != WORKTREE else _("a worktree of {folder}").format(folder=spec.cwd)


def _line(spec: RunSpec, *, again: bool) -> str:
    """The program's name where it is the user's or ours; all that it is called with where a project named it."""
    assert spec.command is not None
    line = spec.command.resume if again and spec.command.resume else spec.command.command
    if spec.source is None or spec.source.scope != Scope.PROJECT:
        return line[0]
    whole = shlex.join(line)
    return whole if len(whole) <= LONGEST_COMMAND else f"{whole[:LONGEST_COMMAND]}…"


def _programs(agents: AgentCatalog) -> Iterator[str]:
    """How an agent can be had without a model of one's own, where there is one."""
    names = [
        agent.name
        for agent in agents.listed()
        if program_of(agent) and agent.source is not None and agent.source.scope == Scope.PACKAGED
    ]
    if names:
        also = _(" ({others} too)").format(others=", ".join(names[1:])) if names[1:] else ""
        text = _('Or let a program that is installed here do it{also}: subagents run {name} "…"')
        yield text.format(name=names[0], also=also)
