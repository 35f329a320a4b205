from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


@pytest.fixture
def project(tools: Tools) -> Tools:
    tools.file(".gitignore", "build/\n")
    tools.file("a.py", "import os\n\ndef retry():\n    return os\n")
    tools.file("src/b.py", "def again():\n    retry()\n    retry()\n")
    tools.file("src/notes.md", "Retry: see a.py:3\n")
    for hidden in ("build/c.py", ".hidden.py", ".git/x.py"):
        tools.file(hidden, "retry\n")
    return tools


async def test_matches_are_shown_with_path_and_line_in_the_order_of_paths(project: Tools):
    assert await project("grep", pattern=r"retry\(") == snapshot("""\
a.py:3: def retry():
src/b.py:2:     retry()
src/b.py:3:     retry()\
""")


async def test_lines_around_a_match_are_marked_as_such(project: Tools):
    assert await project("grep", pattern="again|return", context=1) == snapshot("""\
a.py-3- def retry():
a.py:4:     return os
--
src/b.py:1: def again():
src/b.py-2-     retry()\
""")


async def test_case_can_be_ignored(project: Tools):
    assert await project("grep", pattern="RETRY", ignore_case=True, path="src/notes.md") == snapshot(
        "src/notes.md:1: Retry: see a.py:3"
    )


async def test_a_pattern_can_be_plain_text(project: Tools):
    assert await project("grep", pattern="retry()", literal=True, glob="a.py") == "a.py:3: def retry():"
    assert await project("grep", pattern="-v", literal=True) == "No matches."


@pytest.mark.parametrize(
    ("glob", "files"),
    [
        ("*.py", ["a.py", "src/b.py"]),
        ("src/**", ["src/b.py", "src/notes.md"]),
        ("src/*.md", ["src/notes.md"]),
        ("!*.py", ["src/notes.md"]),
        ("*.{md,rst}", ["src/notes.md"]),
        ("**/*", ["a.py", "src/b.py", "src/notes.md"]),
        (".hidden.py", [".hidden.py"]),
    ],
)
async def test_files_can_be_chosen_by_pattern(project: Tools, glob: str, files: list[str]):
    answer = await project("grep", pattern="[Rr]etry", glob=glob)
    assert sorted({line.split(":")[0] for line in answer.splitlines()}) == files


async def test_a_folder_or_file_that_is_named_is_searched_even_if_ignored_or_hidden(project: Tools):
    assert await project("grep", pattern="retry", path="build") == "build/c.py:1: retry"
    assert await project("grep", pattern="retry", path=".hidden.py") == ".hidden.py:1: retry"


async def test_no_match_says_so(project: Tools):
    assert await project("grep", pattern="nothing like it") == "No matches."


async def test_more_than_the_limit_is_counted(project: Tools):
    assert await project("grep", pattern="retry", limit=1) == snapshot("""\
a.py:3: def retry():
[2 more matches left out; narrow the pattern or raise limit]\
""")


async def test_with_lines_around_them_matches_are_still_what_counts(tools: Tools):
    tools.file("a.txt", "".join(f"{'hit' if n % 5 == 0 else 'x'} {n}\n" for n in range(1, 21)))
    assert await tools("grep", pattern="hit", context=1, limit=2) == snapshot("""\
a.txt-4- x 4
a.txt:5: hit 5
a.txt-6- x 6
--
a.txt-9- x 9
a.txt:10: hit 10
a.txt-11- x 11
[2 more matches left out; narrow the pattern or raise limit]\
""")


async def test_the_answer_and_the_counting_are_bounded(tools: Tools):
    tools.file("a.txt", "some line that matches\n" * 1_000_000)
    answer = await tools("grep", pattern="line", limit=1_000_000)
    assert len(answer) < 51_000
    assert answer.splitlines()[-1].startswith("[at least ")
    assert answer.endswith(" more matches left out; narrow the pattern]")


async def test_a_line_of_a_million_characters_is_cut(tools: Tools):
    tools.file("a.txt", "x" * 1_000_000 + "needle\n")
    answer = await tools("grep", pattern="needle")
    assert answer.startswith("a.txt:1: xxx")
    assert len(answer) < 700


async def test_a_bad_pattern_is_explained_by_ripgrep(tools: Tools):
    assert await tools("grep", pattern="(open") == snapshot("""\
Error: regex parse error:
    (?:(open)
    ^
error: unclosed group\
""")
    assert (await tools("grep", pattern="a\nb")).startswith("Error: the literal")


async def test_a_pattern_made_to_be_slow_is_not(tools: Tools):
    tools.file("a.txt", "a" * 100_000 + "\n")
    assert await tools("grep", pattern="(a|aa)+$", limit=1) != "No matches."
    assert await tools("grep", pattern="(a+)+b") == "No matches."
    assert "exceeds size limit" in await tools("grep", pattern="(((a{1000}){1000}){1000})")


async def test_binary_files_are_passed_over_and_said_when_they_were_asked_for(tools: Tools):
    tools.file("data.bin", b"needle\n\0\n")
    assert await tools("grep", pattern="needle") == "No matches."
    assert await tools("grep", pattern="needle", path="data.bin") == snapshot(
        "Binary files match, whose lines are not shown."
    )


async def test_what_is_not_utf_8_is_replaced(tools: Tools):
    tools.file("a.txt", b"gr\xfcn\r\n")
    assert await tools("grep", pattern="n$|gr") == "a.txt:1: gr\ufffdn"


async def test_links_are_not_followed_out(tools: Tools):
    outside = tools.root.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("needle\n")
    (tools.root / "out").symlink_to(outside, target_is_directory=True)
    (tools.root / "secret.txt").symlink_to(outside / "secret.txt")
    (tools.root / "loop").symlink_to(".", target_is_directory=True)
    assert await tools("grep", pattern="needle") == "No matches."
    assert (await tools("grep", pattern="needle", path="out")).startswith(
        "Error: 'out' is outside the workspace"
    )


async def test_a_named_pipe_does_not_hang(tools: Tools):
    os.mkfifo(tools.root / "pipe")
    assert await tools("grep", pattern="x") == "No matches."
    assert (await tools("grep", pattern="x", path="pipe")).startswith(
        "Error: 'pipe' is neither a file nor a folder"
    )


async def test_a_missing_folder_is_explained(tools: Tools):
    assert await tools("grep", pattern="x", path="gone") == snapshot(
        "Error: 'gone' does not exist. See what there is with ls or find."
    )


async def test_what_a_pattern_cannot_hold_is_explained(tools: Tools):
    assert await tools("grep", pattern="a\0b") == snapshot(
        "Error: the pattern holds a NUL character, which no text file contains."
    )


async def test_the_users_own_configuration_of_ripgrep_changes_nothing(tools: Tools):
    tools.file("a.txt", "Needle\n")
    configuration = tools.root.parent / "ripgreprc"
    configuration.write_text("--ignore-case\n")
    tools.deps.coding.environment = {"RIPGREP_CONFIG_PATH": str(configuration)}
    assert await tools("grep", pattern="needle") == "No matches."
