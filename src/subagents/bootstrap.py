"""The one file that knows every adapter: it puts a manager together, opens its session, and closes both."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from subagents.abandoned import recover_abandoned, recovered
from subagents.clock import Clock, SystemClock
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions
from subagents.definitions.tool_names import OURS
from subagents.definitions.trust import is_trusted
from subagents.errors import CommitFailed, SessionError
from subagents.events import SessionOpened
from subagents.ids import RunId, SessionId
from subagents.models.selection import model_of
from subagents.models.served import Served
from subagents.models.shelves import shelves_of
from subagents.models.wishes import choose
from subagents.own_tasks import own_tasks
from subagents.places import Project, project_at
from subagents.prompts.given import notes_on
from subagents.prompts.role import Role
from subagents.prompts.roles import Roles
from subagents.prompts.whereabouts import whereabouts
from subagents.run_toolsets import RunToolsets
from subagents.run_worktrees import Worktrees, worktree_place
from subagents.runners.base import RunContext, Runner
from subagents.runners.command import CommandRunner
from subagents.runners.compacting import Policy
from subagents.runners.native import NativeRunner, Retries
from subagents.runners.with_servers import WithServers
from subagents.runtime import manager as runtime
from subagents.runtime.admission import Admission
from subagents.runtime.definition_watch import watch
from subagents.runtime.shared_edits import SharedEdits, SharedMode
from subagents.runtime.surroundings import Shared, Surroundings, TakenIds, outer_run
from subagents.sessions import folder as folders
from subagents.sessions import index
from subagents.sessions.folder import SessionFolder
from subagents.sessions.journal import Journal
from subagents.sessions.lock import SessionLock, this_program
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import EventStore, MemoryStore
from subagents.sessions.transcript import export_jsonl
from subagents.settings.layers import Layered, SettingProblem, layered
from subagents.settings.model import Settings, declared
from subagents.spec import ProviderRule, RunSpec, ToolSelection
from subagents.toolsets.mcp.choosing import ServerChoice
from subagents.toolsets.mcp.servers import Servers
from subagents.toolsets.providers.catalog import ToolProviders
from subagents.toolsets.providers.provider import ToolProvider, Tools, as_providers
from subagents.workspaces.isolated import refuse_impossible
from subagents.workspaces.processes.ancestry import started_in

if TYPE_CHECKING:
    from subagents.delegation.any_loop import ParentTools

PASSED_ON = ("SUBAGENTS_STATE", "SUBAGENTS_HOME", *(setting.variable for setting in declared()))


class AgentManager(runtime.AgentManager):
    """`subagents.AgentManager`: the verbs of `runtime.manager.AgentManager`, over this package's own parts."""

    #: Where the session is kept; None for one in memory.
    folder: SessionFolder | None = None
    #: What of the session could not be read and was set aside on opening, as a sentence; "" when all is well.
    set_aside: str = ""
    #: What was dropped of the settings in files and environment.
    setting_problems: Sequence[SettingProblem] = ()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: str | Path = ".",
        *,
        session: str | None = None,
        memory: bool = False,
        model: str = "",
        settings: Settings | None = None,
        clock: Clock | None = None,
        runners: Mapping[str, Runner] | None = None,
        tools: Tools | None = None,
        on_agents: Callable[[AgentCatalog], None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> AsyncIterator[AgentManager]:
        """The manager of a session of the project that `path` is in; leaving stops what is still running, but not what
        rests.

        `session` goes on with an existing one (id, unique prefix or title), else a new one is made; `memory` keeps
        everything in this process only. `settings` are all that is set; without them the user's file, the project's
        and the environment are read. `model` answers where neither a definition nor a request names one.
        `runners` adds ways to execute runs, or replaces them. `tools` are tools of one's own, by the name of their
        provider: `{"shop": [price, order]}`, beside those that installed packages bring. `on_agents` is called with
        the agents there are whenever their files changed, for programs that show them; a spawn reads the files anyway.
        Raises `BadTools`, `BadDefinition` (with the setting `strict_agent_files`), `SessionNotFound`,
        `SessionLocked`, `NewerSession`, and `SessionError` where none can be kept.
        """
        project = project_at(Path(path))
        environ = os.environ if environ is None else environ
        found = Layered(settings) if settings is not None else layered(project, environ)
        plan = _Plan(
            project=project,
            here=Path(os.path.realpath(path)),
            settings=replace(found.settings, model=model) if model else found.settings,
            setting_problems=found.problems,
            clock=clock or SystemClock(),
            runners=runners or {},
            tools=as_providers(tools),
            definitions=_definitions(project, found.settings),
            on_agents=on_agents,
            environ=environ,
        )
        opened = cls._manage(plan, MemoryStore(), None) if memory else cls._in_folder(plan, session)
        async with opened as manager:
            yield manager

    def toolset(self, owner: RunId | None = None, *, tells: bool = False) -> ParentTools:
        """The delegation tools for a loop of one's own, in which `owner` is the parent: a run of this session, or None
        for whoever drives it. `tells` is for a loop that passes on what there is in `outbox`: then its model is told
        to go on with other work, and otherwise that it must fetch results itself."""
        from subagents.delegation.any_loop import ParentTools
        from subagents.delegation.door import LIBRARY, LIBRARY_WITH_NOTICES

        return ParentTools(self, owner, LIBRARY_WITH_NOTICES if tells else LIBRARY)

    @property
    def session(self) -> SessionId | None:
        """The session's id; None for one in memory."""
        return self.folder.id if self.folder is not None else None

    @classmethod
    @asynccontextmanager
    async def _in_folder(cls, plan: _Plan, session: str | None) -> AsyncIterator[AgentManager]:
        """In a folder that outlives this process, which is ours alone until it is left."""
        said = await recover_abandoned(plan.here, plan.clock)
        place = await anyio.to_thread.run_sync(_session_folder, plan.project, session, plan.clock.now())
        with folders.lock(place) as lock:
            # Until it is known that all is recorded, the next owner is to look.
            lock.unfinished = True
            async with cls._manage(replace(plan, place=place), SqliteStore(place.log), lock) as manager:
                manager.set_aside = " ".join(filter(None, (*said, manager.set_aside)))
                yield manager

    @classmethod
    @asynccontextmanager
    async def _manage(
        cls, plan: _Plan, store: EventStore, lock: SessionLock | None
    ) -> AsyncIterator[AgentManager]:
        at = worktree_place(plan.project, plan.settings, plan.clock, plan.place)
        async with recovered(store, plan.clock, at) as journal:
            worktrees = Worktrees(plan.project, plan.settings, plan.clock, plan.place, journal)
            await journal.record(lambda _: _opening(plan))
            providers = ToolProviders(plan.tools, reserved=OURS)
            servers = Servers(plan.project.root, _for_servers(), taken=providers.names, reserved=OURS)
            tools = RunToolsets(plan.settings, providers, servers)
            async with own_tasks() as tasks, servers.running():
                shared = _shared(plan, journal, store, tools, servers, worktrees)
                admission = Admission(plan.settings, plan.clock, plan.project.state if plan.place else None)
                manager = cls(_surroundings(plan, providers), journal, admission, shared, tasks)
                manager.folder, manager.set_aside = plan.place, journal.set_aside
                manager.setting_problems = plan.setting_problems
                tools.manager = manager
                tasks.start_soon(worktrees.radar().attend)
                if plan.place is not None:
                    tasks.start_soon(worktrees.sweep)
                if plan.on_agents is not None:
                    await tasks.start(watch, plan.definitions, plan.on_agents)
                try:
                    yield manager
                finally:
                    await manager.close()
                    if lock is not None:
                        lock.unfinished = isinstance(manager.broken, CommitFailed)
                    tasks.cancel_scope.cancel()


@dataclass(frozen=True)
class _Plan:
    """What `open` was asked for."""

    project: Project
    here: Path
    settings: Settings
    clock: Clock
    runners: Mapping[str, Runner]
    definitions: Definitions
    environ: Mapping[str, str]
    on_agents: Callable[[AgentCatalog], None] | None = None
    tools: tuple[ToolProvider, ...] = ()
    setting_problems: Sequence[SettingProblem] = ()
    place: SessionFolder | None = None
    taken: TakenIds = field(default_factory=TakenIds)

    def claim(self, run: RunId) -> bool:
        """Whether the id is new: in the project, or in this process when nothing is kept."""
        if self.place is not None:
            return index.register_run(self.project, run, self.place.id)
        return self.taken.claim(run)


def _definitions(project: Project, settings: Settings) -> Definitions:
    """The project's agents. Raises `BadDefinition` where a file that cannot be used is to stop everything."""
    hidden, strict = settings.disable_default_agents, settings.strict_agent_files
    definitions = Definitions(project, hide_packaged=hidden, strict=strict)
    if strict:
        definitions.catalog()
    return definitions


def _session_folder(project: Project, session: str | None, now: float) -> SessionFolder:
    return folders.create(project, now) if session is None else folders.find(project, session)


def _opening(plan: _Plan) -> SessionOpened:
    return SessionOpened(
        project=str(plan.project.root), user=_user(), program=this_program(), pid=os.getpid()
    )


def _user() -> str:
    # A container may run under a number that has no name.
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return str(os.getuid())


# --- the parts


def _surroundings(plan: _Plan, providers: ToolProviders) -> Surroundings:
    served = Served(plan.clock)
    return Surroundings(
        project=plan.project.root,
        here=plan.here,
        user=_user(),
        settings=plan.settings,
        definitions=plan.definitions,
        choose_model=partial(choose, settings=plan.settings, served=served),
        is_trusted=is_trusted,
        claim_id=plan.claim,
        environment={name: plan.environ[name] for name in PASSED_ON if name in plan.environ},
        outer=outer_run(started_in(plan.environ)),
        tool_notes=partial(_tool_notes, providers),
        given_notes=_given_notes,
        choose_servers=ServerChoice(plan.project.root, taken=providers.names).chosen,
        refuse_worktree=refuse_impossible,
        look_at_models=partial(shelves_of, settings=plan.settings, served=served),
    )


def _for_servers() -> Mapping[str, str]:
    """What MCP servers' variables are looked up in: ours, and the Python that we are installed for."""
    return {"SUBAGENTS_PYTHON": sys.executable, **os.environ}


async def _tool_notes(
    providers: ToolProviders, own: Sequence[ProviderRule], tools: ToolSelection, servers: Sequence[str]
) -> Sequence[str]:
    """In a thread: what others wrote is imported for it, which takes as long as it takes."""
    return await anyio.to_thread.run_sync(providers.notes, own, tools, servers)


async def _given_notes(spec: RunSpec) -> Sequence[str]:
    return await anyio.to_thread.run_sync(notes_on, spec)


def _shared(
    plan: _Plan,
    journal: Journal,
    store: EventStore,
    tools: RunToolsets,
    servers: Servers,
    worktrees: Worktrees,
) -> Shared:
    retries = Retries(plan.settings.model_retries, plan.clock)
    settings = plan.settings
    compaction = Policy(settings.compaction_percent, settings.compaction_model, settings.context_window)
    native = NativeRunner(
        model_of, tools, partial(_prepared, plan, tools, Roles(plan.clock)), retries, compaction
    )
    export = None
    if plan.place is not None:
        export = partial(_export, plan.place, journal, store)
    return Shared(
        journal=journal,
        store=store,
        clock=plan.clock,
        runners={
            "native": WithServers(native, servers),
            "command": CommandRunner(os.environ),
            **plan.runners,
        },
        workspaces=worktrees.workspaces(),
        output=plan.place.output if plan.place is not None else None,
        export=export,
        transcripts=plan.place.transcripts if plan.place is not None else None,
        edits=SharedEdits(journal, plan.clock, SharedMode(plan.settings.shared_edits)),
    )


async def _prepared(
    plan: _Plan, tools: RunToolsets, roles: Roles, spec: RunSpec, context: RunContext
) -> Role:
    """The role, when what its tools come from is loaded as well: a run that is resumed was not looked at before."""
    await anyio.to_thread.run_sync(tools.load, spec)
    state = tools.manager.state
    path = [state.run(run).handle for run in reversed(state.path(context.run))]
    place = whereabouts(path, context.depth, plan.settings.max_depth)
    last = "\n\n".join(filter(None, (context.told, place)))
    return await roles.role(state.run(context.run), state.runs, context.folder, last)


def _export(place: SessionFolder, journal: Journal, store: EventStore, run: RunId) -> None:
    if not journal.state.run(run).spec.output_transcript:
        return
    # For people; the log has it all, so a full disk or a removed folder costs nothing that counts.
    with suppress(OSError, SessionError):
        export_jsonl(store, journal.state, run, place.transcripts / f"{run}.jsonl")
