"""The README's table of settings is made from the declarations."""

from pathlib import Path

from subagents.settings.model import declared
from subagents.settings.possible import Declared, as_text

README = Path(__file__).parents[2] / "README.md"

BEGIN, END = "<!-- settings: made from the code -->\n", "<!-- end of settings -->"


def table() -> str:
    return "\n".join(
        ["| Setting | Default | Can be | Means |", "|---|---|---|---|", *map(row, declared()), ""]
    )


def row(one: Declared) -> str:
    default = f"`{as_text(one.default)}`" if as_text(one.default) else "none"
    later = " *Has no effect yet.*" if one.later else ""
    return f"| `{one.name}` | {default} | {one.wanted} | {one.help}{later} |"


def test_the_table_is_as_it_is_declared():
    # When this fails, put what it prints between the two marks.
    text = README.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == table()
