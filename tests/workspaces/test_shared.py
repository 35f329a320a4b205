from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from subagents.errors import WorkspaceError
from subagents.workspaces.base import OpenWorkspace
from subagents.workspaces.shared import SharedWorkspaces


async def test_a_run_works_in_the_folder_it_was_given_with_its_links_followed(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    opened = await SharedWorkspaces().open(tmp_path / "link", "r1")
    assert opened == OpenWorkspace(root=(tmp_path / "real").resolve(), isolation="shared")


async def test_closing_leaves_the_folder_as_it_is(tmp_path: Path):
    (tmp_path / "file").write_text("text")
    opened = await SharedWorkspaces().open(tmp_path, "r1")
    await SharedWorkspaces().close(opened)
    assert (tmp_path / "file").read_text() == "text"


async def test_a_folder_that_vanished_is_refused_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError) as refused:
        await SharedWorkspaces().open(Path("gone"), "r1")
    assert str(refused.value) == snapshot(
        "No run can work in 'gone': it does not exist (any more). Name an existing folder that you may read."
    )


async def test_a_file_is_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(WorkspaceError) as refused:
        await SharedWorkspaces().open(Path("file"), "r1")
    assert str(refused.value) == snapshot(
        "No run can work in 'file': it is not a folder. Name an existing folder that you may read."
    )


async def test_a_link_to_itself_is_refused(tmp_path: Path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(WorkspaceError, match="cannot be reached"):
        await SharedWorkspaces().open(tmp_path / "loop", "r1")


async def test_a_path_that_cannot_be_one_is_refused():
    with pytest.raises(WorkspaceError, match="cannot be reached"):
        await SharedWorkspaces().open(Path("a\0b"), "r1")
