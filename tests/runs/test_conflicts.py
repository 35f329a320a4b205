"""What follows from a look at two trees, and what is known of where runs meet."""

from __future__ import annotations

import msgspec

from subagents.conflict import ConflictKind, ConflictPlace, LineRange, ResolvedBy
from subagents.events import ConflictDetected, ConflictResolved, Entry, Event
from subagents.ids import RunId
from subagents.runs.conflicts import (
    ConflictState,
    after_leaving,
    after_look,
    conflict_id,
    evolve,
    still_open,
    told,
)

ONE, TWO = RunId("one"), RunId("two")
HEADS = ("a", "b")


def place(path: str = "a.py", line: int = 1) -> ConflictPlace:
    return ConflictPlace(path=path, ours=(LineRange(line, line + 2),), theirs=(LineRange(line, line),))


def after(*facts: Event) -> ConflictState:
    state = ConflictState()
    for number, fact in enumerate(facts, 1):
        state = evolve(state, Entry(number, str(number), float(number), fact))
    return state


def looked(state: ConflictState, *places: ConflictPlace) -> list[Event]:
    found = [(ConflictKind.TEXT, places)] if places else []
    return after_look(state, (ONE, TWO), found, HEADS)


def test_what_is_found_again_is_told_of_once_and_again_where_it_moved():
    (first,) = looked(ConflictState(), place())
    assert isinstance(first, ConflictDetected)
    assert looked(after(first), place()) == []
    (moved,) = looked(after(first), place(line=7))
    assert after(first, moved).open[0].places == (place(line=7),)
    assert len(after(first, moved).open) == 1


def test_what_is_found_no_more_is_resolved():
    (first,) = looked(ConflictState(), place())
    (gone,) = looked(after(first))
    assert gone == ConflictResolved(conflict=conflict_id((ONE, TWO), ConflictKind.TEXT), by=ResolvedBy.UNDONE)
    assert after(first, gone) == ConflictState()


def test_a_persons_word_holds_until_other_lines_meet():
    (first,) = looked(ConflictState(), place())
    assert isinstance(first, ConflictDetected)
    settled = after(first, ConflictResolved(conflict=first.conflict, by=ResolvedBy.PERSON))
    assert looked(settled, place()) == []
    assert len(looked(settled, place(line=9))) == 1


def test_a_merge_resolves_what_a_look_has_found_and_not_what_was_edited_in_one_tree():
    lines = ConflictDetected(conflict="lines", runs=(ONE, TWO), kind=ConflictKind.LINES, places=(place(),))
    (first,) = looked(ConflictState(), place())
    assert isinstance(first, ConflictDetected)
    merged = ConflictResolved(conflict=first.conflict, by=ResolvedBy.MERGE)
    assert after_leaving(after(lines, first), ONE, ResolvedBy.MERGE) == [merged]
    assert looked(after(lines)) == []


def test_a_line_names_the_others_the_files_and_how_many_more():
    places = tuple(place(f"{name}.py") for name in "abcd")
    (first,) = looked(ConflictState(), *places)
    (conflict,) = after(first).open
    assert told(conflict, str, ONE) == (
        "Will not merge with two: a.py lines 1-3 / line 1; b.py lines 1-3 / line 1; c.py lines 1-3 / line 1; "
        f"and 1 more [{conflict.id}]"
    )
    assert told(conflict, str).startswith("one and two: will not merge: a.py")
    (alone,) = after_look(ConflictState(), (ONE,), [(ConflictKind.DELETED, (place(),))], HEADS)
    (conflict,) = after(alone).open
    assert told(conflict, str, ONE).startswith(
        "Will not merge (one changed what the other deleted) with what is committed in the checkout: a.py"
    )


def test_a_run_of_another_session_is_called_by_its_agent_and_id():
    (found,) = after_look(
        ConflictState(), (ONE, TWO), [(ConflictKind.TEXT, (place(),))], HEADS, stranger="Explore"
    )
    (conflict,) = after(found).open
    assert told(conflict, lambda run: f"@{run}", ONE) == (
        f"Will not merge with Explore (two, of another session): a.py lines 1-3 / line 1 [{conflict.id}]"
    )
    assert told(conflict, lambda run: f"@{run}").startswith(
        "@one and Explore (two, of another session): will not merge: a.py"
    )


def test_both_sessions_call_what_they_find_the_same():
    assert conflict_id((ONE, TWO), ConflictKind.TEXT) == conflict_id((TWO, ONE), ConflictKind.TEXT)


def test_what_was_recorded_before_there_were_strangers_is_of_one_session():
    said = b'{"type":"ConflictDetected","conflict":"c","runs":["one","two"],"kind":"text","places":[]}'
    assert msgspec.json.decode(said, type=ConflictDetected).stranger == ""


def test_of_one_of_two_sessions_the_last_word_counts_in_whichever_log_it_stands():
    def logged(*facts: tuple[float, Event]) -> ConflictState:
        state = ConflictState()
        for at, fact in facts:
            state = evolve(state, Entry(1, "1", at, fact))
        return state

    seen = [(ConflictKind.TEXT, (place(),))]
    (ours,) = after_look(ConflictState(), (ONE, TWO), seen, HEADS, stranger="Explore")
    (theirs,) = after_look(ConflictState(), (TWO, ONE), seen, HEADS, stranger="Plan")
    gone = ConflictResolved(conflict=conflict_id((ONE, TWO), ConflictKind.TEXT), by=ResolvedBy.UNDONE)
    here = logged((1.0, ours))
    assert [found for found, _ in still_open([here, logged((2.0, theirs))])] == [0, 1]
    assert list(still_open([here, logged((2.0, theirs), (3.0, gone))])) == []
    again = logged((1.0, ours), (4.0, ours))
    assert [found for found, _ in still_open([logged((2.0, theirs), (3.0, gone)), again])] == [1]
    (alone,) = after_look(ConflictState(), (ONE, TWO), seen, HEADS)
    assert logged((1.0, alone), (2.0, gone)) == ConflictState()
