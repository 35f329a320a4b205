"""All that the role of a run is made of, read from the disk when its conversation begins: where it is, what the project
says, its memory, its skills. What its text looks like is known to `system.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import anyio.to_thread

from subagents.clock import Clock
from subagents.definitions.model import MemoryScope
from subagents.errors import MemoryRefused
from subagents.prompts import skill_texts
from subagents.prompts.environment import read_environment
from subagents.prompts.instructions import project_instructions
from subagents.prompts.memory import INDEX, Memory, index_of, made, memory_folder
from subagents.prompts.skill_texts import Told
from subagents.prompts.skills import Found, read_skill, skill_roots, skills_in
from subagents.prompts.system import system_prompt
from subagents.prompts.unlinked import Unlinked
from subagents.spec import PromptMode, RunSpec
from subagents.texts import quoted

MAX_LISTED = 500  # skills whose files are read for one list
_ON_MEMORY = ("read", "write", "edit")


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
    return _Given(instructions, skills_of(spec), _memory(spec))


def notes_on(spec: RunSpec) -> tuple[str, ...]:
    """What whoever asks for the run should know of its skills and its memory. Reads the disk, and changes nothing."""
    names = spec.skills if isinstance(spec.skills, tuple) else ()
    scope = MemoryScope(spec.memory.scope) if spec.memory is not None else None
    return notes_on_agent(spec.agent, names, scope, Path(spec.project))


def notes_on_agent(
    agent: str, skills: Sequence[str], scope: MemoryScope | None, project: Path
) -> tuple[str, ...]:
    """The same of an agent that names these skills and has such a memory."""
    return (*_about_skills(agent, skills, project), *_about_memory(agent, scope, project))


# --- skills


def skills_of(spec: RunSpec) -> Told:
    """The skills of a run: those that are named in full, else all there are, for who can read files anywhere."""
    if isinstance(spec.skills, tuple):
        return skill_texts.named(spec.skills, _known(spec), read_skill) if spec.skills else Told()
    if not spec.skills or not _reads(spec):
        return Told()
    listed = islice(_known(spec).values(), MAX_LISTED)
    return skill_texts.offered(filter(None, map(read_skill, listed)))


def _known(spec: RunSpec) -> Mapping[str, Found]:
    return skills_in(skill_roots(Path(spec.project)))


def _reads(spec: RunSpec) -> bool:
    return spec.tools.allows("read") and (spec.memory is None or "read" not in spec.memory.lent)


def _about_skills(agent: str, names: Sequence[str], project: Path) -> Iterator[str]:
    if not names:
        return
    roots = skill_roots(project)
    told = skill_texts.named(names, skills_in(roots), read_skill)
    if told.missing:
        missing, folders = ", ".join(map(quoted, told.missing)), ", ".join(str(root.path) for root in roots)
        yield f"The agent {agent!r} goes without skills that there are not: {missing}. Looked for in: {folders}."
    if told.unsafe:
        unsafe = ", ".join(map(quoted, told.unsafe))
        yield f"The agent {agent!r} goes without what no skill can be called: {unsafe}."
    if told.left_out:
        yield f"The agent {agent!r} goes without {len(told.left_out)} more skills, for they are too much text."


# --- memory


def _memory(spec: RunSpec) -> Memory | None:
    """The memory, its folder made where the run may add to it; None where there is to be none, or can be none."""
    if spec.memory is None:
        return None
    scope, tools = MemoryScope(spec.memory.scope), spec.tools.among(_ON_MEMORY)
    try:
        folder = memory_folder(scope, spec.agent, Path(spec.project))
        if spec.memory.writes:
            made(folder, scope)
    except MemoryRefused:
        return None  # which was told when the run was asked for
    return Memory(scope, folder.path, tools, spec.memory.writes, index_of(folder), spec.memory.lent)


def _about_memory(agent: str, scope: MemoryScope | None, project: Path) -> Iterator[str]:
    if scope is None:
        return
    try:
        folder = memory_folder(scope, agent, project)
    except MemoryRefused as error:
        yield f"The agent has no memory: {error}"
        return
    if (link := folder.link() or _linked_index(folder)) is not None:
        yield f"The agent {agent!r} goes without its memory: {str(link)!r} is a link, which is not followed."


def _linked_index(folder: Unlinked) -> Path | None:
    index = folder.path / INDEX
    return index if index.is_symlink() else None
