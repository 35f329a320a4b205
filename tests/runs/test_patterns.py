"""Patterns from models: what they find in lines, and what is said of those that cannot be used."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from subagents.errors import BadPattern
from subagents.runs.patterns import MAX_PATTERN, MOST_AT_ONCE, LinePattern


def found(pattern: str, *lines: str) -> list[int]:
    """The numbers of the lines with a match, from 1."""
    return [number + 1 for number, _line in LinePattern(pattern).found("\n".join(lines))]


def refusal(pattern: str) -> str:
    with pytest.raises(BadPattern) as caught:
        LinePattern(pattern)
    return str(caught.value)


GREEK = ("alpha", "beta", "gamma", "ALPHA", "delta")


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        pytest.param("(?i)alpha", [1, 4], id="L3"),
        ("alpha", [1]),
        ("a$", [1, 2, 3, 5]),
        ("^..t", [2]),
        (r"\Aal", [1]),
        (r"(?-m)ta\z", [2, 5]),
        ("", [1, 2, 3, 4, 5]),
    ],
)
def test_every_line_is_a_text_of_its_own(pattern: str, numbers: list[int]):
    assert found(pattern, *GREEK) == numbers


@pytest.mark.parametrize("pattern", ["a\nb", r"a\sb", "a[^x]b", "(?s)a.b", r"a\Cb", r"a\Wb", r"\Qa\E\nb"])
def test_no_match_reaches_over_the_end_of_a_line(pattern: str):
    assert found(pattern, "a", "b", "a", "b") == []


def test_empty_lines_match_what_is_empty():
    assert found("^$", "", "a", "", "") == [1, 3, 4]
    assert found("x*", "", "a") == [1, 2]


def test_the_lines_come_as_they_were():
    assert list(LinePattern("é").found("no\ncafé\u2028 au lait\r\nno")) == [(1, "café\u2028 au lait\r")]


def test_half_a_pair_of_characters_is_searched_as_one_that_nobody_knows():
    assert list(LinePattern(".b$").found("a\ud800b")) == [(0, "a\ufffdb")]
    assert found("\udc00|a", "a") == [1]


def test_l31_a_pattern_that_makes_others_go_back_without_end_is_answered():
    assert found("(a+)+$", "a" * 1_000_000 + "b") == []


def test_a_larger_pattern_is_given_less_at_once():
    small, large = LinePattern("error"), LinePattern(r"\pL{5}.{200}")
    assert small.at_once == MOST_AT_ONCE
    assert 1_000 < large.at_once < large.longest < small.longest


# --- what cannot be used


@pytest.mark.parametrize(
    ("pattern", "position", "name"),
    [
        ("foo(?=a)", 4, "look-ahead"),
        ("(?!a)", 1, "look-ahead"),
        ("[(?<=]x(?<=a)", 8, "look-behind"),
        ("é(?<!a)", 2, "look-behind"),
        (r"(a)\1", 4, "a back-reference"),
        ("(?P<n>x)(?P=n)", 9, "a back-reference"),
        (r"(?P<n>x)\k<n>", 9, "a back-reference"),
        ("a++b", 2, "a possessive repetition"),
        ("xa*+", 3, "a possessive repetition"),
        ("a{2}+", 2, "a possessive repetition"),
        ("x(?>a)", 2, "an atomic group"),
        ("a{1001}", 2, "the repetition `{1001}` is not possible"),
        ("((a{100}){100})", 10, "the repetition `{100}` is not possible"),
        ("a{2,1}", 2, "the repetition `{2,1}` is not possible"),
        ("(?(1)a|b)", 1, "a condition"),
        ("(?x)a", 1, "`(?x` begins no group"),
        ("(?R)", 1, "recursion"),
        ("(?1)", 1, "recursion"),
        (r"end\Z", 4, "the escape `\\Z`"),
        (r"\u1234", 1, "the escape `\\u`"),
        (r"\x{zz}", 1, "the escape `\\x{z`"),
        ("foo(bar", 4, "a group `(` is not closed"),
        (r"\Q(\E[(](a)(", 12, "a group `(` is not closed"),
        ("a)b", 2, "`)` closes no group"),
        ("x[a", 2, "a class `[` is not closed"),
        ("q[z-a]", 3, "`z-a` is no range"),
        (r"\p{Foo}", 1, "`\\p{Foo}` is no range or class"),
        ("*a", 1, "`*` has nothing to repeat"),
        ("ba**", 3, "`**` repeats a repetition"),
        ("a\\", 2, "it ends with a single `\\`"),
        ("(?P<n-1>a)", 1, "`(?P<n-1>` is no named group"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(pattern: str, position: int, name: str):
    assert f"cannot be used: at character {position}, {name}" in refusal(pattern)


def test_l15_a_bad_pattern_is_a_sentence_and_says_what_would_work():
    assert refusal("(") == snapshot(
        "The pattern /(/ cannot be used: at character 1, a group `(` is not closed. Close it with `)`, or write "
        "`\\(` for the character."
    )
    assert refusal("error(?!s)") == snapshot(
        "The pattern /error(?!s)/ cannot be used: at character 6, look-ahead `(?!` is not supported. Match the "
        "text around it as well, or search without it and look through what is found."
    )
    assert refusal("a++") == snapshot(
        "The pattern /a++/ cannot be used: at character 2, a possessive repetition `++` is not supported. RE2 "
        "never goes back, so it is not needed; write `+`."
    )
    assert refusal(r"\pL{1000}") == snapshot(
        r"The pattern /\pL{1000}/ cannot be used: it is too large when all its repetitions are written out. "
        "Repeat less, or a simpler part of it."
    )


def test_a_pattern_as_long_as_may_be_is_taken_and_a_longer_one_refused():
    assert found("a" * MAX_PATTERN, "a" * MAX_PATTERN) == [1]
    assert refusal("a" * (MAX_PATTERN + 1)) == snapshot(
        "The pattern /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…/ has 1,001 "
        "characters; it may have 1,000."
    )


def test_a_pattern_that_would_take_minutes_of_a_line_is_refused():
    assert "it is too large" in refusal("(?:a?b?c?d?e?f?g?h? ?){1000}" * 6)


def test_a_pattern_is_repeated_in_one_line():
    assert "The pattern /a\\n\\x1b(/ cannot" in refusal("a\n\x1b(")


def test_nothing_is_written_to_standard_error(capfd: pytest.CaptureFixture[str]):
    refusal("(")
    refusal(r"\pL{1000}")
    assert capfd.readouterr().err == ""
