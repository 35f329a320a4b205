"""Files of an agent's memory: reached though they lie outside of the workspace, and no line of others is lost."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import anyio
import pytest
from tests.toolsets.coding.conftest import Tools

from subagents.toolsets.coding import FAILED, memory
from subagents.toolsets.coding.deps import FileChanged, MemoryPlace

pytestmark = pytest.mark.anyio


def remembering(tools: Tools, *, writes: bool = True, inside: str = "") -> Path:
    folder = tools.root / inside if inside else tools.root.parent / "memory"
    folder.mkdir(parents=True)
    tools.deps.coding.memory = MemoryPlace(folder, writes)
    return folder


def another(tools: Tools) -> Tools:
    """A second run with the same memory."""
    other = Tools(tools.root, tools.output_folder)
    assert tools.deps.coding.memory is not None
    other.deps.coding.memory = MemoryPlace(tools.deps.coding.memory.folder, writes=True)
    return other


# --- what is reached


@pytest.mark.parametrize("inside", ["", ".subagents/agent-memory/a"])
async def test_it_is_written_edited_and_read_wherever_it_lies(tools: Tools, inside: str):
    file = remembering(tools, inside=inside) / "topics" / "tests.md"

    assert "new file" in await tools("write", path=str(file), content="- one\n")
    assert "Replaced 1 passage" in await tools("edit", path=str(file), old_string="one", new_string="two")
    assert "- two" in await tools("read", path=str(file))
    assert "tests.md:1: - two" in await tools("grep", pattern="two", path=str(file.parent))
    assert "tests.md" in await tools("find", pattern="*.md", path=str(file.parent))
    assert "tests.md" in await tools("ls", path=str(file.parent))
    assert file.read_text() == "- two\n"
    assert [type(update) for update in tools.updates] == [FileChanged, FileChanged]


async def test_one_that_git_ignores_is_searched_all_the_same(tools: Tools):
    folder = remembering(tools, inside=".subagents/agent-memory-local/a")
    (folder.parent / ".gitignore").write_text("*\n")
    (folder / "a.md").write_text("found\n")

    assert "a.md:1: found" in await tools("grep", pattern="found", path=str(folder))
    assert "a.md" in await tools("find", pattern="*.md", path=str(folder))


@pytest.mark.parametrize("name", ["read", "write", "edit"])
async def test_nothing_beside_it_is_reached(tools: Tools, name: str):
    folder = remembering(tools)
    beside = folder.with_name("memory-of-another") / "MEMORY.md"
    beside.parent.mkdir()
    beside.write_text("theirs\n")
    arguments = {"write": {"content": "x"}, "edit": {"old_string": "theirs", "new_string": "x"}}.get(name, {})

    for path in (beside, folder / ".." / beside.parent.name / beside.name):
        assert (await tools(name, path=str(path), **arguments)).startswith(FAILED)
    assert beside.read_text() == "theirs\n"


async def test_another_agents_memory_is_not_written(tools: Tools):
    remembering(tools, inside=".subagents/agent-memory/a")
    other = tools.file(".subagents/agent-memory/b/MEMORY.md", "theirs\n")

    assert "is not written" in await tools("write", path=str(other), content="x")
    assert other.read_text() == "theirs\n"


async def test_who_may_only_read_it_does(tools: Tools):
    folder = remembering(tools, writes=False)
    (folder / "MEMORY.md").write_text("- one\n")

    assert "- one" in await tools("read", path=str(folder / "MEMORY.md"))
    assert (await tools("write", path=str(folder / "MEMORY.md"), content="x")).startswith(FAILED)
    assert (await tools("edit", path=str(folder / "MEMORY.md"), old_string="one", new_string="x")).startswith(
        FAILED
    )
    assert (folder / "MEMORY.md").read_text() == "- one\n"


async def test_a_link_in_it_leads_nowhere(tools: Tools):
    folder = remembering(tools)
    secret = tools.root.parent / "secret"
    secret.write_text("a secret\n")
    (folder / "MEMORY.md").symlink_to(secret)

    assert (await tools("read", path=str(folder / "MEMORY.md"))).startswith(FAILED)
    assert (await tools("write", path=str(folder / "MEMORY.md"), content="x")).startswith(FAILED)
    assert secret.read_text() == "a secret\n"


async def test_what_decides_which_programs_run_is_not_written_there_either(tools: Tools):
    folder = remembering(tools)
    assert "leave '.git' to the user" in await tools(
        "write", path=str(folder / ".git" / "config"), content="x"
    )


async def test_a_tool_that_was_lent_for_the_memory_reaches_nothing_else(tools: Tools):
    folder = remembering(tools)
    tools.deps.coding.lent = frozenset({"read", "write"})
    tools.file("a.txt", "mine\n")
    (folder / "MEMORY.md").write_text("- one\n")

    assert "- one" in await tools("read", path=str(folder / "MEMORY.md"))
    assert (await tools("read", path="a.txt")) == (
        f"Error: 'a.txt' is not for `read`, which you have for your memory alone. Give a path in your memory, "
        f"{str(folder)!r}."
    )
    assert (await tools("write", path="a.txt", content="x")).startswith(FAILED)
    assert "Replaced" in await tools("edit", path="a.txt", old_string="mine", new_string="yours")


async def test_a_lent_tool_reaches_nothing_where_there_is_no_memory_after_all(tools: Tools):
    tools.deps.coding.lent = frozenset({"read"})
    tools.file("a.txt", "mine\n")
    assert (await tools("read", path="a.txt")).startswith(FAILED)


async def test_a_skill_may_be_read_and_not_written(tools: Tools):
    folder = tools.root.parent / "skills" / "pdf"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("Use a library.\n")
    flat = folder.parent / "review.md"
    flat.write_text("Look twice.\n")
    (folder.parent / "other.md").write_text("No.\n")
    tools.deps.coding.readable = (folder, flat)

    assert "Use a library." in await tools("read", path=str(folder / "SKILL.md"))
    assert "Look twice." in await tools("read", path=str(flat))
    assert (await tools("read", path=str(folder.parent / "other.md"))).startswith(FAILED)
    assert (await tools("write", path=str(folder / "SKILL.md"), content="x")).startswith(FAILED)


# --- several at once


async def test_of_many_that_add_a_line_at_once_no_line_is_lost(tools: Tools):
    file = remembering(tools) / "MEMORY.md"
    file.write_text("# Notes\n")
    runs = [another(tools) for _ in range(20)]

    async def add(number: int) -> None:
        line = f"# Notes\n- {number}"
        assert "Replaced" in await runs[number]("edit", path=str(file), old_string="# Notes", new_string=line)

    async with anyio.create_task_group() as tasks:
        for number in range(len(runs)):
            tasks.start_soon(add, number)
    assert sorted(file.read_text().splitlines()) == sorted(["# Notes", *(f"- {n}" for n in range(len(runs)))])


async def test_who_did_not_read_a_file_as_it_is_does_not_replace_it(tools: Tools):
    file, other = remembering(tools) / "MEMORY.md", another(tools)
    await tools("write", path=str(file), content="- one\n")

    assert "holds what you have not read" in await other("write", path=str(file), content="- two\n")
    await other("read", path=str(file))
    assert "replacing" in await other("write", path=str(file), content="- one\n- two\n")
    assert "holds what you have not read" in await tools("write", path=str(file), content="- one\n- three\n")
    await tools("edit", path=str(file), old_string="- one", new_string="- one\n- three")
    # It changed a passage, and still has not seen the rest.
    assert "holds what you have not read" in await tools("write", path=str(file), content="- one\n")
    assert file.read_text() == "- one\n- three\n- two\n"


async def test_who_wrote_a_file_knows_what_is_in_it(tools: Tools):
    file = remembering(tools) / "MEMORY.md"
    for content in ("- one\n", "- two\n"):
        assert "Wrote" in await tools("write", path=str(file), content=content)
    await tools("edit", path=str(file), old_string="two", new_string="three")
    assert "Wrote" in await tools("write", path=str(file), content="- four\n")
    assert file.read_text() == "- four\n"


async def test_what_a_command_wrote_there_meanwhile_is_kept(tools: Tools):
    file = remembering(tools) / "MEMORY.md"
    await tools("write", path=str(file), content="- one\n")
    await tools("bash", command=f"echo - two >> {file}")
    assert "holds what you have not read" in await tools("write", path=str(file), content="- three\n")


async def test_others_that_never_end_are_not_waited_for_without_end(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
):
    folder = remembering(tools)
    monkeypatch.setattr(memory, "LOCK_BOUND", 0.05)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = await tools("write", path=str(folder / "MEMORY.md"), content="x")
    finally:
        os.close(held)
    assert "others have been writing" in answer
    assert "Wrote" in await tools("write", path=str(folder / "MEMORY.md"), content="x")


async def test_nothing_is_left_beside_the_files(tools: Tools):
    folder = remembering(tools)
    await tools("write", path=str(folder / "MEMORY.md"), content="x")
    await tools("edit", path=str(folder / "MEMORY.md"), old_string="x", new_string="y")
    assert [each.name for each in folder.iterdir()] == ["MEMORY.md"]


async def test_a_memory_that_was_removed_is_told(tools: Tools):
    folder = remembering(tools)
    folder.rmdir()
    assert (await tools("write", path=str(folder / "MEMORY.md"), content="x")).startswith(FAILED)
