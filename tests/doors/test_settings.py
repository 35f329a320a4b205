"""Settings where they count: a run obeys them, and what was dropped of them is told."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.conftest import Call, Script

from subagents.bootstrap import AgentManager
from subagents.settings.files import user_file
from subagents.settings.model import Settings
from subagents.spec import SpawnRequest


async def limits_of(project: Path, settings: Settings | None = None) -> tuple[int | None, int]:
    """The turns that a run of this project has, and how many to finish in; and that nothing else was opened."""
    async with AgentManager.open(project, memory=True, settings=settings) as manager:
        run = await manager.spawn(SpawnRequest(agent="Explore", prompt="look", max_turns=None))
        limits = manager.state.run(run).spec.limits
        return limits.max_turns, limits.grace_turns


async def test_a_run_has_the_limits_that_were_set(project: Path):
    user_file().write_text("default_max_turns = 30\ngrace_turns = 4\n", encoding="utf-8")
    (project / ".subagents/settings.toml").write_text("default_max_turns = 20\n", encoding="utf-8")
    assert await limits_of(project) == (20, 4)
    assert await limits_of(project, Settings(grace_turns=2)) == (100, 2)


async def test_a_program_sees_what_was_dropped(project: Path):
    file = project / ".subagents/settings.toml"
    file.write_text("default_max_turns = 0\n", encoding="utf-8")
    async with AgentManager.open(project, memory=True) as manager:
        assert [(problem.source, problem.line) for problem in manager.setting_problems] == [(str(file), 1)]
    async with AgentManager.open(project, memory=True, settings=Settings()) as manager:
        assert manager.setting_problems == ()


def test_what_was_dropped_is_told_once_and_by_the_doctor(call: Call, script: Script, project: Path):
    (project / ".subagents/settings.toml").write_text(
        "max_dept = 1\n\nmax_children = 'x'\n", encoding="utf-8"
    )
    answering = script({"text": "Done."}, repeat=True)

    told = [line for line in call("run", "answerer", "go", answering).err.splitlines() if "toml" in line]

    path = project / ".subagents/settings.toml"
    assert told == [
        f"{path}:1: there is no setting 'max_dept'; did you mean max_depth?",
        f"{path}:3: max_children must be a whole number from 1 to 1024, not 'x'",
    ]
    found = json.loads(call("doctor", "--json").out)
    assert [each["found"] for each in found if each["name"] == "settings"] == ["all as they come", *told]
    assert call("run", "-q", "answerer", "go", answering).err == ""


def test_a_broken_file_stops_nothing(call: Call, script: Script, project: Path):
    (project / ".subagents/settings.toml").write_bytes(b"\xff\xfe")
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().mkdir()
    done = call("run", "answerer", "go", script({"text": "Done."}))
    assert (done.code, done.out) == (0, "Done.\n")
    assert done.err.count("the file is ignored") == 2
