"""What a run is given beside its role, found on the disk: its skills and its memory, and notes on what of them there is
not. What an agent reads of it is known to `skill_texts.py` and `memory.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from subagents.definitions.model import MemoryScope
from subagents.errors import MemoryRefused
from subagents.prompts import skill_texts
from subagents.prompts.memory import INDEX, Memory, index_of, made, memory_folder
from subagents.prompts.skill_texts import Told
from subagents.prompts.skills import Found, read_skill, skill_roots, skills_in
from subagents.prompts.unlinked import Unlinked
from subagents.spec import RunSpec
from subagents.texts import quoted

MAX_LISTED = 500  # skills whose files are read for one list

_ON_MEMORY = ("read", "write", "edit")


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


def memory_of(spec: RunSpec) -> Memory | None:
    """The memory, its folder made where the run may add to it. None where there is to be none, and where a name or a
    link is in the way, which was told when the run was asked for."""
    if spec.memory is None:
        return None
    scope = MemoryScope(spec.memory.scope)
    try:
        folder = memory_folder(scope, spec.agent, Path(spec.project))
    except MemoryRefused:
        return None
    if _link_in(folder) is not None:
        return None
    writes = spec.memory.writes and _is_made(folder, scope)
    tools = spec.tools.among(_ON_MEMORY)
    return Memory(scope, folder.path, tools, writes, index_of(folder), spec.memory.lent)


def _is_made(folder: Unlinked, scope: MemoryScope) -> bool:
    """Where it cannot be, as on a disk that may not be written, the agent is told that it may only read."""
    try:
        made(folder, scope)
    except MemoryRefused:
        return False
    return True


def _about_memory(agent: str, scope: MemoryScope | None, project: Path) -> Iterator[str]:
    if scope is None:
        return
    try:
        folder = memory_folder(scope, agent, project)
    except MemoryRefused as error:
        yield f"The agent has no memory: {error}"
        return
    if (link := _link_in(folder)) is not None:
        yield f"The agent {agent!r} goes without its memory: {str(link)!r} is a link, which is not followed."


def _link_in(folder: Unlinked) -> Path | None:
    """A link on the way to the memory, or in place of its index."""
    index = folder.path / INDEX
    return folder.link() or (index if index.is_symlink() else None)
