"""The README's examples, run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def as_program(example: str) -> str:
    """An example with `async with` at its top level is what one writes in a coroutine."""
    if "async with" not in example:
        return example
    body = textwrap.indent(example, "    ")
    return f"import anyio\n\nasync def main():\n{body}\nanyio.run(main)\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_prints_what_the_agent_found(example: str, tmp_path: Path):
    (tmp_path / "backoff.py").write_text(
        "MAX_RETRIES = 5\n\n\ndef retry(call):\n    for attempt in range(MAX_RETRIES):\n        call()\n"
    )
    # A host that an example starts goes on for a moment, and no longer.
    environ = {**os.environ, "SUBAGENTS_HOST_IDLE_SECONDS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", as_program(example)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "backoff.py" in done.stdout


def test_there_are_examples_to_run():
    assert len(EXAMPLES) == 6
