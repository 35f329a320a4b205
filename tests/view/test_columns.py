"""A table that fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from rich.cells import cell_len

from subagents.view.cells import printable
from subagents.view.columns import Column, table

RUNS = [
    Column("ID", ["k3x9qa7b", "m2m2m2m2"]),
    Column("AGENT", ["Explore", "general-purpose"], 2),
    Column("STATUS", ["running", "interrupted (owner gone)"], narrow=["running", "owner gone"]),
    Column("TOKENS", ["1.2k", "512"], 1, right=True),
    Column("DESCRIPTION", ["where are 漢字 handled?", "a list of all the public functions"]),
]


def drawn(width: int | None) -> str:
    return "\n".join(table(RUNS, width))


def test_without_a_width_all_is_shown():
    assert drawn(None) == snapshot("""\
ID        AGENT            STATUS                    TOKENS  DESCRIPTION
k3x9qa7b  Explore          running                     1.2k  where are 漢字 handled?
m2m2m2m2  general-purpose  interrupted (owner gone)     512  a list of all the public functions\
""")


def test_where_there_is_less_room_cells_are_shorter_and_columns_left_out():
    assert drawn(80) == snapshot("""\
ID        AGENT            STATUS      TOKENS  DESCRIPTION
k3x9qa7b  Explore          running       1.2k  where are 漢字 handled?
m2m2m2m2  general-purpose  owner gone     512  a list of all the public functio…\
""")
    assert drawn(44) == snapshot("""\
ID        STATUS      DESCRIPTION
k3x9qa7b  running     where are 漢字 handle…
m2m2m2m2  owner gone  a list of all the pub…\
""")


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=5), st.integers(1, 100))
def test_no_line_is_wider_than_the_width(rows: list[tuple[str, str, str]], width: int):
    columns = [
        Column(title, [printable(row[n]) for row in rows], spare=n) for n, title in enumerate(("A", "B", "C"))
    ]
    lines = table(columns, width)
    assert len(lines) == len(rows) + 1
    assert all(cell_len(line) <= width for line in lines)
