"""A hundred agent files in the style of each tool, with their oddities, give the listed problems and nothing else."""

from __future__ import annotations

import pytest
from tests.definitions.zoo_listing import DIALECTS, ZOO, agents, files, problems, read

from subagents.definitions.model import Dialect

AGAIN = "if it is meant so, list it anew: python -m tests.definitions.zoo_listing"


def listed(name: str) -> str:
    return (ZOO / name).read_text(encoding="utf-8")


def test_there_is_a_zoo_of_each_dialect():
    assert set(DIALECTS) == set(Dialect)
    assert sum(len(files(dialect)) for dialect in DIALECTS) >= 100


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_files_give_the_listed_problems_and_nothing_else(dialect: Dialect):
    assert problems(read(dialect)) == listed(f"{dialect}.problems.txt"), AGAIN


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_files_mean_what_is_listed(dialect: Dialect):
    assert agents(read(dialect)) == listed(f"{dialect}.agents.txt"), AGAIN
