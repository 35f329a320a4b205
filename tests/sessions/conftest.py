"""Real processes, for what only they can show: locks that die with them, and crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import subagents

#: Starts Python with this code and these arguments; its standard output is read line by line.
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """What is still running at the end of the test is ended."""
    running: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: object) -> subprocess.Popen[str]:
        # The tests' environment is cleared of it, and the package may not be installed.
        environment = os.environ | {"PYTHONPATH": str(Path(subagents.__path__[0]).parent)}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        running.append(
            subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate(timeout=60)
