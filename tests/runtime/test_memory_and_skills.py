"""What an agent remembers from one run to the next, and the skills it is given: told from its file to its prompt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.prompts.role import role_of, shared_of
from subagents.runs.state import RunState, RunStatus
from subagents.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


def agent(project: Path, tools: str = "read, write, edit", name: str = "auditor", **fields: str) -> None:
    folder = project / ".subagents" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    (folder / f"{name}.md").write_text(f"---\ndescription: audits\ntools: {tools}\n{more}---\nAudit.\n")


def skill(root: Path, name: str, text: str = "Do it well.") -> Path:
    file = root / "skills" / name / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text(f"---\nname: {name}\ndescription: does {name}\n---\n{text}\n")
    return file


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


@dataclass(frozen=True)
class Story:
    """A run that is over: itself, its prompt as its conversation began, and what its tools answered."""

    run: RunState
    role: str
    lines: str


async def story(project: Path, *turns: dict[str, object], name: str = "auditor", **wishes: Any) -> Story:
    (project / "turns.yaml").write_text(json.dumps({"turns": [*turns, {"text": "done"}]}))
    model = f"script:{project / 'turns.yaml'}"
    with anyio.fail_after(60):
        async with AgentManager.open(project, memory=True, model=model) as manager:
            run = await manager.spawn(name, "audit", **wishes)
            spec = manager.state.run(run).spec
            role = await role_of(spec, await shared_of(spec, project, FakeClock()))
            result = await manager.get_result(run, wait=True)
            peek = await manager.peek(run)
    assert result.run.status is RunStatus.COMPLETED, result.run.outcome
    return Story(result.run, role.text, "\n".join(str(line) for line in peek.lines))


# --- memory


@pytest.mark.parametrize("scope", ["project", "local", "user"])
async def test_what_one_run_noted_the_next_one_reads_in_its_prompt(scope: str, tmp_path: Path, home: Path):
    agent(tmp_path, memory=scope)
    places = {
        "project": tmp_path / ".subagents" / "agent-memory",
        "local": tmp_path / ".subagents" / "agent-memory-local",
        "user": home / "subagents" / "agent-memory",
    }
    file = places[scope] / "auditor" / "MEMORY.md"

    first = await story(tmp_path, call("write", path=str(file), content="- tests need a database\n"))
    assert "[empty]" in first.role
    assert file.read_text() == "- tests need a database\n"
    second = await story(tmp_path)
    assert "`MEMORY.md`:\n- tests need a database\n</agent_memory>" in second.role
    assert f'folder="{file.parent}"' in second.role


async def test_it_is_written_though_the_run_works_in_another_folder(tmp_path: Path):
    agent(tmp_path, memory="project")
    file = tmp_path / ".subagents" / "agent-memory" / "auditor" / "MEMORY.md"
    (tmp_path / "deep").mkdir()

    await story(
        tmp_path,
        call("write", path=str(file), content="- one\n"),
        call("write", path=str(tmp_path / "beside.md"), content="x"),
        cwd="deep",
    )
    assert file.read_text() == "- one\n"
    assert not (tmp_path / "beside.md").exists()


async def test_x7_for_who_may_only_read_no_folder_is_made_and_nothing_is_said_of_writing(tmp_path: Path):
    agent(tmp_path, tools="write", disallowed_tools="write", memory="project")

    told = await story(tmp_path, call("write", path="a.txt", content="x"))
    assert not (tmp_path / ".subagents" / "agent-memory").exists()
    assert not (tmp_path / "a.txt").exists()
    assert "You may only read it." in told.role
    assert "`write`" not in told.role
    assert "`edit`" not in told.role


async def test_a_tool_that_only_its_memory_brought_reaches_nothing_else(tmp_path: Path):
    agent(tmp_path, tools="none", memory="project")
    (tmp_path / "secret.txt").write_text("a secret\n")

    told = await story(tmp_path, call("read", path="secret.txt"))
    assert "which you have for your memory alone" in told.lines
    assert "a secret" not in told.lines


@pytest.mark.parametrize("tools", ["read", "read, write"])
@pytest.mark.parametrize("link", ["auditor", "auditor/MEMORY.md"])
async def test_x5_a_memory_behind_a_link_is_done_without_and_said(link: str, tools: str, tmp_path: Path):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "MEMORY.md").write_text("a secret\n")
    agent(project, tools, memory="project")
    place = project / ".subagents" / "agent-memory" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere / place.relative_to(project / ".subagents" / "agent-memory" / "auditor"))

    told = await story(project)
    assert [note for note in told.run.spec.notes if "is a link, which is not followed" in note]
    assert "secret" not in told.role
    assert "agent_memory" not in told.role


async def test_where_no_folder_can_be_made_the_agent_is_told_that_it_may_only_read(tmp_path: Path):
    agent(tmp_path, memory="project")
    (tmp_path / ".subagents" / "agent-memory").write_text("a file in the way\n")

    assert "You may only read it." in (await story(tmp_path)).role


async def test_an_agent_that_no_folder_can_be_called_by_has_none_and_it_is_said(tmp_path: Path):
    agent(tmp_path, memory="project", name="code auditor")

    told = await story(tmp_path, name="code auditor")
    assert [note for note in told.run.spec.notes if "'code auditor' is an unsafe name" in note]
    assert "agent_memory" not in told.role


async def test_who_has_no_memory_leaves_no_folder(tmp_path: Path):
    agent(tmp_path)
    assert "agent_memory" not in (await story(tmp_path)).role
    assert [each.name for each in (tmp_path / ".subagents").iterdir()] == ["agents"]


# --- skills


async def test_skills_that_a_file_names_are_in_the_prompt_and_what_belongs_to_them_is_read(
    tmp_path: Path, home: Path
):
    agent(tmp_path, skills="[pdf, review]")
    skill(tmp_path / ".claude", "review", "Look twice.")
    beside = skill(home / ".claude", "pdf", "See forms.md.").with_name("forms.md")
    beside.write_text("Fill them in.\n")

    told = await story(tmp_path, call("read", path=str(beside)), call("write", path=str(beside), content="x"))
    assert told.role.index("# Preloaded Skill: pdf") < told.role.index("# Preloaded Skill: review")
    assert "See forms.md." in told.role
    assert "Look twice." in told.role
    assert "Fill them in." in told.lines
    assert beside.read_text() == "Fill them in.\n"
    assert told.run.spec.notes == ()


async def test_x17_a_missing_skill_is_said_in_the_prompt_and_as_a_note_and_the_run_goes_on(tmp_path: Path):
    agent(tmp_path, skills="[nope, ../../etc/passwd]")

    told = await story(tmp_path)
    missing, unsafe = told.run.spec.notes
    assert missing.startswith(
        "The agent 'auditor' goes without skills that there are not: 'nope'. Looked for in: "
    )
    assert unsafe == "The agent 'auditor' goes without what no skill can be called: '../../etc/passwd'."
    assert "# Preloaded Skill: nope\n\n[this skill was not found; go on without it]" in told.role


async def test_where_a_file_says_nothing_the_skills_there_are_are_told_and_read(tmp_path: Path):
    agent(tmp_path)
    file = skill(tmp_path / ".agents", "pdf", "Use a library.")

    told = await story(tmp_path, call("read", path=str(file)))
    assert f"- pdf: does pdf ({file})" in told.role
    assert "Use a library." not in told.role
    assert "Use a library." in told.lines


@pytest.mark.parametrize(
    "fields",
    [{"skills": "false"}, {"tools": "grep"}, {"isolated": "true"}, {"tools": "none", "memory": "user"}],
)
async def test_who_has_none_or_cannot_read_them_is_told_of_none(fields: dict[str, str], tmp_path: Path):
    agent(tmp_path, **fields)
    skill(tmp_path / ".subagents", "pdf")
    assert "<skills>" not in (await story(tmp_path)).role


async def test_naming_some_is_being_told_of_no_others(tmp_path: Path):
    agent(tmp_path, skills="pdf")
    skill(tmp_path / ".subagents", "pdf")
    skill(tmp_path / ".subagents", "review")
    assert "review" not in (await story(tmp_path)).role
