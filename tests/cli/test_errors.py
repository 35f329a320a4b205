"""What becomes of errors: a sentence for what was foreseen, a short word for what was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.acting import called

import subagents

SOURCE = str(Path(subagents.__file__).parents[1])


def raised(error: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program with a `ps` that raises this."""
    program = f"""
import sys
from subagents import cli, errors
from subagents.__main__ import main
import subagents.cli.ps
def broken(*_): raise {error}
subagents.cli.ps.ps = broken
sys.exit(main(["ps"]))
"""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("errors.RunNotFound('no such run')", 2, "Error: no such run\n"),
        ("errors.CommitFailed('the disk is full')", 1, "Error: the disk is full\n"),
        ("ExceptionGroup('', [ExceptionGroup('', [errors.NotNow('not yet')])])", 2, "Error: not yet\n"),
        ("PermissionError(13, 'Permission denied', '/secret')", 1, "Error: /secret: Permission denied\n"),
        ("KeyboardInterrupt", 130, ""),
        ("BrokenPipeError", 141, ""),
    ],
)
def test_what_was_foreseen_is_a_sentence(error: str, code: int, said: str):
    done = raised(error)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run --max-turns x a b", "--max-turns is 'x', but it must be a whole number."),
        ("run --max-tokens 1e9 a b", "--max-tokens is '1e9', but it must be a whole number."),
        ("run --max-cost much a b", "--max-cost is 'much', but it must be a number."),
        ("peek -n abc x", "--lines is 'abc', but it must be a whole number."),
        ("peek -n 0 x", "--lines is '0', but it must be 1 or more."),
        ("peek -n 1000000000 x", "--lines is '1000000000', but it must be 200 or less."),
        ("peek --after -1 x", "--after is '-1', but it must be 0 or more."),
        ("log x -n -5", "Invalid value: --lines is -5; it must be 0 or more."),
        ("events --since x", "--since is 'x', but it must be a whole number."),
        ("clear --older-than nan", "--older-than is 'nan', but it must be a whole number."),
        ("sessions gc --days soon", "--days is 'soon', but it must be a whole number."),
        ("tree --mode bogus", "--mode: 'bogus' is not one of 'rich', 'compact', 'auto', 'focused'."),
        ("usage --by bogus", "--by: 'bogus' is not one of 'agent', 'model', 'project', 'user', 'day'."),
        (f"peek -n {'9' * 5_000} x", f"--lines is '{'9' * 80}'… (5,000 characters), but it must be"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_option(command: str, said: str):
    done = called(*command.split())
    assert (done.code, done.out) == (2, "")
    assert f"Error: {said}" in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("run", "Explore", "x"), "--model"),
        (("run", "Explore", "x"), "--thinking"),
        (("run", "Explore", "x"), "--cwd"),
        (("run", "Explore", "x"), "--timeout"),
        (("result", "x"), "--timeout"),
        (("tree",), "--run"),
        (("usage",), "--since"),
        (("agents", "new", "x"), "--tools"),
    ],
)
def test_an_option_without_a_value_is_refused(command: tuple[str, ...], option: str):
    done = called(*command, option, "")
    assert (done.code, done.out) == (2, "")
    assert f"Error: {option} is empty; give it a value, or leave it out.\n" in done.err


def test_a_blank_name_is_repeated_as_it_is():
    for command in ("clear", "result", "stop"):
        assert "no run ' '" in called(command, " ").err


def test_what_was_not_foreseen_is_short_unless_one_wants_to_see_where():
    done = raised("ZeroDivisionError('oh')")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: ZeroDivisionError: oh\n"
        "This is a bug in subagents. Set SUBAGENTS_DEBUG=1 and call it again to see where.\n"
    )
    assert "Traceback" in raised("ZeroDivisionError('oh')", SUBAGENTS_DEBUG="1").stderr
