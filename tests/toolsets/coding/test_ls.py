from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


async def test_names_are_sorted_and_folders_end_with_a_slash(tools: Tools):
    for path in ("b.txt", "a/x", ".hidden", "C"):
        tools.file(path)
    (tools.root / "dangling").symlink_to("nowhere")
    (tools.root / "loop").symlink_to("loop")
    assert await tools("ls") == ".hidden\nC\na/\nb.txt\ndangling\nloop"


async def test_another_folder_is_named_by_its_path(tools: Tools):
    tools.file("sub/x")
    assert await tools("ls", path="sub") == "x"


async def test_an_empty_folder_says_so(tools: Tools):
    assert await tools("ls") == "[the folder is empty]"


async def test_more_than_the_limit_is_counted(tools: Tools):
    for n in range(5):
        tools.file(f"{n}.txt")
    assert await tools("ls", limit=2) == snapshot("""\
0.txt
1.txt
[3 more names left out; look for them with find or raise limit]\
""")


async def test_the_answer_is_bounded_whatever_the_limit(tools: Tools):
    for n in range(300):
        tools.file(f"{n:03}" + "x" * 240)
    answer = await tools("ls", limit=100_000)
    assert len(answer) < 51_000
    assert answer.splitlines()[-1] == snapshot("[96 more names left out; look for them with find]")


async def test_strange_names_can_be_shown_and_do_not_look_like_two(tools: Tools):
    (tools.root / "two\nlines").touch()
    (tools.root / os.fsdecode(b"\xff.txt")).touch()
    assert await tools("ls") == "two\\nlines\n\ufffd.txt"


async def test_a_file_or_nothing_is_no_folder(tools: Tools):
    tools.file("a.txt")
    assert [await tools("ls", path="a.txt"), await tools("ls", path="b")] == snapshot(
        [
            "Error: 'a.txt' is not a folder, or part of the path is a file.",
            "Error: 'b' does not exist. See what there is with ls or find.",
        ]
    )
