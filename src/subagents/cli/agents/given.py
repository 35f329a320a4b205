"""What an agent is given beside its prompt, its skills and its memory, as they are on the disk, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subagents.cli.agents.here import nearby
from subagents.cli.doctor.findings import Finding, Verdict
from subagents.definitions.model import AgentDefinition, MemoryScope
from subagents.errors import MemoryRefused
from subagents.language import _, counted
from subagents.places import Project
from subagents.prompts.given import notes_on_agent
from subagents.prompts.memory import INDEX, index_of, memory_folder
from subagents.prompts.skills import skill_roots, skills_in
from subagents.view.cells import printable

MOST_NAMED = 20


def places_of(agent: AgentDefinition, project: Project) -> dict[str, str]:
    """By its key: where each of its skills and its memory is; without a key that it does not decide."""
    found: dict[str, str] = {}
    if isinstance(agent.skills, tuple):
        found["skills"] = ", ".join(_skills(agent.skills, project))
    if agent.memory is not None:
        found["memory"] = _memory(agent.name, agent.memory, project)
    return found


def _skills(names: Sequence[str], project: Project) -> Iterator[str]:
    known = skills_in(skill_roots(project.root))
    for name in names:
        where = nearby(known[name].path) if name in known else _("not found")
        yield f"{printable(name)} ({printable(where)})"


def _memory(agent: str, scope: MemoryScope, project: Project) -> str:
    try:
        folder = memory_folder(scope, agent, project.root)
    except MemoryRefused as error:
        return f"{scope} ({error})"
    where = printable(nearby(folder.path))
    return (
        f"{scope} ({where})"
        if index_of(folder)
        else _("{scope} ({where}, empty)").format(scope=scope, where=where)
    )


def skills_and_memories(project: Project, agents: Sequence[AgentDefinition]) -> Iterator[Finding]:
    """For `doctor`: which skills there are, and which agents go without a skill that they name, or without a memory."""
    known = list(skills_in(skill_roots(project.root)))
    if known:
        shown = ", ".join(known[:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")
        count = counted("{n} skill", "{n} skills", len(known))
        yield Finding(_("skills"), Verdict.GOOD, f"{count}: {shown}")
    for agent in agents:
        names = agent.skills if isinstance(agent.skills, tuple) else ()
        advice = _("Mend {path}, or what the note names.").format(
            path=agent.source.path if agent.source is not None else agent.name
        )
        for note in notes_on_agent(agent.name, names, agent.memory, project.root):
            yield Finding(_("agent {name}").format(name=agent.name), Verdict.NOTE, note, advice)
    remembering = [agent.name for agent in agents if agent.memory is not None]
    if remembering:
        found = _("{names}; an index called {file} in each").format(names=", ".join(remembering), file=INDEX)
        yield Finding(_("memories"), Verdict.GOOD, found)
