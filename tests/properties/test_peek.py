"""What holds for every look at a run's lines, whatever they are, whatever is asked, however little time there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from subagents.errors import BadPattern
from subagents.runs.patterns import LinePattern
from subagents.runs.peek import MAX_BODY, MAX_LINES, Peek, PeekQuery, line_text
from subagents.sessions.looking import look
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import EventStore, MemoryStore, Write
from subagents.testing.facts import RUN
from subagents.testing.store_contract import Writing
from subagents.texts import storable

# --- patterns

_WRITTEN = r"""
a b ab x é \n \s \S \w \W \d \D \b \B ^ $ \A \z . (?s). (?s:.) (?-s:.) [^x] [^a] [\s] [^\S] [\na] [^\n] [[:space:]]
[[:^alpha:]] \pL \PL \pZ [^\pL] \x{e9} \C \Qa\E \x0a \012 (?m) (?-m) (?i) (?-i) (?U) (?-m:^) (?m:$) [\x00-\x20]
\r \t \v \x{2028} \Q \E \\ \\A
"""
_CHARACTERS = "aabxAB \t\r\x00\x0b\x0c\x85\u2028é中\ud800.1"

patterns = st.recursive(
    st.sampled_from([*_WRITTEN.split(), "\n"]),
    lambda inner: st.one_of(
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{0,2}"])),
        st.builds("{}|{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=6,
)
texts = st.lists(st.text(st.sampled_from(_CHARACTERS), max_size=6), min_size=1, max_size=8)


@given(patterns, texts)
@settings(max_examples=300)
def test_what_is_found_in_many_lines_is_what_is_found_in_each(pattern: str, lines: list[str]):
    try:
        found = LinePattern(pattern).found("\n".join(lines))
    except BadPattern:
        return
    one_by_one = re2.compile(pattern).search
    expected = [(number, storable(line)) for number, line in enumerate(lines) if one_by_one(storable(line))]
    assert list(found) == expected


@given(st.text(st.sampled_from("a\\[](){}*+?|^$.,:=!<>PQEnkZu1i-"), max_size=12))
@settings(max_examples=300)
def test_every_text_is_a_pattern_or_a_sentence_that_quotes_it(text: str):
    refused = refusal(text)
    assert refused is None or refused.startswith(f"The pattern /{text}/ cannot be used: ")


def refusal(text: str) -> str | None:
    try:
        LinePattern(text)
    except BadPattern as error:
        return str(error)
    return None


# --- looks

#: Some say "hit"; some are so long that few or none of them fit into an answer, or into a piece.
line_texts = st.sampled_from(
    ["", "a", "hit", "a hit", "b" * 5_000, "hit" + "c" * 9_000, "d" * 25_000 + "hit"]
)
writes = st.lists(st.lists(line_texts, min_size=1, max_size=12), min_size=1, max_size=12)
filters = st.sampled_from(["", "hit", "^hit", "a", r"\Aa\z", "no such"])
#: What a clock says, again and again, when it is asked whether there is still time.
clocks = st.lists(st.booleans(), min_size=1, max_size=5)
ENOUGH = 1_000  # answers; each has a line, or a piece of lines, that none before it had


def in_time(answers: Sequence[bool]) -> Callable[[], bool]:
    asked = cycle(answers)
    return lambda: next(asked)


def matching(lines: Sequence[str], regex: str) -> list[int]:
    search = re2.compile(regex).search
    return [n for n, line in enumerate(lines, 1) if search(line)]


def check(peek: Peek, lines: Sequence[str]) -> None:
    """That it shows lines as they are, in order, and no more than may be."""
    shown = peek.lines
    numbers = [line.n for line in shown]
    assert numbers == sorted(set(numbers))
    assert sum(len(line_text(line)) + 1 for line in shown) <= MAX_BODY + 1
    for line in shown:
        whole = lines[line.n - 1]
        assert line.text == whole[: len(whole) - peek.left_out]
        assert line.found == (not peek.query.regex or line.n in matching(lines, peek.query.regex))


def backwards(store: EventStore, query: PeekQuery, clock: Sequence[bool]) -> Iterator[Peek]:
    """One answer after the other, going on from where each says."""
    for _ in range(ENOUGH):
        peek = look(store, RUN, query, in_time(clock))
        yield peek
        if peek.go_on is None:
            return
        query = PeekQuery(query.lines, query.regex, None, peek.go_on, query.context)
    raise AssertionError("it never comes to the beginning")


@given(writes, st.lists(st.integers(0, 3), max_size=12), filters, st.integers(0, 3), clocks)
@settings(max_examples=150)
def test_after_a_line_repeated_gives_each_line_once_while_lines_are_added(
    added: list[list[str]], looks: list[int], regex: str, around: int, clock: list[bool]
):
    """`looks`: how many answers are asked for after each write. Two episodes: a write in two is of the second."""
    store, lines, query = MemoryStore(), list[str](), PeekQuery(regex=regex, after=0, context=around)
    shown: list[int] = []
    found: list[int] = []

    def ask() -> Peek:
        nonlocal query
        peek = look(store, RUN, query, in_time(clock))
        check(peek, lines)
        shown.extend(line.n for line in peek.lines)
        found.extend(line.n for line in peek.lines if line.found)
        query = PeekQuery(regex=regex, after=peek.next, context=around)
        return peek

    for number, write in enumerate(added):
        Writing(store).keep(Write(run=RUN, episode=1 + number * 2 // len(added), lines=tuple(write)))
        lines += write
        for _ in range(looks[number] if number < len(looks) else 0):
            ask()
    assert any(ask().go_on is None for _ in range(ENOUGH)), "it never comes to the end"
    assert shown == sorted(set(shown)), "no line comes twice, nor one before another"
    assert found == matching(lines, regex)


@given(writes, filters, st.integers(1, 30), st.integers(0, 3), clocks)
@settings(max_examples=150)
def test_before_a_line_repeated_gives_each_line_once(
    added: list[list[str]], regex: str, of_one: int, around: int, clock: list[bool]
):
    store, lines = MemoryStore(), [line for write in added for line in write]
    Writing(store).keep(*(Write(run=RUN, lines=tuple(write)) for write in added))
    shown: list[int] = []
    found: list[int] = []
    for peek in backwards(store, PeekQuery(of_one, regex, None, len(lines) + 1, around), clock):
        check(peek, lines)
        shown[:0] = [line.n for line in peek.lines]
        found[:0] = [line.n for line in peek.lines if line.found]
    assert shown == sorted(set(shown))
    assert found == matching(lines, regex)


@given(
    st.lists(st.sampled_from(["", "a", "hit", "a hit"]), max_size=600),
    filters,
    st.integers(1, 250),
    st.none() | st.integers(0, 620),
    st.none() | st.integers(1, 620),
)
@settings(max_examples=150)
def test_first_the_pattern_chooses_then_the_numbers(
    lines: list[str], regex: str, most: int, after: int | None, before: int | None
):
    store = MemoryStore()
    Writing(store).keep(Write(run=RUN, lines=tuple(lines)))
    peek = look(store, RUN, PeekQuery(most, regex, after, before), lambda: True)
    asked = [n for n in matching(lines, regex) if (after or 0) < n < (before or 10**9)]
    expected = asked[:MAX_LINES] if after is not None else asked[-min(most, MAX_LINES) :]
    assert [line.n for line in peek.lines] == expected
    rest = asked[MAX_LINES:] if after is not None else asked[: -len(expected)] if before is not None else []
    assert (peek.go_on is not None) == bool(rest)


@given(writes, filters, st.integers(1, 30), st.none() | st.integers(0, 130), st.integers(0, 3))
@settings(max_examples=30)
def test_both_stores_give_the_same_answer(
    added: list[list[str]], regex: str, most: int, after: int | None, around: int
):
    query = PeekQuery(most, regex, after, None, around)
    with TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "log.db")) as on_disk:
        on_disk.load()
        answers = []
        for store in (MemoryStore(), on_disk):
            Writing(store).keep(*(Write(run=RUN, lines=tuple(write)) for write in added))
            answers.append(look(store, RUN, query, lambda: True))
    assert answers[0] == answers[1]
