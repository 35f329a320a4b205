"""What was asked and what the definition, the settings and the parent say, to one `RunSpec`; or why it may not begin.

Which of them decides is `deciding.py`'s. Files, models and how many runs there are, are not known here.
"""

from __future__ import annotations

import os.path
from pathlib import Path, PurePath

from subagents.definitions.model import AgentDefinition
from subagents.errors import SpawnRefused
from subagents.runs.deciding import decide
from subagents.runs.rights import narrowed_types, with_memory
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import CommandLine, Inherited, MemoryUse, RunSpec, SpawnRequest, ToolSelection

MAX_DESCRIPTION = 60  # characters of a prompt that describe a run nobody described
LONGEST_DESCRIPTION = 200


def wanted_folder(request: SpawnRequest, parent: RunState | None, here: Path) -> Path:
    """The folder that a run is to work in: the one asked for, else the parent's, else `here`.

    A relative one counts from the parent's, or from `here`. Symbolic links are not followed.
    """
    base = here if parent is None else Path(_root(parent))
    if parent is not None and Path(parent.directory).is_relative_to(base):
        base = Path(parent.directory)
    return Path(os.path.normpath(base / Path(request.cwd).expanduser())) if request.cwd else base


def resolve(
    request: SpawnRequest,
    definition: AgentDefinition,
    settings: Settings,
    parent: RunState | None,
    *,
    project: Path | str,
    cwd: Path | str,
    user: str = "",
    folder_exists: bool = True,
) -> RunSpec:
    """All that decides how the run runs. `cwd` is the folder it works in (see `wanted_folder`), which the caller
    has looked at: `folder_exists`. Raises `SpawnRefused` or `InvalidSchema` with a sentence for who asked.
    """
    _refuse_depth(settings, parent)
    _refuse_folder(PurePath(cwd), parent, exists=folder_exists)
    decided = decide(request, definition, settings, parent)
    tools, memory = _memory(definition, decided.tools)
    command = definition.runner if isinstance(definition.runner, CommandLine) else None
    _refuse_command(command, definition, parent)
    _refuse_type(definition, parent)
    return RunSpec(
        agent=definition.name,
        prompt=_prompt(request),
        description=_description(request),
        instructions=definition.body,
        prompt_mode=definition.prompt_mode,
        tools=tools,
        model=decided.model,
        asked_model=decided.model,
        display_name=definition.display_name,
        color=definition.color,
        thinking=decided.thinking,
        limits=decided.limits,
        output_schema=decided.output_schema,
        corrections=decided.corrections,
        on_invalid=decided.on_invalid,
        background=decided.background,
        subagents=() if decided.isolated else narrowed_types(definition.subagents, _subagents(parent)),
        runner="command" if command is not None else str(definition.runner or "native"),
        command=command,
        output_transcript=_or(definition.output_transcript, settings.output_transcript),
        isolation=decided.where.isolation,
        base=decided.where.base,
        cwd=str(cwd),
        project=str(project),
        user=user,
        source=definition.source,
        skills=_skills(definition, isolated=decided.isolated),
        memory=memory,
        inherited=Inherited() if decided.inherits else None,
        decided=decided.by,
        notes=(*decided.where.notes, *_about_context(request, definition, inherits=decided.inherits)),
    )


# --- what is asked


def _prompt(request: SpawnRequest) -> str:
    if not request.prompt.strip():
        raise SpawnRefused("The prompt is empty; say what the agent is to do.")
    return request.prompt


def _description(request: SpawnRequest) -> str:
    """One line for people: the caller's, else the prompt's first words."""
    if given := " ".join(request.description[: 2 * LONGEST_DESCRIPTION].split()):
        return _first_words(given, LONGEST_DESCRIPTION)
    return _first_words(" ".join(request.prompt.lstrip()[: 10 * MAX_DESCRIPTION].split()), MAX_DESCRIPTION)


def _first_words(text: str, most: int) -> str:
    """At most so many characters, cut between two words where there are two."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    whole = cut if text[most - 1] == " " else cut.rpartition(" ")[0]
    return (whole or cut).rstrip() + "…"


# --- where and how deep


def _refuse_depth(settings: Settings, parent: RunState | None) -> None:
    if parent is not None and parent.depth + 1 > settings.max_depth:
        raise SpawnRefused(
            f"Run {parent.id!r} is at depth {parent.depth}, and agents may be nested {settings.max_depth} deep "
            "(the setting max_depth); do the work yourself."
        )


def _refuse_folder(cwd: PurePath, parent: RunState | None, *, exists: bool) -> None:
    if not cwd.is_absolute():
        raise SpawnRefused(f"The folder {str(cwd)!r} is relative; give an absolute one.")
    if not exists:
        raise SpawnRefused(f"There is no folder {str(cwd)!r}; name one that exists.")
    if parent is not None and not cwd.is_relative_to(_root(parent)):
        raise SpawnRefused(
            f"The folder {str(cwd)!r} is outside of {_root(parent)!r}, where the parent works; name one inside it."
        )


def _root(parent: RunState) -> str:
    """The folder that the parent's file tools are kept inside of."""
    return parent.workspace or parent.spec.cwd


# --- what follows from what was decided


def _memory(definition: AgentDefinition, tools: ToolSelection) -> tuple[ToolSelection, MemoryUse | None]:
    """What a program remembers is its own affair."""
    if definition.memory is None or not _is_ours(definition):
        return tools, None
    return with_memory(tools, definition.memory.value)


def _skills(definition: AgentDefinition, *, isolated: bool) -> bool | tuple[str, ...]:
    """An isolated run has none, nor has a program; where nothing is said, all may be looked up."""
    if isolated or not _is_ours(definition):
        return False
    return True if definition.skills is None else definition.skills


def _is_ours(definition: AgentDefinition) -> bool:
    """Whether our own loop executes it, which alone tells an agent of memory and skills."""
    return definition.runner in ("", "native")


def _refuse_command(
    command: CommandLine | None, definition: AgentDefinition, parent: RunState | None
) -> None:
    """A program does what it likes, as a shell does."""
    if command is not None and parent is not None and not parent.spec.tools.allows("bash"):
        raise SpawnRefused(
            f"The agent {definition.name!r} runs the program {command.command[0]!r}, which may do anything; its parent "
            "may not run commands (it has no `bash`), so it cannot start one."
        )


def _refuse_type(definition: AgentDefinition, parent: RunState | None) -> None:
    types = _subagents(parent)
    if types is not None and definition.name not in types:
        may = ", ".join(types) or "none"
        raise SpawnRefused(
            f"This agent may not start {definition.name!r}; of other agents it may start: {may}."
        )


def _subagents(parent: RunState | None) -> tuple[str, ...] | None:
    return parent.spec.subagents if parent is not None else None


def _or(decided: bool | None, otherwise: bool) -> bool:
    return otherwise if decided is None else decided


def _about_context(request: SpawnRequest, definition: AgentDefinition, *, inherits: bool) -> tuple[str, ...]:
    if inherits or not request.context.strip():
        return ()
    return (
        f"The agent {definition.name!r} does not inherit (inherit_context: false), so the context was left out.",
    )
