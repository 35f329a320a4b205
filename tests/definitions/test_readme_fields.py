"""The README's tables about definition files are made from the code."""

from pathlib import Path

from subagents.definitions.documentation import BEGIN, END, fields_table, front_matter_section
from subagents.definitions.fields import FIELDS

README = Path(__file__).parents[2] / "README.md"


def test_what_stands_between_the_markers_is_what_the_code_says():
    _, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    section, end, _ = rest.partition(END)

    assert begin
    assert end
    assert section == front_matter_section(), (
        'make it anew: python -c "from subagents.definitions.documentation import *; print(front_matter_section())"'
    )


def test_the_table_has_a_row_for_each_key_and_marks_what_comes_later():
    rows = fields_table().splitlines()[2:]

    assert len(rows) == len(FIELDS)
    assert all(row.startswith(f"| `{field.key}`") for row, field in zip(rows, FIELDS, strict=True))
    assert [("*(later)*" in row) for row in rows] == [field.later is not None for field in FIELDS]
    assert all(row.count("|") == 5 for row in rows)
