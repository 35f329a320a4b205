"""The roles of one session's runs: an agent in `append` mode is its parent's twin, and begins with the same bytes.

What of a role is a run's own alone, its memory, the schema of its answer and its place in the tree, comes last and is
not shared.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from subagents.clock import Clock
from subagents.ids import RunId
from subagents.prompts.role import Role, Shared, role_of, shared_of
from subagents.runs.state import RunState
from subagents.spec import PromptMode

MOST = 256  # runs whose role is remembered; that of others is made again


class Roles:
    """Makes roles, the parts of the run that one is a twin of first, and remembers what was told: the folder of a run
    changes, and with it what would be told now. In memory, for a provider's cache forgets sooner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: OrderedDict[RunId, Shared] = OrderedDict()

    async def role(self, run: RunState, runs: Mapping[RunId, RunState], folder: Path, place: str) -> Role:
        """The role of a run that begins in `folder`; `place` is what it is told of that, and of where it stands in its
        tree."""
        shared = await self._shared(run, runs, folder)
        self._keep(run.id, shared)
        return await role_of(run.spec, shared, place)

    async def _shared(self, run: RunState, runs: Mapping[RunId, RunState], folder: Path) -> Shared:
        is_twin = run.spec.prompt_mode is PromptMode.APPEND
        parent = await self._of_parent(run, runs) if is_twin else None
        return await shared_of(run.spec, folder, self._clock, parent)

    async def _of_parent(self, run: RunState, runs: Mapping[RunId, RunState]) -> Shared | None:
        """As it was told, else as it would be told now; None where the parent is no run of this session."""
        parent = runs.get(run.parent) if run.parent is not None else None
        if parent is None:
            return None
        told = self._told.get(parent.id)
        return told or await self._shared(parent, runs, Path(parent.workspace or parent.spec.cwd))

    def _keep(self, run: RunId, shared: Shared) -> None:
        self._told[run] = shared
        self._told.move_to_end(run)
        if len(self._told) > MOST:
            self._told.popitem(last=False)
