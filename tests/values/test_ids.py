"""Ids are short, different, sortable where age matters, and found by any prefix that fits only one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.ids import (
    ALPHABET,
    new_fact_id,
    new_run_id,
    new_session_id,
    next_handle,
    slug,
    with_prefix,
)


def test_run_ids_are_eight_characters_of_the_alphabet_and_differ():
    made = {new_run_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(len(run) == 8 and set(run) <= set(ALPHABET) for run in made)


def test_fact_ids_are_sixteen_hexadecimal_characters():
    assert all(len(fact) == 16 and int(fact, 16) >= 0 for fact in (new_fact_id() for _ in range(100)))


@given(st.floats(0, 4e9), st.floats(0.01, 4e9))
def test_session_ids_sort_by_the_moment_they_were_made(moment: float, later: float):
    assert new_session_id(moment) < new_session_id(moment + later)


def test_session_ids_of_one_moment_differ():
    assert len({new_session_id(1_700_000_000.0) for _ in range(50)}) > 1


@pytest.mark.parametrize(
    ("prefix", "found"),
    [("ab", ["abc", "abd"]), ("abc", ["abc"]), ("x", []), ("", ["abc", "abd", "b"]), ("abcd", [])],
)
def test_a_prefix_finds_all_that_begin_with_it(prefix: str, found: list[str]):
    assert with_prefix(prefix, ["b", "abd", "abc"]) == found


def test_an_exact_id_is_found_even_where_it_begins_another():
    assert with_prefix("abc", ["abc", "abcd"]) == ["abc"]


@pytest.mark.parametrize(
    ("wanted", "taken", "handle"),
    [
        ("Explore", [], "explore"),
        ("Explore", ["explore"], "explore-2"),
        ("Explore", ["explore", "explore-2", "explore-4"], "explore-3"),
        ("  Security / review!", [], "security-review"),
        ("中文", [], "agent"),
        ("", ["agent"], "agent-2"),
    ],
)
def test_handles_are_readable_and_free(wanted: str, taken: list[str], handle: str):
    assert next_handle(wanted, taken) == handle


@given(st.text())
def test_a_slug_is_always_something_to_type(text: str):
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug(text).strip("-") == slug(text) != ""
