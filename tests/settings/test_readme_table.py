"""The README's table of settings is made from the declarations."""

from pathlib import Path

from subagents.settings.model import declared

README = Path(__file__).parents[2] / "README.md"


def rows() -> list[str]:
    return [f"| `{one.variable}` | {shown(one.default)} | {one.help} |" for one in declared()]


def shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default}" if default != "" else "none"


def test_the_table_is_as_it_is_declared():
    text = README.read_text(encoding="utf-8")
    assert [row for row in rows() if row not in text] == []
