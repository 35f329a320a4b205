from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


async def test_lines_are_shown_with_their_numbers(tools: Tools):
    tools.file("a.txt", "one\n\n\tthree\n")
    assert await tools("read", path="a.txt") == "1\tone\n2\t\n3\t\tthree"


async def test_a_last_line_without_an_end_is_a_line(tools: Tools):
    tools.file("a.txt", "one\ntwo")
    assert await tools("read", path="a.txt") == "1\tone\n2\ttwo"


async def test_an_absolute_path_inside_the_workspace_is_as_good(tools: Tools):
    file = tools.file("sub/a.txt", "text\n")
    assert await tools("read", path=str(file)) == "1\ttext"


async def test_a_part_says_where_to_read_on(tools: Tools):
    tools.file("a.txt", "".join(f"line {n}\n" for n in range(1, 11)))
    assert await tools("read", path="a.txt", offset=3, limit=2) == snapshot("""\
3	line 3
4	line 4
[lines 3-4 of 10; read on with offset=5]\
""")


async def test_the_last_part_says_that_it_is_the_last(tools: Tools):
    tools.file("a.txt", "".join(f"line {n}\n" for n in range(1, 11)))
    assert await tools("read", path="a.txt", offset=9) == snapshot("""\
9	line 9
10	line 10
[lines 9-10 of 10]\
""")


async def test_reading_on_gives_every_line_once(tools: Tools):
    lines = [f"{n} " + "x" * 90 for n in range(5_000)]
    tools.file("a.txt", "\n".join(lines))
    seen, offset = list[str](), 1
    while offset:
        *shown, footer = (await tools("read", path="a.txt", offset=offset)).split("\n")
        seen += [line.split("\t", 1)[1] for line in shown]
        _, _, rest = footer.partition("offset=")
        offset = int(rest.removesuffix("]") or 0)
    assert seen == lines


async def test_many_long_lines_are_bounded_in_all(tools: Tools):
    tools.file("a.txt", ("x" * 1_000 + "\n") * 2_000)
    answer = await tools("read", path="a.txt")
    assert len(answer) < 101_000
    assert answer.endswith("[lines 1-99 of 2000; read on with offset=100]")


async def test_a_line_of_a_million_characters_is_cut(tools: Tools):
    tools.file("a.txt", "x" * 1_000_000 + "\nshort\n")
    answer = await tools("read", path="a.txt")
    assert answer == "1\t" + "x" * 2_000 + " [… 998,000 more characters in this line]\n2\tshort"


async def test_a_part_past_the_end_is_an_error_with_the_number_of_lines(tools: Tools):
    tools.file("a.txt", "one\n")
    assert await tools("read", path="a.txt", offset=2) == snapshot(
        "Error: 'a.txt' has 1 line, so offset=2 is past its end."
    )


async def test_an_offset_or_limit_below_one_is_taken_for_one(tools: Tools):
    tools.file("a.txt", "one\ntwo\n")
    assert (await tools("read", path="a.txt", offset=-5, limit=0)).startswith("1\tone\n[lines 1-1 of 2;")


async def test_an_empty_file_says_so(tools: Tools):
    tools.file("a.txt")
    assert await tools("read", path="a.txt") == "[the file is empty]"


async def test_a_binary_file_is_named_with_its_size_and_not_shown(tools: Tools):
    tools.file("logo.png", b"\x89PNG\0\0" + b"x" * 12_000)
    assert await tools("read", path="logo.png") == snapshot(
        "Error: 'logo.png' is a binary file of 12,006 bytes; only text can be shown or edited."
    )


async def test_what_is_not_utf_8_is_replaced_and_said(tools: Tools):
    tools.file("a.txt", b"gr\xfcn\n")
    assert await tools("read", path="a.txt") == snapshot("""\
1	gr�n
[the file is not valid UTF-8; what could not be decoded is shown as �]\
""")


async def test_byte_order_marks_and_carriage_returns_are_not_shown(tools: Tools):
    tools.file("a.txt", b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert await tools("read", path="a.txt") == "1\tone\n2\ttwo"


async def test_a_folder_is_for_ls(tools: Tools):
    (tools.root / "sub").mkdir()
    assert await tools("read", path="sub") == snapshot("Error: 'sub' is a folder. List it with ls.")


async def test_a_missing_file_says_how_to_find_one(tools: Tools):
    assert await tools("read", path="a.txt") == snapshot(
        "Error: 'a.txt' does not exist. See what there is with ls or find."
    )


async def test_a_file_below_a_file_is_explained(tools: Tools):
    tools.file("a.txt")
    assert await tools("read", path="a.txt/b") == snapshot(
        "Error: 'a.txt/b' is not a folder, or part of the path is a file."
    )


async def test_a_huge_file_is_refused_before_it_is_read(tools: Tools):
    os.truncate(tools.file("a.log"), 5_000_000_000)
    assert await tools("read", path="a.log") == snapshot(
        "Error: 'a.log' has 5,000,000,000 bytes, and at most 10,000,000 are taken at once. "
        "Search it with grep, or look at a part of it with a command such as `sed -n 1,100p`."
    )


async def test_a_named_pipe_does_not_hang(tools: Tools):
    os.mkfifo(tools.root / "pipe")
    assert await tools("read", path="pipe") == snapshot("Error: 'pipe' is no regular file.")


async def test_a_link_to_itself_is_explained(tools: Tools):
    (tools.root / "loop").symlink_to("loop")
    assert await tools("read", path="loop") == snapshot(
        "Error: 'loop' cannot be used: Too many levels of symbolic links."
    )
