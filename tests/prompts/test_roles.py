"""The roles of one session's runs: what a twin has of its parent's, and what it has not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from subagents.ids import RunId
from subagents.prompts.roles import Roles
from subagents.runs.state import RunState
from subagents.spec import AskedBy, MemoryUse, PromptMode, RunSpec, ToolSelection
from subagents.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

PARENT, TWIN = RunId("aaaaaaaa"), RunId("bbbbbbbb")
REMEMBERS = MemoryUse(scope="project", writes=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        ".claude/skills/pdf/SKILL.md": "---\nname: pdf\ndescription: PDF\n---\nUse a library.\n",
        ".subagents/agent-memory/lead/MEMORY.md": "- of the lead\n",
        ".subagents/agent-memory/twin/MEMORY.md": "- of the twin\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run_of(project: Path, run: RunId, agent: str, parent: RunId | None = None, **spec: Any) -> RunState:
    given: dict[str, Any] = {"tools": ToolSelection(names=("read", "write", "edit")), **spec}
    asked = RunSpec(
        agent=agent,
        prompt="go",
        description="go",
        instructions=f"You are the {agent}.",
        model="offline",
        cwd=str(project),
        project=str(project),
        **given,
    )
    root, depth = parent or run, 1 if parent is None else 2
    return RunState(
        id=run,
        handle=agent,
        parent=parent,
        root=root,
        depth=depth,
        spec=asked,
        spawned_at=0.0,
        progress_at=0.0,
        asked_by=AskedBy.PERSON,
    )


def both(project: Path, **twin: Any) -> Mapping[RunId, RunState]:
    lead = run_of(project, PARENT, "lead", skills=("pdf",), memory=REMEMBERS)
    heir = run_of(project, TWIN, "twin", PARENT, prompt_mode=PromptMode.APPEND, **twin)
    return {PARENT: lead, TWIN: heir}


async def test_a_role_has_its_skills_then_its_memory_the_schema_of_its_answer_and_its_place(project: Path):
    runs = both(project, skills=("pdf",), memory=REMEMBERS, output_schema={"type": "string"})

    told = await Roles(FakeClock()).role(
        runs[TWIN], runs, project, "<worktree>…</worktree>\n\n<place>…</place>"
    )
    order = [
        "You are the lead.",
        "Use a library.",
        "You are the twin.",
        "<agent_memory",
        "Your final answer must be",
        "<worktree>",
        "<place>",
    ]
    assert [told.text.index(words) for words in order] == sorted(told.text.index(words) for words in order)
    assert told.text.count("Use a library.") == 1


@pytest.mark.parametrize("remembered", [True, False])
async def test_a_twin_has_its_parents_role_and_skills_and_its_own_memory(project: Path, *, remembered: bool):
    runs, roles = both(project, memory=REMEMBERS), Roles(FakeClock())
    lead = await roles.role(runs[PARENT], runs, project, "")
    twin = await (roles if remembered else Roles(FakeClock())).role(runs[TWIN], runs, project, "")

    assert twin.parts[0] == lead.parts[0]
    assert "Use a library." in lead.parts[0]
    assert "of the lead" in lead.text
    assert twin.readable == lead.readable == (project / ".claude" / "skills" / "pdf",)
    assert "of the lead" not in twin.text
    assert "of the twin" in twin.text
    assert twin.memory is not None
    assert twin.memory.folder.name == "twin"


async def test_a_twin_of_a_run_with_a_memory_has_none_unless_it_has_one_itself(project: Path):
    runs, roles = both(project), Roles(FakeClock())
    await roles.role(runs[PARENT], runs, project, "")

    twin = await roles.role(runs[TWIN], runs, project, "")
    assert twin.memory is None
    assert "agent_memory" not in twin.text


async def test_a_role_of_its_own_reaches_no_skills_of_its_parents(project: Path):
    runs, roles = both(project), Roles(FakeClock())
    await roles.role(runs[PARENT], runs, project, "")
    own = run_of(project, TWIN, "twin", PARENT)

    told = await roles.role(own, runs, project, "")
    assert (told.readable, len(told.parts)) == ((), 1)
    assert "You are the lead." not in told.text


async def test_a_twin_begins_with_what_its_parent_was_told_though_the_skill_changed_since(project: Path):
    runs, roles = both(project), Roles(FakeClock())
    lead = await roles.role(runs[PARENT], runs, project, "")
    (project / ".claude" / "skills" / "pdf" / "SKILL.md").write_text("---\nname: pdf\n---\nDo it by hand.\n")

    assert (await roles.role(runs[TWIN], runs, project, "")).parts[0] == lead.parts[0]
