"""Which functions of a Python file a change stands in."""

from __future__ import annotations

import pytest

from subagents.conflict import LineRange
from subagents.workspaces.conflicts.functions import MOST, functions, touched
from subagents.workspaces.git.merge_output import Hunk, hunks, merged

SOURCE = b"""import os


@cache
def outer():
    def inner():
        return 1

    return inner


class Shop:
    async def price(self):
        return 2
"""


def test_functions_are_called_by_what_they_are_in():
    assert functions(SOURCE) == (("outer", 4, 9), ("outer.inner", 6, 7), ("Shop.price", 13, 14))


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [(7, 7, {"outer.inner"}), (4, 4, {"outer"}), (14, 14, {"Shop.price"}), (1, 2, set()), (12, 12, set())],
)
def test_a_change_belongs_to_the_innermost(first: int, last: int, names: set[str]):
    assert touched(SOURCE, [LineRange(first, last)]) == names


def test_what_is_no_python_has_no_functions():
    assert functions(b"def (") == functions(b"\0") == ()


def test_hunks_meet_where_nothing_is_between_them():
    (first,) = hunks(b"@@ -3 +3,2 @@ def one():\n-a\n+b\n+c\n")
    assert first == Hunk((3, 1), (3, 2))
    assert first.lines == LineRange(3, 4)
    assert first.meets(Hunk((4, 1), (4, 1)))
    assert not first.meets(Hunk((5, 1), (5, 1)))
    assert first.meets(Hunk((3, 0), (4, 1)))


def test_a_merge_that_said_nothing_is_clean():
    result = merged(b"abc\0")
    assert (result.tree, result.unmerged, result.said) == ("abc", (), ())


def test_a_file_that_no_person_wrote_is_not_read():
    source = b"def one():\n    pass\n"
    assert functions(source)
    assert functions(source + b"#" * MOST) == ()
