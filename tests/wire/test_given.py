"""What a provider is sent of an agent's skills and memory: all of it, and first what stays the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.wire.server.providers import PROVIDERS
from tests.wire.server.script import Call, Step, calls, says
from tests.wire.stories import story

pytestmark = pytest.mark.anyio

AGENT = """\
---
description: Explores, and remembers.
tools: read, write, edit
memory: project
skills: [pdf]
---
Explore.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        ".subagents/agents/Explore.md": AGENT,
        ".claude/skills/pdf/SKILL.md": "---\nname: pdf\ndescription: PDF\n---\nUse a library.\n",
        ".subagents/agent-memory/Explore/MEMORY.md": "- one\n- two\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


async def sent(project: Path, monkeypatch: pytest.MonkeyPatch, *steps: Step) -> str:
    """The instructions of the first request."""
    async with story(PROVIDERS["chat"], (*steps, says("Done.")), project, monkeypatch) as run:
        await run.result()
        first = run.play.bodies[0]["messages"][0]
    assert first["role"] == "system"
    return str(first["content"])


async def test_what_was_noted_is_in_the_next_runs_request_and_all_before_it_is_the_same_bytes(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    file = project / ".subagents" / "agent-memory" / "Explore" / "MEMORY.md"
    edit = Call("edit", {"path": str(file), "old_string": "- two", "new_string": "- three"})

    before = await sent(project, monkeypatch, calls(edit))
    after = await sent(project, monkeypatch)

    same, _, end = before.rpartition("- two")
    assert after == f"{same}- three{end}"
    assert end == "\n</agent_memory>"
    assert same.index("Explore.") < same.index("Use a library.") < same.index("<agent_memory")
