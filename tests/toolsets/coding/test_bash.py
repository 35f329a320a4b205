from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from inline_snapshot import snapshot

from subagents.toolsets.coding.deps import CodingUpdate, CommandStarted, FolderChanged
from subagents.workspaces.processes.groups import members, until_gone

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools


def last_group(tools: Tools) -> int:
    return [update for update in tools.updates if isinstance(update, CommandStarted)][-1].pgid


def folders(tools: Tools) -> list[Path]:
    return [update.folder for update in tools.updates if isinstance(update, FolderChanged)]


async def test_both_outputs_come_back_in_their_order(tools: Tools):
    assert await tools("bash", command="echo one; echo two >&2; printf three") == "one\ntwo\nthree"


async def test_no_output_says_so(tools: Tools):
    assert await tools("bash", command="true") == "[no output]"


async def test_the_exit_code_is_said_last(tools: Tools):
    assert await tools("bash", command="echo hi; exit 3") == "hi\n[exit code 3]"
    assert await tools("bash", command="kill -9 $$") == "[exit code 137]"


async def test_the_command_is_reported_before_it_begins(tools: Tools):
    seen: list[tuple[CodingUpdate, bool]] = []

    async def report(update: CodingUpdate) -> None:
        seen.append((update, (tools.root / "made").exists()))

    tools.deps.coding = replace(tools.deps.coding, report=report)
    await tools("bash", command="touch made")
    ((update, made),) = seen
    assert isinstance(update, CommandStarted)
    assert (update.command, made) == ("touch made", False)


# --- the folder ---


async def test_a_cd_is_remembered_and_reported(tools: Tools):
    (tools.root / "src/deep").mkdir(parents=True)
    assert await tools("bash", command="cd src/deep") == "[the next command begins in src/deep]"
    assert await tools("bash", command="pwd") == f"{tools.root}/src/deep"
    assert await tools("bash", command="cd ..; cd ..") == "[the next command begins in the workspace's root]"
    assert folders(tools) == [tools.root / "src/deep", tools.root]


@pytest.mark.parametrize(
    "command",
    [
        "cd src; exit 0",
        "cd src; (exit 3)",
        "set -e; cd src; false; cd ..",
        "set -euo pipefail; cd src; echo $UNSET",
        "trap 'echo bye' EXIT; cd src",
        "set -C; cd src",
        "cd src; exec >/dev/null 2>&1",
        "cd src; cat <<EOF\nopen",
        "cd src # a comment",
        "pushd src >/dev/null",
        "pwd() { echo /tmp; }; cd src",
        "cd src; kill $$",
        "cd src\n\nfalse &&",
    ],
)
async def test_a_cd_is_remembered_however_the_shell_ends(tools: Tools, command: str):
    (tools.root / "src").mkdir()
    await tools("bash", command=command)
    assert tools.deps.coding.folder == tools.root / "src"


async def test_the_exit_code_is_not_changed_by_looking_where_the_shell_is(tools: Tools):
    for command, code in {
        "(exit 5)": 5,
        "set -e; (exit 6)": 6,
        "trap 'true' EXIT; exit 7": 7,
        "rm -rf ../workspace/x; mkdir x; cd x; rm -rf ../x; (exit 8)": 8,
        "set -e; mkdir x; cd x; rm -rf ../x; exit 9": 9,
    }.items():
        assert (await tools("bash", command=command)).endswith(f"[exit code {code}]"), command


async def test_an_exec_leaves_the_folder_as_it_was(tools: Tools):
    (tools.root / "src").mkdir()
    assert await tools("bash", command="cd src; exec echo hi") == "hi"
    assert folders(tools) == []


async def test_outside_the_workspace_no_command_begins(tools: Tools):
    (tools.root / "src").mkdir()
    (tools.root / "out").symlink_to("/")
    await tools("bash", command="cd src")
    assert await tools("bash", command="cd /; pwd") == snapshot("""\
/
[/ is outside the workspace; the next command begins in its root again]\
""")
    assert await tools("bash", command="cd out") == snapshot(
        "[/ is outside the workspace; the next command begins in its root again]"
    )
    assert await tools("bash", command="pwd") == str(tools.root)
    assert folders(tools) == [tools.root / "src", tools.root]


async def test_if_the_folder_was_removed_meanwhile_the_next_command_says_so_and_begins_in_the_root(
    tools: Tools,
):
    (tools.root / "src").mkdir()
    await tools("bash", command="cd src")
    shutil.rmtree(tools.root / "src")
    answer = await tools("bash", command="pwd")
    assert answer.replace(str(tools.root), "/work") == snapshot("""\
/work
[the folder src is gone; this ran in the workspace's root]\
""")
    assert await tools("bash", command="pwd") == str(tools.root)
    assert folders(tools) == [tools.root / "src", tools.root]


# --- what hangs ---


async def test_a_background_process_is_ended_and_counted(tools: Tools):
    assert await tools("bash", command="sleep 1000 & echo hi") == snapshot("""\
hi
[1 background process that it left running was ended]\
""")
    assert await tools("bash", command="sleep 1000 & sleep 1000 & exit 2") == snapshot("""\
[2 background processes that it left running were ended]
[exit code 2]\
""")
    assert members(last_group(tools)) == []


async def test_nohup_does_not_help(tools: Tools):
    await tools("bash", command="nohup sleep 1000 >/dev/null 2>&1 &")
    assert members(last_group(tools)) == []


