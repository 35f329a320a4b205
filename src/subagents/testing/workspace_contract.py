"""What every way to give a run its place promises, as tests: subclass `WorkspaceContract` and say how to make one."""

from __future__ import annotations

from pathlib import Path

import pytest

from subagents.errors import WorkspaceError
from subagents.workspaces.base import WorkspaceProvider


class WorkspaceContract:
    """Subclass it as `class TestMine(WorkspaceContract)` and override `provider`."""

    pytestmark = pytest.mark.anyio

    def provider(self) -> WorkspaceProvider:
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder that the provider can open; override it where more than a folder is needed."""
        return tmp_path

    async def test_the_place_is_an_existing_folder_with_its_links_followed(self, folder: Path) -> None:
        opened = await self.provider().open(folder, "aaaaaaaa")
        assert opened.root.is_dir()
        assert opened.root == opened.root.resolve()
        assert opened.isolation

    async def test_opening_again_for_the_same_run_gives_the_same_place(self, folder: Path) -> None:
        provider = self.provider()
        first = await provider.open(folder, "aaaaaaaa")
        assert await provider.open(folder, "aaaaaaaa") == first

    async def test_closing_loses_nothing_that_was_written(self, folder: Path) -> None:
        provider = self.provider()
        (folder / "precious.txt").write_text("mine")
        opened = await provider.open(folder, "aaaaaaaa")
        await provider.close(opened)
        assert (folder / "precious.txt").read_text() == "mine"

    @pytest.mark.parametrize("missing", ["gone", "file.txt"])
    async def test_what_is_no_folder_is_refused_by_name_and_nothing_is_left(
        self, folder: Path, missing: str
    ) -> None:
        (folder / "file.txt").write_text("")
        before = sorted(folder.iterdir())
        with pytest.raises(WorkspaceError, match=missing):
            await self.provider().open(folder / missing, "aaaaaaaa")
        assert sorted(folder.iterdir()) == before
