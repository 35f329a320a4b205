"""`@handle message`: what is one, and whom it names. Rows W of the cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.ids import RunId, slug
from subagents.runs.mentions import (
    Addressee,
    Mention,
    ToMain,
    ToRun,
    ToType,
    addressee,
    free_handle,
    label,
    mention_of,
)
from subagents.runs.state import RunState
from subagents.testing.facts import spawned, state_after

TYPES = ("Explore", "Plan", "my_agent")


def test_w1_a_handle_and_a_message():
    assert mention_of("@explore check the RPC path") == Mention("explore", "check the RPC path")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("@explore", id="W3 bare"),
        pytest.param("@explore ", id="W3 with a blank"),
        pytest.param("@explore\t", id="W3 with a tab"),
        pytest.param("hey @explore look", id="W5 in the middle"),
        pytest.param(" @explore look", id="W5 after a blank"),
        "@src/x.py look",
        "@explore, look",
        "@ look",
        "@é look",
        "",
        "@explore \n\t ",
    ],
)
def test_what_is_no_mention(text: str):
    assert mention_of(text) is None


def test_the_message_is_trimmed_and_may_have_several_lines():
    assert mention_of("@Plan_2-b \n one\n  two \n") == Mention("Plan_2-b", "one\n  two")


@pytest.mark.parametrize(
    ("wanted", "taken", "handle"),
    [
        pytest.param("!!!", (), "agent", id="W7 nothing left"),
        pytest.param("", (), "agent", id="W7 empty"),
        pytest.param("explore", (), "explore", id="W9 free"),
        pytest.param("explore", ("explore",), "explore-2", id="W9 taken"),
        pytest.param("explore", ("explore", "explore-2"), "explore-3", id="W9 both taken"),
        pytest.param("explore", ("explore", "explore-3"), "explore-2", id="W9 a gap"),
        pytest.param("Main", (), "main-2", id="the main conversation's"),
    ],
)
def test_handles(wanted: str, taken: tuple[str, ...], handle: str):
    assert free_handle(wanted, taken) == handle


def named(text: str, *handles: str) -> Addressee | None:
    """Whom the text names where these runs are."""
    state = state_after(*(spawned(RunId(f"run{n:05}"), handle=each) for n, each in enumerate(handles)))

    def find(name: str) -> RunState | None:
        return state.runs.get(state.handles.get(name, RunId(name)))

    mention = mention_of(text)
    assert mention is not None
    return addressee(mention, find, TYPES)


@pytest.mark.parametrize(
    ("text", "handles", "handle"),
    [
        ("@explore look", ("explore",), "explore"),
        ("@Explore look", ("explore",), "explore"),
        ("@explore-2 look", ("explore", "explore-2"), "explore-2"),
        ("@run00001 look", ("explore", "plan"), "plan"),
        pytest.param("@agent-explore look", ("explore",), "explore", id="W11 the synonym"),
        pytest.param(
            "@agent-explore look", ("explore", "agent-explore"), "agent-explore", id="W11 literally"
        ),
    ],
)
def test_a_run_is_named_by_its_handle_or_id(text: str, handles: tuple[str, ...], handle: str):
    found = named(text, *handles)
    assert isinstance(found, ToRun)
    assert (found.run.handle, found.message) == (handle, "look")


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("@Explore look", "Explore"),
        ("@explore look", "Explore"),
        ("@my_agent look", "my_agent"),
        ("@my-agent look", "my_agent"),
        pytest.param("@agent-explore look", "Explore", id="W11 a type"),
    ],
)
def test_one_that_never_ran_is_named_by_its_type(text: str, agent: str):
    assert named(text, "plan") == ToType(agent, "look")


@pytest.mark.parametrize("text", ["@ex look", "@explore-2 look", "@- look", "@run0000 look", "@agent- look"])
def test_w13_names_are_exact(text: str):
    assert named(text, "plan") is None


def test_of_two_types_that_are_spelled_alike_only_the_exact_one_is_named():
    find, both = (lambda _: None), ("Explore", "explore")
    assert addressee(Mention("explore", "look"), find, both) == ToType("explore", "look")
    assert addressee(Mention("EXPLORE", "look"), find, both) is None


@pytest.mark.parametrize("handles", [(), ("main",)])
def test_w15_main_is_the_main_conversation_and_what_follows_no_mention(handles: tuple[str, ...]):
    assert named("@main @explore is not a mention", *handles) == ToMain("@explore is not a mention")


@pytest.mark.parametrize(
    ("message", "short"),
    [
        ("look  at\tthis\nand that", "look at this"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("look at the place where every retry is counted", "look at the place where every retry is…"),
    ],
)
def test_the_label_of_what_a_mention_starts(message: str, short: str):
    assert label(message) == short


@given(st.text(), st.text(min_size=1).filter(str.strip))
def test_every_handle_that_is_given_can_be_mentioned(wanted: str, message: str):
    handle = free_handle(wanted, ())
    assert mention_of(f"@{handle} {message}") == Mention(handle, message.strip())
    assert slug(handle) == handle
