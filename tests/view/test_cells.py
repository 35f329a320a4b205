"""Text that fits, whatever it is made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from subagents.view.cells import fit, pad, printable, wrapped


@given(st.text(), st.integers(0, 40))
def test_what_is_fitted_is_never_wider(text: str, width: int):
    assert cell_len(fit(printable(text), width)) <= width


@given(st.text())
def test_what_is_printable_is_one_line_that_does_nothing(text: str):
    shown = printable(text)
    assert shown == shown.strip()
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert printable(shown) == shown


def test_wide_characters_count_twice():
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("漢字漢字", 4) == "漢…"
    assert pad("漢", 4) == "漢  "
    assert pad("7", 4, right=True) == "   7"


def test_an_escape_sequence_is_only_text():
    assert printable("a\x1b[31mred\x07\u202eb\nc\td") == "a [31mred b c d"


def test_a_long_text_is_broken_between_words_and_indented():
    assert wrapped("one two three four five", 12, indent=2) == ["one two", "  three four", "  five"]
    assert wrapped("", 12) == [""]
    assert all(cell_len(line) <= 20 for line in wrapped("狐 " * 30, 20))
