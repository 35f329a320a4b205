from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


@pytest.fixture
def project(tools: Tools) -> Tools:
    tools.file(".gitignore", "build/\n*.log\n")
    for path in (
        "a.py",
        "README.md",
        "src/b.py",
        "src/deep/c.py",
        "src/deep/c.ts",
        "build/d.py",
        "src/e.log",
    ):
        tools.file(path)
    for path in (".github/ci.yml", ".git/config.py", "src/.f.py"):
        tools.file(path)
    return tools


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", "a.py src/b.py src/deep/c.py"),
        ("**/*.py", "a.py src/b.py src/deep/c.py"),
        ("src/*.py", "src/b.py"),
        ("src/**/*.py", "src/b.py src/deep/c.py"),
        ("src/**", "src/b.py src/deep/c.py src/deep/c.ts"),
        ("src/", "src/b.py src/deep/c.py src/deep/c.ts"),
        ("**/deep/*", "src/deep/c.py src/deep/c.ts"),
        ("*.{ts,md}", "README.md src/deep/c.ts"),
        ("{src,lib}/**/c.*", "src/deep/c.py src/deep/c.ts"),
        ("./a.py", "a.py"),
        ("?.py", "a.py src/b.py src/deep/c.py"),
        ("[ab].py", "a.py src/b.py"),
        ("[^a].py", "src/b.py src/deep/c.py"),
        ("!*.py", "README.md src/deep/c.ts"),
        ("README.md", "README.md"),
        ("**/*", "README.md a.py src/b.py src/deep/c.py src/deep/c.ts"),
    ],
)
async def test_files_are_found_by_pattern_without_hidden_and_ignored_ones(
    project: Tools, pattern: str, found: str
):
    assert (await project("find", pattern=pattern)).split("\n") == found.split()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (".github/**", ".github/ci.yml"),
        (".*.py", "src/.f.py"),
        (".gitignore", ".gitignore"),
        (".git/**", "No files match."),
    ],
)
async def test_hidden_files_are_found_when_the_pattern_names_them(project: Tools, pattern: str, found: str):
    assert await project("find", pattern=pattern) == found


async def test_patterns_count_from_the_root_or_from_the_folder_that_is_searched(project: Tools):
    assert await project("find", pattern="deep/*.py", path="src") == "src/deep/c.py"
    assert await project("find", pattern="src/deep/*.py", path="src") == "src/deep/c.py"
    assert await project("find", pattern=f"{project.root}/src/*.py") == "src/b.py"
    assert await project("find", pattern="*.yml", path=".github") == ".github/ci.yml"


async def test_an_ignored_folder_is_searched_when_it_is_named(project: Tools):
    assert await project("find", pattern="*.py", path="build") == "build/d.py"


async def test_nothing_found_says_so(project: Tools):
    assert await project("find", pattern="*.rs") == "No files match."


async def test_more_than_the_limit_is_counted(project: Tools):
    assert await project("find", pattern="*.py", limit=1) == snapshot("""\
a.py
[2 more files left out; narrow the pattern or raise limit]\
""")


async def test_the_answer_is_bounded_whatever_the_limit(tools: Tools):
    for n in range(300):
        tools.file(f"{n:03}" + "x" * 240)
    answer = await tools("find", pattern="*", limit=100_000)
    assert len(answer) < 51_000
    assert answer.splitlines()[-1] == snapshot("[96 more files left out; narrow the pattern]")


async def test_links_are_not_followed(project: Tools):
    (project.root / "loop").symlink_to(".", target_is_directory=True)
    (project.root / "outside").symlink_to("/etc", target_is_directory=True)
    assert await project("find", pattern="*.md") == "README.md"
    assert await project("find", pattern="outside/**") == "No files match."


async def test_strange_names_are_one_line_each(tools: Tools):
    (tools.root / "two\nlines.py").touch()
    (tools.root / os.fsdecode(b"\xff.py")).touch()
    (tools.root / "-n.py").touch()
    assert await tools("find", pattern="*.py") == "-n.py\ntwo\\nlines.py\n\ufffd.py"


@pytest.mark.parametrize("pattern", ["", " ", ".", "{a,b}" * 10])
async def test_a_pattern_that_cannot_be_one_is_explained(tools: Tools, pattern: str):
    answer = await tools("find", pattern=pattern)
    assert answer.startswith("Error: ")
    assert "pattern" in answer


async def test_a_pattern_made_to_be_slow_is_not(tools: Tools):
    tools.file("/".join(["a" * 200] * 10)[1:])
    assert await tools("find", pattern="*a" * 100 + "b") == "No files match."
    assert await tools("find", pattern="**/a*/" * 50 + "b") == "No files match."


async def test_a_missing_folder_is_explained(tools: Tools):
    assert await tools("find", pattern="*", path="gone") == snapshot(
        "Error: 'gone' does not exist. See what there is with ls or find."
    )
