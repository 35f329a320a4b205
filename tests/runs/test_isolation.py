"""Who decides where a run's files live."""

from __future__ import annotations

import pytest

from subagents.definitions.model import AgentDefinition, Isolation
from subagents.errors import SpawnRefused
from subagents.runs.isolation import isolation_of
from subagents.settings.model import Settings
from subagents.spec import Base, SpawnRequest

TREE, OFF = Isolation.WORKTREE, Isolation.OFF


@pytest.mark.parametrize(
    ("overrules", "caller", "file", "setting", "isolation", "decided"),
    [
        (True, "", None, "off", OFF, "settings"),
        (True, "", None, "worktree", TREE, "settings"),
        (True, "worktree", None, "off", TREE, "caller"),
        (True, "off", TREE, "worktree", OFF, "caller"),
        (True, "worktree", OFF, "off", TREE, "caller"),
        (True, "", TREE, "off", TREE, "definition"),
        (False, "worktree", None, "off", TREE, "caller"),
        (False, "worktree", OFF, "worktree", OFF, "definition"),
        (False, "off", TREE, "off", TREE, "definition"),
    ],
)
def test_the_file_beats_a_model_and_a_person_beats_the_file(
    overrules, caller, file, setting, isolation, decided
):
    where = isolation_of(
        SpawnRequest(prompt="go", isolation=caller),
        AgentDefinition(name="a", description="", isolation=file),
        Settings(default_isolation=setting),
        overrules=overrules,
    )
    assert (where.isolation, where.decided["isolation"]) == (isolation, decided)
    assert where.base == ("head" if isolation is TREE else "")


@pytest.mark.parametrize(
    ("overrules", "caller", "file", "base", "decided"),
    [
        (True, "", None, "head", "settings"),
        (True, "", Base.SNAPSHOT, "snapshot", "definition"),
        (True, "default-branch", Base.SNAPSHOT, "default-branch", "caller"),
        (False, "default-branch", Base.SNAPSHOT, "snapshot", "definition"),
        (False, "default-branch", None, "default-branch", "caller"),
    ],
)
def test_what_a_worktree_begins_with_is_decided_in_the_same_order(overrules, caller, file, base, decided):
    where = isolation_of(
        SpawnRequest(prompt="go", base=caller),
        AgentDefinition(name="a", description="", isolation=TREE, base=file),
        Settings(),
        overrules=overrules,
    )
    assert (where.base, where.decided["base"]) == (base, decided)


def test_where_worktrees_are_switched_off_nobody_has_one_and_it_is_said():
    where = isolation_of(
        SpawnRequest(prompt="go", isolation="worktree"),
        AgentDefinition(name="a", description=""),
        Settings(worktree_isolation=False),
        overrules=True,
    )
    assert where.isolation is OFF
    assert where.notes == (
        "It works in the folder itself: worktrees are switched off (the setting worktree_isolation).",
    )


@pytest.mark.parametrize("wish", [{"isolation": "docker"}, {"base": "yesterday"}])
def test_unknown_words_are_refused_with_those_that_there_are(wish):
    with pytest.raises(SpawnRefused, match=r"give one of (worktree, off|head, default-branch, snapshot)\."):
        isolation_of(
            SpawnRequest(prompt="go", **wish),
            AgentDefinition(name="a", description=""),
            Settings(),
            overrules=True,
        )
