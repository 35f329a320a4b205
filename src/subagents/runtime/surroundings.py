"""What a manager, and what its supervisors, work with and do not own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from subagents.clock import Clock
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import AgentDefinition
from subagents.ids import RUN_ID_LENGTH, RunId, is_run_id
from subagents.models.choice import ChooseModel
from subagents.models.shelves import LookAtModels
from subagents.runners.base import Runner
from subagents.runtime.shared_edits import SharedEdits
from subagents.sessions.journal import Journal
from subagents.sessions.store import EventStore
from subagents.settings.model import Settings
from subagents.spec import DefinitionSource, ProviderRule, RunSpec, ToolSelection
from subagents.workspaces.base import WorkspaceProvider
from subagents.workspaces.processes.variables import DEPTH, RUN, TREE

#: What whoever asks for a run should know about its tools of providers: from what its definition says, and what the
#: run may use; providers that have the last names are there besides. Raises `BadTools`.
ToolNotes = Callable[[Sequence[ProviderRule], ToolSelection, Sequence[str]], Awaitable[Sequence[str]]]

#: What whoever asks for a run should know of its skills and its memory.
GivenNotes = Callable[[RunSpec], Awaitable[Sequence[str]]]


class ServersChosen(Protocol):
    """A run's spec with its MCP servers, notes on them, and the names of all that were described, as providers."""

    @property
    def spec(self) -> RunSpec: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def names(self) -> Sequence[str]: ...


#: Decides which MCP servers a run may see; the last says whether a file is trusted for it. Raises `SpawnRefused`.
ChooseServers = Callable[
    [RunSpec, AgentDefinition, Callable[[DefinitionSource], bool]], Awaitable[ServersChosen]
]


#: Raises `SpawnRefused` where no worktree can be made for a folder, with what it is to begin with.
RefuseWorktree = Callable[[Path, str], Awaitable[None]]


@dataclass(frozen=True)
class OuterRun:
    """The run of another process that this process is a command of; what we spawn is below it."""

    run: RunId
    root: RunId
    depth: int


def outer_run(environment: Mapping[str, str]) -> OuterRun | None:
    """The run that this process is a command of. What makes no sense is taken to be as deep as can be."""
    if not (run := environment.get(RUN)):
        return None
    tree, depth = environment.get(TREE) or run, environment.get(DEPTH, "")
    # They become names of files.
    known = is_run_id(run) and is_run_id(tree) and depth.isdecimal() and len(depth) < 4
    return OuterRun(RunId(run[:RUN_ID_LENGTH]), RunId(tree), int(depth) if known else 999)


class TakenIds:
    """The ids of runs that are taken, where no others are known than those of this process."""

    def __init__(self) -> None:
        self._taken: set[RunId] = set()

    def claim(self, run: RunId) -> bool:
        """Whether the id was free; from now on it is not."""
        free = run not in self._taken
        self._taken.add(run)
        return free


class AgentSource(Protocol):
    """The agent definitions as they are now."""

    def catalog(self) -> AgentCatalog: ...

    def find(self, name: str) -> AgentDefinition:
        """Raises `UnknownAgent`."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What a manager works with and does not own. `here` is where runs work unless they ask for another folder."""

    project: Path
    here: Path
    user: str
    settings: Settings
    definitions: AgentSource
    choose_model: ChooseModel
    claim_id: Callable[[RunId], bool]
    environment: Mapping[str, str]
    is_trusted: Callable[[DefinitionSource, str | Path], bool]
    outer: OuterRun | None = None
    tool_notes: ToolNotes | None = None
    given_notes: GivenNotes | None = None
    choose_servers: ChooseServers | None = None
    refuse_worktree: RefuseWorktree | None = None
    look_at_models: LookAtModels | None = None


@dataclass(frozen=True)
class Shared:
    """What supervisors of one session share. `transcripts` is the folder that `export` writes to; `edits` looks before
    one writes what another has changed, None where nobody looks."""

    journal: Journal
    store: EventStore
    clock: Clock
    runners: Mapping[str, Runner]
    workspaces: WorkspaceProvider
    output: Path | None
    export: Callable[[RunId], None] | None = None
    transcripts: Path | None = None
    edits: SharedEdits | None = None
