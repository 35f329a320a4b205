"""Skills and memories, as `doctor` tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from subagents.cli.agents.given import skills_and_memories
from subagents.cli.doctor.findings import Finding, Verdict
from subagents.definitions.model import AgentDefinition, MemoryScope
from subagents.places import Project, project_at


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".subagents").mkdir()
    return project_at(tmp_path)


def skill(root: Path, name: str) -> None:
    file = root / "skills" / name / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text("Do it well.")


def told(project: Project, *agents: AgentDefinition) -> list[Finding]:
    return list(skills_and_memories(project, agents))


def agent(name: str = "auditor", **fields: object) -> AgentDefinition:
    return AgentDefinition(name=name, description="audits", **fields)  # type: ignore[arg-type]


def test_where_there_are_none_nothing_is_told(project: Project):
    assert told(project, agent()) == []


def test_what_there_is_is_named(project: Project, home: Path):
    skill(project.folder, "pdf")
    skill(home / ".claude", "review")
    agents = (agent(memory=MemoryScope.LOCAL, skills=("pdf",)), agent("scout", memory=MemoryScope.USER))
    assert told(project, *agents) == [
        Finding("skills", Verdict.GOOD, "2 skills: pdf, review"),
        Finding("memories", Verdict.GOOD, "auditor, scout; an index called MEMORY.md in each"),
    ]


def test_an_agent_that_goes_without_something_is_told_with_the_reason(project: Project, home: Path):
    (project.folder / "agent-memory").symlink_to(home)
    agents = (
        agent(skills=("nope",)),
        agent("a b", memory=MemoryScope.USER),
        agent("c", memory=MemoryScope.PROJECT),
    )
    found = [each for each in told(project, *agents) if each.verdict is Verdict.NOTE]
    missing, unsafe, linked = [each.found for each in found]
    assert missing.startswith(
        "The agent 'auditor' goes without skills that there are not: 'nope'. Looked for in: "
    )
    assert unsafe.startswith("The agent has no memory: 'a b' is an unsafe name for the folder of a memory; ")
    assert linked.startswith("The agent 'c' goes without its memory: ")
    assert linked.endswith("/.subagents/agent-memory' is a link, which is not followed.")


def test_nothing_is_made_by_looking(project: Project, home: Path):
    before = [*home.rglob("*"), *project.root.rglob("*")]
    told(project, *(agent(memory=scope, skills=("pdf",)) for scope in MemoryScope))
    assert [*home.rglob("*"), *project.root.rglob("*")] == before
