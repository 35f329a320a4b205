"""When endings are told of, and together with which others. The rows are those of group joins."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from subagents.events import Noticed
from subagents.ids import RunId
from subagents.notices.joining import Bundle, JoinMode, Joins, due, ended, started


class Story:
    """Moments in order; what was told so far, as `ab` for a and b together and `ab?` for a part of their group."""

    def __init__(self, mode: JoinMode = JoinMode.SMART) -> None:
        self.now = 100.0
        self.joins = Joins(mode)
        self.told: list[str] = []

    def starts(self, names: str, apart: float = 0.0) -> Story:
        for name in names:
            self.joins = started(self.joins, RunId(name), self.now)
            self.after(apart)
        return self

    def ends(self, names: str) -> Story:
        for name in names:
            self.joins = ended(self.joins, Noticed(RunId(name), 1), self.now)
        return self.after(0.0)

    def after(self, seconds: float) -> Story:
        """Time passes, and what is due is told at its moment."""
        until = self.now + seconds
        while (moment := self.joins.next_due) is not None and moment <= until:
            self.now = max(self.now, moment)
            self._tell()
        self.now = until
        self._tell()
        return self

    def _tell(self) -> None:
        self.joins, bundles = due(self.joins, self.now)
        self.told += map(_shown, bundles)


def _shown(bundle: Bundle) -> str:
    return "".join(ending.run for ending in bundle.endings) + ("?" if bundle.partial else "")


def grouped(names: str = "abc") -> Story:
    """Agents that were started in one go, a second ago."""
    return Story().starts(names).after(1.0)


def test_u1_an_agent_without_a_group_is_told_by_itself():
    assert Story().starts("a").after(1.0).ends("a").after(0.2).told == ["a"]


def test_u3_a_group_is_told_of_when_all_have_ended_and_is_forgotten():
    story = grouped("ab").ends("a").after(29.0)
    assert story.told == []
    assert story.ends("b").told == ["ab"]
    assert story.joins == Joins(JoinMode.SMART)


def test_u4_after_thirty_seconds_the_part_that_has_ended_is_told():
    story = grouped("abc").ends("a").after(29.999)
    assert story.told == []
    assert story.after(0.001).told == ["a?"]
    assert story.ends("bc").told == ["a?", "bc"]


def test_u5_stragglers_are_waited_for_fifteen_seconds():
    story = grouped("abc").ends("a").after(30.0).ends("b").after(14.999)
    assert story.told == ["a?"]
    assert story.after(0.001).told == ["a?", "b?"]
    assert story.ends("c").told == ["a?", "b?", "c"]


def test_u7_a_late_duplicate_passes_and_delivers_no_group_again():
    story = grouped("ab").ends("ab")
    assert story.ends("a").after(0.2).told == ["ab", "a"]


def test_u9_two_that_are_started_within_a_tenth_of_a_second_are_a_group():
    assert Story().starts("ab", apart=0.09).after(1.0).ends("a").after(5.0).ends("b").told == ["ab"]
    assert Story().starts("ab", apart=0.11).after(1.0).ends("ab").after(0.2).told == ["a", "b"]


def test_each_start_of_a_batch_keeps_it_open():
    story = Story().starts("abcd", apart=0.09).after(1.0)
    assert story.ends("abc").told == []
    assert story.ends("d").told == ["abcd"]


def test_u11_what_ends_while_the_batch_is_open_is_told_with_its_group():
    story = Story().starts("ab").ends("a").after(5.0)
    assert story.told == []
    assert story.ends("b").told == ["ab"]


def test_a_lone_one_that_ends_while_its_batch_is_open_is_not_swallowed():
    assert Story().starts("a").ends("a").after(0.1).told == ["a"]


@pytest.mark.parametrize("names", ["a", "abc"])
def test_async_tells_of_each_by_itself_after_a_moment(names: str):
    story = Story(JoinMode.ASYNC).starts(names).ends(names).after(0.199)
    assert story.told == []
    assert story.after(0.001).told == list(names)


def test_group_joins_as_smart_does():
    assert Story(JoinMode.GROUP).starts("ab").after(1.0).ends("ab").told == ["ab"]
    assert Story(JoinMode.GROUP).starts("a").after(1.0).ends("a").after(0.2).told == ["a"]


def test_two_batches_of_one_parent_are_two_groups():
    story = Story().starts("ab").after(1.0).starts("cd").after(1.0)
    assert story.ends("ac").told == []
    assert story.ends("d").told == ["cd"]
    assert story.ends("b").told == ["cd", "ab"]


def test_nothing_is_due_when_nothing_is_held():
    assert grouped("ab").joins.next_due is None
    assert _moments(grouped("ab").ends("a").joins) == [131.0]


def _moments(joins: Joins) -> Iterable[float]:
    return [] if joins.next_due is None else [joins.next_due]
