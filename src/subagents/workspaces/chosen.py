"""Each run in the place that was decided for it: the folder itself, or a worktree of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from subagents.runs.kept import KeptWork
from subagents.workspaces.base import OpenWorkspace, WorkspaceProvider


class ChosenWorkspaces:
    """One provider for each isolation; `isolation_of` tells which one a run is to have."""

    def __init__(
        self, providers: Mapping[str, WorkspaceProvider], isolation_of: Callable[[str], str]
    ) -> None:
        self._providers = providers
        self._isolation_of = isolation_of

    async def open(self, cwd: Path, run: str) -> OpenWorkspace:
        return await self._providers[self._isolation_of(run)].open(cwd, run)

    async def close(self, opened: OpenWorkspace) -> KeptWork | None:
        return await self._providers[opened.isolation].close(opened)
