"""`subagents peek`: what it prints for a person, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner, Result

from subagents import AgentManager
from subagents.cli.app import commands
from subagents.errors import BadPattern
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio
BOUND = 30.0


def peek(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["peek", *arguments], prog_name="subagents", terminal_width=100)


@pytest.fixture
async def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An ended run of 503 lines in the working folder."""
    monkeypatch.chdir(tmp_path)
    work = [
        Tool(
            "bash", '{"command": "make"}', "\n".join(f"test {n}" for n in range(part * 100, part * 100 + 100))
        )
        for part in range(5)
    ]
    runner = ScriptedRunner(default=[*work, Say("All passed.\n\nGood.")])
    async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
        run = await manager.spawn("Explore", "test it")
        await manager.get_result(run, wait=True)
        return run


async def test_the_last_lines(run: str):
    done = peek(run, "-n", "4")
    assert done.exit_code == 0
    assert done.stdout == snapshot("""\
[505] test 499
[506] All passed.
[507]
[508] Good.
""")
    assert done.stderr == ""


async def test_what_more_there_is_and_how_to_see_it(run: str):
    done = peek("explore", "--after", "400", "--regex", "test")
    assert done.stdout.splitlines()[0] == "[401] test 396"
    assert done.stderr == ""
    done = peek("explore", "--after", "0")
    assert (len(done.stdout.splitlines()), done.stderr) == (200, "There is more; go on with --after 200.\n")
    done = peek("explore", "--before", "301", "-n", "1")
    assert (done.stdout, done.stderr) == ("[300] test 296\n", "There is more; go on with --before 300.\n")


async def test_matches_and_what_stands_around_them(run: str):
    done = peek("explore", "--regex", "(?i)^all|make$", "--context", "1", "-n", "2")
    assert done.stdout == snapshot("""\
-404- test 399
[405] ▸ bash make
-406- test 400
--
-505- test 499
[506] All passed.
-507-
""")


async def test_json(run: str):
    told = json.loads(peek(run, "--json", "-n", "1").stdout)
    assert told == snapshot(
        {
            "id": run,
            "handle": "explore",
            "status": "completed",
            "total": 508,
            "lines": [{"n": 508, "text": "Good.", "found": True}],
            "after": None,
            "before": None,
            "searched_to": None,
            "left_out": 0,
            "unfinished": "",
        }
    )


async def test_what_a_live_run_is_writing_has_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    far = anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(anyio.Event(), "First.\nSo far so")])
    with anyio.fail_after(BOUND):
        async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
            run = await manager.spawn("Explore", "go")
            await far.wait()
            await settled()
            await manager.steer(run, "hurry")  # recorded, and with it what was to be kept before
            assert peek(run).stdout == "[1] ▸ look\n[2] seen\n[…] So far so\n"
            assert json.loads(peek(run, "--json").stdout)["unfinished"] == "So far so"
            assert peek(run, "--regex", "so").stdout == ""
    # It was stopped when its manager was closed: what it had written has its numbers now.
    assert peek(run).stdout == "[1] ▸ look\n[2] seen\n[3] First.\n[4] So far so\n"


async def test_an_ended_run_is_followed_to_its_end(run: str):
    done = peek("explore", "--after", "0", "--follow")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [f"[{n}]" for n in range(1, 509)]
    assert done.stderr.startswith(f"Run {run}: completed, after ")
    objects = [
        json.loads(line)
        for line in peek("explore", "--follow", "--json", "--after", "100").stdout.splitlines()
    ]
    assert [each["lines"][-1]["n"] for each in objects] == [300, 500, 508]


async def test_nothing_found_is_nothing_printed(run: str):
    done = peek("explore", "--regex", "no such")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


async def test_a_bad_pattern_is_a_sentence(run: str):
    refused = peek("explore", "--regex", "a(?=b)").exception
    assert isinstance(refused, BadPattern)
    assert "at character 2, look-ahead `(?=` is not supported" in str(refused)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-n", "0"),
        ("-n", "201"),
        ("--after", "-1"),
        ("--before", "0"),
        ("--context", "21"),
        ("-n", "x"),
        ("--before", "9", "--follow"),
    ],
)
async def test_numbers_that_say_nothing_are_refused(run: str, arguments: tuple[str, ...]):
    done = peek("explore", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "\nError: " in done.stderr


async def test_a_run_without_output_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    async with AgentManager.open(tmp_path, runners={"native": ScriptedRunner(default=[Say("")])}) as manager:
        run = await manager.spawn("Explore", "say nothing")
        await manager.get_result(run, wait=True)
    done = peek(run)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No output.\n")


def test_help():
    assert peek("--help").stdout == snapshot("""\
Usage: subagents peek ID [OPTIONS]

  Print some lines of a run: the last ones, those after a line, or those that match.

  Each has the number that it keeps for the life of the run. Patterns are those of RE2: as in other
  languages, but without look-around and back-references.

    subagents peek explore
    subagents peek explore --regex "(?i)error" --context 2
    subagents peek explore --after 120 --follow

Options:
  -n, --lines N    How many of the last lines: 20.  [1<=x<=200]
  --regex PATTERN  Only lines with a match of it.
  --after N        Instead the first 200 lines after that one.  [x>=0]
  --before N       Only lines before that one.  [x>=1]
  --context N      Lines around each match.  [0<=x<=20]
  -f, --follow     Print what comes, until the run has ended.
  --json           Print a JSON object; with --follow one a line for what comes.
  -h, --help       Show this message and exit.
""")
