"""Definition files: reading five thousand of them, and a look that finds nothing new."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from subagents.definitions.discovery import Definitions
from subagents.places import Project

FILES = 5_000
ROUNDS = 5
LOOKS = 200

MARKDOWN = """\
---
name: agent-{n}
description: Number {n}, which looks at things and says what it saw
tools: {tools}
model: sonnet
color: cyan
{key}: 20
---

You look at things. Say what you saw, in the fewest words.
"""
TOML = """\
name = "agent-{n}"
description = "Number {n}, which looks at things and says what it saw"
model = "gpt-5"
model_reasoning_effort = "low"
sandbox_mode = "read-only"
developer_instructions = \"\"\"
You look at things. Say what you saw, in the fewest words.
\"\"\"
"""

WAYS: dict[str, tuple[str, str, str]] = {
    "our own": (
        ".subagents/agents",
        "{n}.md",
        MARKDOWN.replace("{tools}", "read, grep").replace("{key}", "max_turns"),
    ),
    "Claude Code's": (
        ".claude/agents",
        "{n}.md",
        MARKDOWN.replace("{tools}", "Read, Grep, Bash").replace("{key}", "maxTurns"),
    ),
    "Codex'": (".codex/agents", "{n}.toml", TOML),
    "OpenCode's": (
        ".opencode/agents",
        "{n}.md",
        MARKDOWN.replace("{tools}", "{{write: false, bash: false}}").replace("{key}", "steps"),
    ),
}


def table() -> list[str]:
    lines = [f"{FILES:,} definition files, the least of {ROUNDS} rounds", ""]
    for name, (folder, file, text) in WAYS.items():
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            _fill(root / folder, file, text)
            read, look = _measured(root)
        lines.append(f"{name:16}{read:>8.2f} s to read   {look * 1000:>6.1f} ms a look without a change")
    return lines


def _fill(folder: Path, file: str, text: str) -> None:
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / file.format(n=number)).write_text(text.format(n=number))


def _measured(root: Path) -> tuple[float, float]:
    """Seconds of reading them all, and of a look that finds nothing new."""
    project = Project(root=root, state=root / "state")
    reading = [_seconds(lambda: len(Definitions(project).catalog())) for _ in range(ROUNDS)]
    definitions = Definitions(project)
    time.sleep(0.2)  # what is too young is read again
    if len(definitions.catalog()) < FILES:
        raise RuntimeError("not all of them were read")
    return min(reading), median(_seconds(definitions.catalog) for _ in range(LOOKS))


def _seconds(what: Callable[[], object]) -> float:
    before = time.perf_counter()
    what()
    return time.perf_counter() - before


if __name__ == "__main__":
    print("\n".join(table()))
