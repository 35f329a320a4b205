"""Every way to give a run its place keeps what the seam promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.repositories import repository
from tests.workspaces.trees import place_in

from subagents.testing.workspace_contract import WorkspaceContract
from subagents.workspaces.base import WorkspaceProvider
from subagents.workspaces.chosen import ChosenWorkspaces
from subagents.workspaces.isolated import WorktreeWorkspaces
from subagents.workspaces.shared import SharedWorkspaces
from subagents.workspaces.worktrees.placing import Wish


class TestShared(WorkspaceContract):
    def provider(self) -> WorkspaceProvider:
        return SharedWorkspaces()


class TestWorktrees(WorkspaceContract):
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        self.place = place_in(tmp_path)
        return repository(tmp_path / "repo")

    def provider(self) -> WorkspaceProvider:
        return WorktreeWorkspaces(self.place, lambda cwd, run: Wish(folder=cwd, run=run))


class TestChosen(TestWorktrees):
    def provider(self) -> WorkspaceProvider:
        return ChosenWorkspaces({"worktree": super().provider()}, lambda _: "worktree")
