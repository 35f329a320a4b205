"""All that the role of a run is made of, read from the disk when its conversation begins: where it is, what the project
says, its memory, its skills. What its text looks like is known to `system.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from subagents.clock import Clock
from subagents.prompts.environment import read_environment
from subagents.prompts.given import memory_of, skills_of
from subagents.prompts.instructions import project_instructions
from subagents.prompts.memory import Memory
from subagents.prompts.skill_texts import Told
from subagents.prompts.system import system_prompt
from subagents.spec import PromptMode, RunSpec


@dataclass(frozen=True, slots=True)
class Role:
    """What a run's model reads first, and what its file tools may reach for it outside of the workspace: its `memory`,
    and to `readable` folders and files, which are its skills."""

    text: str
    memory: Memory | None = None
    readable: tuple[Path, ...] = ()


async def role_of(spec: RunSpec, folder: Path, clock: Clock, place: str = "") -> Role:
    """The role of a run that works in `folder`; `place` is where it stands in its tree. Nothing in the way of memory or
    skills fails it."""
    environment = await read_environment(folder, clock)
    given = await anyio.to_thread.run_sync(_given, spec, folder)
    text = system_prompt(
        spec, environment, given.instructions, skills=given.skills.text, memory=given.memory, place=place
    )
    return Role(text, given.memory, given.skills.places)


@dataclass(frozen=True, slots=True)
class _Given:
    instructions: str
    skills: Told
    memory: Memory | None


def _given(spec: RunSpec, folder: Path) -> _Given:
    """For a thread."""
    is_appended = spec.prompt_mode is PromptMode.APPEND
    instructions = project_instructions(Path(spec.project), folder) if is_appended else ""
    return _Given(instructions, skills_of(spec), memory_of(spec))
