from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.toolsets.coding.deps import FileChanged
from subagents.toolsets.coding.edit import FileText

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


async def test_one_passage_is_replaced_and_reported(tools: Tools):
    file = tools.file("a.py", "one\ntwo\nthree\n")
    assert await tools("edit", path="a.py", old_string="two\n", new_string="2\n2½\n") == snapshot(
        "Replaced 1 passage in a.py (lines 2-3)."
    )
    assert file.read_text() == "one\n2\n2½\nthree\n"
    before, after = (
        sha256(text.encode()).hexdigest() for text in ("one\ntwo\nthree\n", "one\n2\n2½\nthree\n")
    )
    assert tools.updates == [FileChanged("a.py", before, after, first_line=2, last_line=3)]


async def test_every_occurrence_is_replaced_when_asked_for(tools: Tools):
    file = tools.file("a.py", "x = 1\ny = x\nz = 2\n")
    answer = await tools("edit", path="a.py", old_string="x", new_string="w", replace_all=True)
    assert answer == snapshot("Replaced 2 passages in a.py (lines 1-2).")
    assert file.read_text() == "w = 1\ny = w\nz = 2\n"


async def test_a_passage_can_be_removed(tools: Tools):
    file = tools.file("a.py", "one\ntwo\n")
    assert await tools("edit", path="a.py", old_string="one\n", new_string="") == snapshot(
        "Replaced 1 passage in a.py (line 1)."
    )
    assert file.read_text() == "two\n"


async def test_so_can_everything(tools: Tools):
    file = tools.file("a.py", "one")
    assert await tools("edit", path="a.py", old_string="one", new_string="") == snapshot(
        "Replaced 1 passage in a.py (it is empty now)."
    )
    assert file.read_bytes() == b""


async def test_carriage_returns_and_the_byte_order_mark_stay(tools: Tools):
    file = tools.file("a.txt", b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\n")
    await tools("edit", path="a.txt", old_string="one\ntwo", new_string="1\n2\n3")
    assert file.read_bytes() == b"\xef\xbb\xbf1\r\n2\r\n3\r\nthree\r\n"


async def test_a_passage_with_carriage_returns_is_found_as_well(tools: Tools):
    file = tools.file("a.txt", b"one\r\ntwo\r\n")
    await tools("edit", path="a.txt", old_string="one\r\ntwo", new_string="1\r\n2")
    assert file.read_bytes() == b"1\r\n2\r\n"


async def test_in_a_file_with_both_kinds_of_line_ends_each_stands_for_itself(tools: Tools):
    file = tools.file("a.txt", b"one\r\ntwo\nthree\n")
    assert (await tools("edit", path="a.txt", old_string="one\ntwo", new_string="x")).startswith("Error: ")
    await tools("edit", path="a.txt", old_string="two\nthree", new_string="2\n3")
    assert file.read_bytes() == b"one\r\n2\n3\n"


async def test_bytes_that_are_not_utf_8_stay_as_they_are(tools: Tools):
    file = tools.file("a.txt", b"gr\xfcn\nblue\n")
    await tools("edit", path="a.txt", old_string="blue", new_string="blau")
    assert file.read_bytes() == b"gr\xfcn\nblau\n"


@pytest.mark.parametrize(
    ("content", "old", "answer"),
    [
        (
            "one\n",
            "two",
            snapshot(
                "Error: old_string is not in 'a.py'. Read the part you want to change again and copy it exactly."
            ),
        ),
        (
            "if x:\n    one()\n    two()\n",
            "one()\ntwo()",
            snapshot(
                "Error: old_string is not in 'a.py'. A passage that differs in white space only begins at line 2; "
                "copy it exactly."
            ),
        ),
        (
            "one\ntwo\n",
            "1\tone\n2\ttwo",
            snapshot(
                "Error: old_string is not in 'a.py'. Leave out the line numbers and tabs that read puts before "
                "the lines."
            ),
        ),
        (
            "a\nb\na\n" * 8,
            "a\n",
            snapshot(
                "Error: old_string is in 'a.py' 16 times (lines 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, …). "
                "Add lines around it until it is there once, or set replace_all."
            ),
        ),
        (
            "a\na\n",
            "a\na\na\n",
            snapshot(
                "Error: old_string is not in 'a.py'. Read the part you want to change again and copy it exactly."
            ),
        ),
        (
            "one",
            "",
            snapshot(
                "Error: old_string is empty. Give the passage to replace; a new file is made with write."
            ),
        ),
        (
            "one",
            "new",
            snapshot("Error: old_string and new_string are the same, so there is nothing to change."),
        ),
        (
            "one\0",
            "one",
            snapshot("Error: 'a.py' is a binary file of 4 bytes; only text can be shown or edited."),
        ),
    ],
)
async def test_what_cannot_be_edited_says_what_would_work(tools: Tools, content: str, old: str, answer: str):
    file = tools.file("a.py", content)
    assert await tools("edit", path="a.py", old_string=old, new_string="new") == answer
    assert file.read_text() == content
    assert tools.updates == []


async def test_a_missing_file_is_not_made(tools: Tools):
    answer = await tools("edit", path="a.py", old_string="a", new_string="b")
    assert answer == snapshot("Error: 'a.py' does not exist. See what there is with ls or find.")
    assert not (tools.root / "a.py").exists()


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff", "é".encode()])).map(
        b"".join
    )
)
def test_what_is_not_edited_comes_back_byte_for_byte(data: bytes):
    text = FileText.of(data)
    assert text.to_bytes(text.body) == data
