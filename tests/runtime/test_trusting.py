"""Who may go on with a run whose definition named what executes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.test_choosing import surroundings

from subagents.errors import SpawnRefused
from subagents.ids import RunId
from subagents.runtime.surroundings import OuterRun
from subagents.runtime.trusting import refuse_untrusted
from subagents.spec import AskedBy, CommandLine, DefinitionSource, RunSpec


def go_on(
    scope: str = "project",
    *,
    trusted: bool = False,
    trusts: bool = False,
    by: AskedBy = AskedBy.PERSON,
    inside: bool = False,
    **parts: Any,
) -> None:
    """Asks for a run that a program executed, unless `parts` say otherwise, to go on."""
    spec = RunSpec(
        agent="parrot",
        prompt="go",
        description="",
        instructions="",
        cwd="/srv/shop",
        project="/srv/shop",
        source=DefinitionSource("/srv/shop/parrot.md", "digest", scope),
        **{"command": CommandLine(command=("parrot",)), **parts},
    )
    outer = OuterRun(RunId("aaaaaaaa"), RunId("aaaaaaaa"), 1) if inside else None
    around = replace(
        surroundings(Path.cwd()),
        is_trusted=lambda _source, project: trusted and project == "/srv/shop",
        outer=outer,
    )
    refuse_untrusted("bbbbbbbb", spec, around, trusts=trusts, by=by)


def test_a_program_that_a_project_named_needs_trust_again():
    with pytest.raises(
        SpawnRefused, match="Run 'bbbbbbbb' has the program 'parrot' execute it, as /srv/shop"
    ):
        go_on()
    go_on(trusted=True)
    go_on(trusts=True)


def test_a_script_that_a_project_named_needs_trust_again():
    script: dict[str, Any] = {"command": None, "asked_model": "script:turns.yaml"}
    with pytest.raises(SpawnRefused, match=r"'script:turns[.]yaml' answer"):
        go_on(**script, decided={"model": "definition"})
    go_on(**script, decided={"model": "caller"})


def test_what_the_user_or_the_package_named_needs_none():
    go_on("user")
    go_on("packaged")


@pytest.mark.parametrize("by", [AskedBy.MODEL, AskedBy.SCHEDULE])
def test_trust_is_not_a_models_to_give(by: AskedBy):
    with pytest.raises(SpawnRefused):
        go_on(trusts=True, by=by)


def test_trust_is_not_a_commands_of_an_agent_to_give():
    with pytest.raises(SpawnRefused):
        go_on(trusts=True, inside=True)
