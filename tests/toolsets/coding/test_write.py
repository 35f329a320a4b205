from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

from subagents.toolsets.coding.deps import FileChanged

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


async def test_a_new_file_is_written_with_its_folders_and_reported(tools: Tools):
    assert await tools("write", path="src/deep/a.py", content="één\ntwo\n") == snapshot(
        "Wrote 10 bytes (2 lines) to the new file src/deep/a.py."
    )
    assert (tools.root / "src/deep/a.py").read_text() == "één\ntwo\n"
    after = sha256("één\ntwo\n".encode()).hexdigest()
    assert tools.updates == [
        FileChanged("src/deep/a.py", before=None, after=after, first_line=1, last_line=2)
    ]


async def test_replacing_a_file_says_so_and_keeps_its_mode(tools: Tools):
    file = tools.file("run.sh", "old\n")
    file.chmod(0o755)
    assert await tools("write", path="run.sh", content="new") == snapshot(
        "Wrote 3 bytes (1 line) to run.sh, replacing the 4 bytes that were there."
    )
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o755)
    (update,) = tools.updates
    assert isinstance(update, FileChanged)
    assert update.before == sha256(b"old\n").hexdigest()


async def test_an_empty_file_has_no_lines(tools: Tools):
    assert await tools("write", path="empty", content="") == snapshot(
        "Wrote 0 bytes (0 lines) to the new file empty."
    )
    (update,) = tools.updates
    assert isinstance(update, FileChanged)
    assert (update.first_line, update.last_line) == (0, 0)


async def test_a_link_inside_the_workspace_is_written_through(tools: Tools):
    tools.file("real", "old")
    (tools.root / "link").symlink_to("real")
    await tools("write", path="link", content="new")
    assert (tools.root / "link").is_symlink()
    assert (tools.root / "real").read_text() == "new"


async def test_what_cannot_be_written_is_explained_and_not_reported(tools: Tools):
    (tools.root / "folder").mkdir()
    tools.file("file")
    os.mkfifo(tools.root / "pipe")
    answers = [
        await tools("write", path="folder", content="x"),
        await tools("write", path=".", content="x"),
        await tools("write", path="file/below", content="x"),
        await tools("write", path="pipe", content="x"),
        await tools("write", path="n" * 300, content="x"),
    ]
    assert [answer.replace("n" * 300, "nnn") for answer in answers] == snapshot(
        [
            "Error: 'folder' is a folder. List it with ls.",
            "Error: '.' is a folder. List it with ls.",
            "Error: 'file/below' is not a folder, or part of the path is a file.",
            "Error: 'pipe' is no regular file.",
            "Error: 'nnn' cannot be used: File name too long.",
        ]
    )
    assert tools.updates == []
