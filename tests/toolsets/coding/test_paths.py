"""Containment: where the file tools may go, whatever a path looks like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.toolsets.coding.deps import CodingDeps, CodingUpdate
from subagents.toolsets.coding.failures import ToolFailed
from subagents.toolsets.coding.paths import to_read, to_write

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


@pytest.fixture
def outside(tools: Tools) -> Path:
    """A folder beside the workspace with a file in it, and links into it and in circles."""
    folder = tools.root.parent / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret\n")
    (tools.root / "sub").mkdir()
    (tools.root / "link").symlink_to(folder, target_is_directory=True)
    (tools.root / "file").symlink_to(folder / "secret")
    (tools.root / "new").symlink_to(folder / "not there yet")
    (tools.root / "sub/up").symlink_to("../..", target_is_directory=True)
    (tools.root / "chain").symlink_to("sub/up/outside", target_is_directory=True)
    return folder


ESCAPES = [
    "../outside/secret",
    "link/secret",
    "file",
    "chain/secret",
    "sub/../../outside/secret",
    "/etc/passwd",
    "/",
    "..",
]


@pytest.mark.parametrize("path", [*ESCAPES, "new", "link/made/by/write", "sub/up/outside/made"])
@pytest.mark.parametrize("tool", ["read", "write", "edit", "ls", "grep", "find"])
async def test_no_tool_leaves_the_workspace(tools: Tools, outside: Path, tool: str, path: str):
    more = {
        "write": {"content": "overwritten"},
        "edit": {"old_string": "secret", "new_string": "overwritten"},
        "grep": {"pattern": "secret"},
        "find": {"pattern": "*"},
    }
    answer = await tools(tool, path=path, **more.get(tool, {}))
    assert answer.startswith(f"Error: {path!r} is outside the workspace")
    assert [file.name for file in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret\n"


async def test_the_refusal_names_the_path_and_the_workspace(tools: Tools):
    answer = await tools("read", path="../x")
    assert answer.replace(str(tools.root), "/work") == snapshot(
        "Error: '../x' is outside the workspace '/work'. "
        "The file tools work inside it only; give a path in it, relative to it or absolute."
    )


@pytest.mark.parametrize("path", ["~", "~/notes.txt"])
async def test_a_home_is_not_expanded_and_no_folder_of_that_name_is_made(tools: Tools, path: str):
    answer = await tools("write", path=path, content="x")
    assert answer.replace(str(tools.root), "/work").startswith(f"Error: {path!r}: `~` is not expanded here.")
    assert list(tools.root.iterdir()) == []


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
async def test_what_cannot_be_a_path_is_explained(tools: Tools, path: str):
    with pytest.raises(ToolFailed, match="cannot be a path"):
        await to_read(tools.deps.coding, path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".git",
            ".git/hooks/pre-commit",
            "sub/.git/config",
            ".GIT/config",
            ".git./config",
            ".g\u200cit/config",
        ),
        *("GIT~1/config", ".gitconfig", ".ssh/authorized_keys", "\uff0egit/config"),
        *(".subagents/agents/x.md", ".claude/agents/x.md", ".Claude/settings.json", ".mcp.json"),
        *(".codex/agents/x.toml", ".gemini/agents/x.md", ".opencode/agent/x.md", ".pi/agents/x.md"),
        *(".agents/agents/x.md", ".copilot/agents/x.md", ".github/agents/x.md", "sub/.GitHub/Agents/x.md"),
        *(".config/opencode/opencode.json", ".codex/config.toml", ".config/git/config"),
        *(".bashrc", ".zshrc", ".profile", ".bash_profile", ".zprofile", ".zshenv", ".bash_login"),
        *(".config/fish/config.fish", "fish/conf.d/x.fish", "fish/functions/ls.fish"),
        *("sub/../.git/config", "safe/config", "./.git/x"),
    ],
)
async def test_what_decides_over_git_shells_and_agents_is_not_written(tools: Tools, path: str):
    tools.file(".git/config", "[core]\n")
    (tools.root / "safe").symlink_to(".git", target_is_directory=True)
    for answer in [
        await tools("write", path=path, content="x"),
        await tools("edit", path=path, old_string="[core]", new_string="x"),
    ]:
        assert answer.startswith(f"Error: {path!r} is not written: the file tools leave ")
    assert (tools.root / ".git/config").read_text() == "[core]\n"
    assert tools.updates == []


@pytest.mark.parametrize(
    "path",
    [
        *("subagents/agents/x.md", "subagents/settings.toml", "state/trusted.json", "state/deep/er"),
        *("codex/agents/x.toml", "Subagents/settings.toml", "subagents/../state/x", "link/settings.toml"),
    ],
)
async def test_what_decides_over_this_program_is_not_written_wherever_it_is(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, path: str
):
    for name, folder in {
        "SUBAGENTS_HOME": "subagents",
        "SUBAGENTS_STATE": "state",
        "CODEX_HOME": "codex",
    }.items():
        (tools.root / folder).mkdir()
        monkeypatch.setenv(name, str(tools.root / folder))
    (tools.root / "link").symlink_to("subagents", target_is_directory=True)

    answer = await tools("write", path=path, content="x")

    assert answer == (
        f"Error: {path!r} is not written: the file tools leave the places of this program and the folders of the "
        "user's agents alone, since what stands there decides which programs run and what is trusted. Tell the user "
        "what should stand there instead."
    )
    assert (await tools("write", path="subagents.md", content="x")).startswith("Wrote")


async def test_a_home_behind_a_link_is_not_written_by_either_name(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
):
    (tools.root / "dotfiles").mkdir()
    (tools.root / "home").symlink_to("dotfiles", target_is_directory=True)
    monkeypatch.setenv("SUBAGENTS_HOME", str(tools.root / "home"))

    for path in ("home/settings.toml", "dotfiles/settings.toml"):
        assert (await tools("write", path=path, content="x")).startswith(f"Error: {path!r} is not written")


@pytest.mark.parametrize(
    "path",
    [
        ".gitignore",
        ".github/ci.yml",
        ".config/x",
        "agents/x.md",
        "git/config",
        "src/config.fish",
        ".env",
        "profile",
    ],
)
async def test_names_that_only_look_alike_are_written(tools: Tools, path: str):
    assert (await tools("write", path=path, content="x")).startswith("Wrote 1 byte")


async def test_protected_files_may_be_read(tools: Tools):
    tools.file(".git/config", "[core]\n")
    assert await tools("read", path=".git/config") == "1\t[core]"


async def test_where_the_workspace_itself_stands_does_not_matter(tmp_path: Path):
    root = tmp_path / ".claude/worktrees/a"
    root.mkdir(parents=True)
    target = await to_write(_place(root), "src/x.py")
    assert target.path == root.resolve() / "src/x.py"


async def test_kept_output_may_be_read_and_not_written(tools: Tools):
    tools.output_folder.mkdir()
    kept = tools.output_folder / "bash-1.txt"
    kept.write_text("kept\n")
    assert await tools("read", path=str(kept)) == "1\tkept"
    assert await tools("grep", pattern="kept", path=str(kept)) == f"{kept}:1: kept"
    assert (await tools("write", path=str(kept), content="x")).startswith("Error: ")
    assert (await tools("read", path=str(kept.parent.parent))).startswith("Error: ")


async def test_every_tool_says_it_when_the_workspace_is_gone(tools: Tools):
    tools.root.rmdir()
    for name, arguments in {
        "read": {"path": "a"},
        "write": {"path": "a", "content": "x"},
        "edit": {"path": "a", "old_string": "a", "new_string": "b"},
        "bash": {"command": "true"},
        "grep": {"pattern": "a"},
        "find": {"pattern": "a"},
        "ls": {},
    }.items():
        answer = await tools(name, **arguments)
        assert answer.startswith("Error: "), name
        assert str(tools.root) in answer
    assert not tools.root.exists()


@pytest.fixture(scope="module")
def maze() -> Iterator[CodingDeps]:
    """A workspace with links of every kind, beside files that are not its own."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "root"
        (root / "a/b").mkdir(parents=True)
        (root.parent / "out").mkdir()
        for name, target in {
            "out": "../out",
            "up": "..",
            "a/top": "../..",
            "a/loop": "loop",
            "a/b/back": "../../up",
        }.items():
            (root / name).symlink_to(target)
        yield _place(root)


def _place(root: Path) -> CodingDeps:
    async def report(update: CodingUpdate) -> None:
        raise AssertionError("nothing is changed here")

    return CodingDeps.local(root, environment={}, report=report)


PARTS = st.sampled_from(
    ["a", "b", "out", "up", "top", "back", "loop", "..", ".", "", "root", "~", ".git", "new"]
)
PATHS = st.text(max_size=30) | st.lists(PARTS, max_size=12).map("/".join)


@given(path=PATHS)
@example(path="a/b/back/out/new")
@example(path="a/top/root/a")
@example(path="a/loop/../../out")
@example(path="/" * 10)
def test_no_text_is_a_path_out_of_the_workspace(maze: CodingDeps, path: str):
    for lead in (to_read, to_write):
        try:
            target = anyio.run(lead, maze, path)
        except ToolFailed:
            continue
        assert target.path.is_relative_to(maze.root)
        assert os.path.realpath(target.path) == str(target.path)
