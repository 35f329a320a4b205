"""The same problem is told once, and again after it was fixed and came anew, or says something else."""

from __future__ import annotations

from subagents.definitions.model import Problem
from subagents.definitions.told import ToldProblems


def problem(path: str = "/srv/shop/a.md", line: int | None = 2, message: str = "is broken") -> Problem:
    return Problem(path, line, message, "tools")


def test_b17_a_problem_that_stays_is_told_once():
    told = ToldProblems()

    assert told.news([problem()]) == [problem()]
    assert told.news([problem()]) == []
    assert told.news([problem(line=9)]) == []


def test_b17_it_is_told_again_after_it_was_gone():
    told = ToldProblems()
    told.news([problem()])

    assert told.news([]) == []
    assert told.news([problem()]) == [problem()]


def test_b17_it_is_told_again_when_it_says_something_else():
    told = ToldProblems()
    told.news([problem()])

    assert told.news([problem(message="is broken otherwise")]) == [problem(message="is broken otherwise")]


def test_what_is_asked_about_one_file_leaves_the_news_of_the_others():
    told, other = ToldProblems(), problem("/srv/shop/b.md")

    assert told.news([problem(), other], path="/srv/shop/a.md") == [problem()]
    assert told.news([problem(), other]) == [other]
