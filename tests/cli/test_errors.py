"""What becomes of errors: a sentence for what was foreseen, a short word for what was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("BrokenPipeError", 1, ""),
    ],
)
def test_what_was_foreseen_is_a_sentence(error: str, code: int, said: str):
    done = raised(error)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


def test_what_was_not_foreseen_is_short_unless_one_wants_to_see_where():
    done = raised("ZeroDivisionError('oh')")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: ZeroDivisionError: oh\n"
        "This is a bug in subagents. Set SUBAGENTS_DEBUG=1 and call it again to see where.\n"
    )
    assert "Traceback" in raised("ZeroDivisionError('oh')", SUBAGENTS_DEBUG="1").stderr