async def test_a_timeout_keeps_the_output_so_far_and_the_folder(tools: Tools):
    (tools.root / "src").mkdir()
    assert await tools("bash", command="cd src; echo so far; sleep 1000", timeout=1) == snapshot("""\
so far
[the next command begins in src]
[timed out after 1s; the command and what it had started were ended]\
""")
    assert members(last_group(tools)) == []


async def test_a_timeout_outside_its_bounds_is_brought_inside(tools: Tools):
    assert await tools("bash", command="true", timeout=10**9) == "[no output]"
    assert "[timed out after 1s;" in await tools("bash", command="sleep 1000", timeout=-5)


async def test_nothing_waits_for_input(tools: Tools):
    assert await tools("bash", command="read -r line || echo nothing; cat") == "nothing"


async def test_cancelling_ends_everything(tools: Tools):
    async with anyio.create_task_group() as group:

        async def report(update: CodingUpdate) -> None:
            tools.updates.append(update)
            group.cancel_scope.cancel()

        tools.deps.coding = replace(tools.deps.coding, report=report)
        await tools("bash", command="sleep 1000 & sleep 1000")
    with anyio.fail_after(10):
        await until_gone(last_group(tools))


# --- output ---


async def test_a_long_output_keeps_both_ends_and_the_whole_in_a_file(tools: Tools):
    answer = await tools("bash", command="seq 100000; exit 1")
    assert 30_000 < len(answer) < 30_300
    head, _, rest = answer.partition("\n[… ")
    note, _, tail = rest.partition(" …]\n")
    assert note.replace(str(tools.output_folder), "/output") == snapshot(
        "558,895 characters / 94,445 lines left out; the whole output is in /output/bash-1.txt"
    )
    assert head.startswith("1\n2\n3\n")
    assert tail.endswith("\n100000\n[exit code 1]")
    kept = (tools.output_folder / "bash-1.txt").read_text()
    assert kept == "".join(f"{n}\n" for n in range(1, 100_001))
    assert tools.output_folder.stat().st_mode & 0o077 == 0


async def test_each_long_output_has_a_file_of_its_own_that_read_can_open(tools: Tools):
    for _ in range(2):
        await tools("bash", command="seq 10000")
    assert sorted(file.name for file in tools.output_folder.iterdir()) == ["bash-1.txt", "bash-2.txt"]
    assert (await tools("read", path=f"{tools.output_folder}/bash-2.txt", offset=9_999)).startswith(
        "9999\t9999\n"
    )


async def test_exactly_as_much_as_fits_is_not_cut(tools: Tools):
    assert await tools("bash", command="head -c 30000 /dev/zero | tr '\\0' x") == "x" * 30_000
    assert "[… 1 character / 0 lines left out;" in await tools(
        "bash", command="head -c 30001 /dev/zero | tr '\\0' x"
    )


async def test_without_a_folder_for_it_the_cut_is_only_counted(tools: Tools):
    tools.deps.coding = replace(tools.deps.coding, output_folder=None)
    answer = await tools("bash", command="yes | head -c 50000000")
    assert "\n[… 49,970,000 characters / 24,985,000 lines left out …]\n" in answer


async def test_an_output_that_cannot_be_kept_is_shown_all_the_same(tools: Tools):
    tools.output_folder.touch()
    answer = await tools("bash", command="seq 10000")
    assert "left out; the whole output could not be kept: File exists …]" in answer
    assert answer.endswith("\n10000")


async def test_output_without_end_is_ended(tools: Tools):
    answer = await tools("bash", command="yes")
    assert "its first 64 MB are in" in answer
    assert answer.endswith("\n[ended, because it had written more than 64 MB]")
    assert members(last_group(tools)) == []


async def test_what_is_not_utf_8_is_replaced_and_nul_is_made_visible(tools: Tools):
    assert await tools("bash", command=r"printf 'gr\374n \0 \303'") == "gr\ufffdn \u2400 \ufffd"


# --- the command line ---


async def test_a_syntax_error_is_told_with_the_right_line(tools: Tools):
    assert await tools("bash", command="echo one\nnosuchprogram\n") == snapshot("""\
one
bash: line 2: nosuchprogram: command not found
[exit code 127]\
""")
    assert (await tools("bash", command="if true; then")).endswith("[exit code 2]")


async def test_a_command_of_several_lines_with_quotes_and_here_documents_is_taken_as_it_is(tools: Tools):
    command = "cat <<'EOF'\n$HOME \"quoted\" 'too' \\\nEOF\nfor n in 1 2; do echo $n; done\necho \"$#\""
    assert await tools("bash", command=command) == "$HOME \"quoted\" 'too' \\\n1\n2\n0"


async def test_keys_are_not_in_the_environment_and_the_run_is(tools: Tools, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    tools.__post_init__()
    answer = await tools("bash", command="env")
    assert "sk-secret" not in answer
    assert "SUBAGENTS_RUN=r1" in answer


async def test_a_command_no_system_could_take_is_explained(tools: Tools):
    assert await tools("bash", command="echo a\0b") == snapshot(
        "Error: the command holds a NUL character, which no command line can."
    )
    assert await tools("bash", command=": " + "x" * 100_000) == snapshot(
        "Error: the command is longer than 100,000 bytes. Write it to a file and run `bash FILE`."
    )
    assert await tools("bash", command=": " + "x" * 99_000) == "[no output]"
