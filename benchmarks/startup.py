"""Start-up as whole processes: what a person waits for before anything can happen."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from statistics import median

ROUNDS = 11

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import subagents": ["-c", "import subagents"],
    "subagents --version": ["-m", "subagents", "--version"],
    "subagents ps": ["-m", "subagents", "ps"],
    "subagents --help": ["-m", "subagents", "--help"],
}


def measure() -> dict[str, float]:
    """Seconds of wall time, the median of rounds in which all take their turn."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS + 1):
            for name, arguments in COMMANDS.items():
                before = time.perf_counter()
                subprocess.run([sys.executable, *arguments], check=True, cwd=folder, capture_output=True)
                if number:
                    taken[name].append(time.perf_counter() - before)
    return {name: median(times) for name, times in taken.items()}


def table() -> list[str]:
    measured = measure()
    floor = measured["python -c pass"]
    return [
        f"start-up, whole processes, medians of {ROUNDS} rounds",
        "",
        *(
            f"{name:24}{seconds:>8.3f} s   {seconds / floor:>5.1f} times"
            for name, seconds in measured.items()
        ),
    ]
