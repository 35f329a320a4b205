"""Short ways to make what stories are told with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from subagents.clock import Clock
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import AgentDefinition, Parsed
from subagents.errors import WorkspaceError
from subagents.models.choice import ChooseModel, ModelChoice, ModelWish
from subagents.models.shelves import LookAtModels
from subagents.own_tasks import own_tasks
from subagents.runners.base import Runner
from subagents.runtime.admission import Admission
from subagents.runtime.manager import AgentManager
from subagents.runtime.surroundings import OuterRun, Shared, Surroundings, TakenIds
from subagents.sessions.journal import Journal
from subagents.sessions.store import EventStore, MemoryStore
from subagents.settings.model import Settings
from subagents.spec import DefinitionSource
from subagents.testing.clock import FakeClock
from subagents.testing.runner import ScriptedRunner
from subagents.workspaces.base import OpenWorkspace, WorkspaceProvider

#: An agent that may do everything, for stories in which the definition plays no part.
PLAIN = AgentDefinition(name="plain", description="does what it is told")


class InPlace:
    """Workspaces that are just the folders, looked at without a thread: a story's order is then its own."""

    async def open(self, cwd: Path, run: str) -> OpenWorkspace:
        if not cwd.is_dir():
            raise WorkspaceError(f"There is no folder {str(cwd)!r}.")
        return OpenWorkspace(cwd, "shared")

    async def close(self, opened: OpenWorkspace) -> None:
        pass


class Agents:
    """Definitions that no file holds."""

    def __init__(self, *agents: AgentDefinition) -> None:
        source = DefinitionSource("<test>", "", "project")
        self._catalog = AgentCatalog(Parsed(agent, (), source, agent.name) for agent in agents)

    def catalog(self) -> AgentCatalog:
        return self._catalog

    def find(self, name: str) -> AgentDefinition:
        return self._catalog.find(name)


async def _as_named(wish: ModelWish) -> ModelChoice:
    return ModelChoice(wish.asked or "scripted")


@asynccontextmanager
async def open_manager(
    runner: Runner | None = None,
    *,
    clock: Clock | None = None,
    settings: Settings | None = None,
    store: EventStore | None = None,
    agents: tuple[AgentDefinition, ...] = (PLAIN,),
    project: Path | None = None,
    state: Path | None = None,
    choose_model: ChooseModel | None = None,
    environment: Mapping[str, str] | None = None,
    outer: OuterRun | None = None,
    workspaces: WorkspaceProvider | None = None,
    look_at_models: LookAtModels | None = None,
    bound: float = 20.0,
) -> AsyncIterator[AgentManager]:
    """A manager with no disk, no model and a clock that stands still, unless told otherwise.

    Leaving it ends what runs the way a dying process does: nothing more is recorded. Call `close` for the orderly end.
    A story that hangs ends with `TimeoutError` after `bound` seconds.
    """
    clock, store = clock or FakeClock(), store or MemoryStore()
    settings, folder = settings or Settings(), project or Path.cwd()
    journal = Journal.load(store, clock)
    surroundings = Surroundings(
        project=folder,
        here=folder,
        user="somebody",
        settings=settings,
        definitions=Agents(*agents),
        choose_model=choose_model or _as_named,
        claim_id=TakenIds().claim,
        environment=environment or {},
        outer=outer,
        is_trusted=lambda _source, _project: True,
        look_at_models=look_at_models,
    )
    shared = Shared(
        journal, store, clock, {"native": runner or ScriptedRunner()}, workspaces or InPlace(), None
    )
    with anyio.fail_after(bound):
        async with own_tasks() as tasks:
            yield AgentManager(surroundings, journal, Admission(settings, clock, state), shared, tasks)
            journal.close("the story is over")
            tasks.cancel_scope.cancel()
    store.close()
