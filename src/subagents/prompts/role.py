"""The role of one run, read from the disk when its conversation begins: where it is, what the project says, its skills,
its memory. It is in parts, for what it has in common with its twins, other runs that begin with the same bytes, stands
before what is its own alone. What its text looks like is known to `system.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import msgspec

from subagents.clock import Clock
from subagents.prompts.environment import read_environment
from subagents.prompts.given import memory_of, skills_of
from subagents.prompts.instructions import project_instructions
from subagents.prompts.memory import Memory
from subagents.prompts.skill_texts import Told
from subagents.prompts.system import own_end, system_prompt
from subagents.spec import PromptMode, RunSpec

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """What a run's model reads first, and what its file tools may reach for it outside of the workspace: its `memory`,
    and to `readable` folders and files, which are the skills that it is told of."""

    parts: Parts
    memory: Memory | None = None
    readable: tuple[Path, ...] = ()

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)


@dataclass(frozen=True, slots=True)
class Shared:
    """The beginning of a role that its twins have as well: whoever is told of skills may read them."""

    parts: Parts = ()
    readable: tuple[Path, ...] = ()


async def shared_of(spec: RunSpec, folder: Path, clock: Clock, parent: Shared | None = None) -> Shared:
    """What a run that works in `folder` shares with its twins, after what it shares with its `parent`, whose twin it
    is. Nothing in the way of skills fails it."""
    begins = parent or Shared()
    environment = await read_environment(folder, clock)
    given = await anyio.to_thread.run_sync(_given, spec, folder)
    above = "\n\n".join(begins.parts)
    skills = "" if given.skills.text in above else given.skills.text
    shared = msgspec.structs.replace(spec, output_schema=None)
    whole = system_prompt(shared, environment, given.instructions, parent_prompt=above, skills=skills)
    part = whole.removeprefix(f"{above}\n\n" if above else "")
    return Shared((*begins.parts, part), (*begins.readable, *given.skills.places))


async def role_of(spec: RunSpec, shared: Shared, place: str = "") -> Role:
    """The role with what is the run's own alone: its memory, the schema of its answer, and `place`, where it works and
    stands in its tree. Nothing in the way of memory fails it."""
    memory = await anyio.to_thread.run_sync(memory_of, spec)
    own = own_end(spec, memory, place)
    return Role((*shared.parts, own) if own else shared.parts, memory, shared.readable)


@dataclass(frozen=True, slots=True)
class _Given:
    instructions: str
    skills: Told


def _given(spec: RunSpec, folder: Path) -> _Given:
    """For a thread."""
    is_appended = spec.prompt_mode is PromptMode.APPEND
    instructions = project_instructions(Path(spec.project), folder) if is_appended else ""
    return _Given(instructions, skills_of(spec))
