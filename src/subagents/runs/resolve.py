"""What was asked and what the definition, the settings and the parent say, to one `RunSpec`; or why it may not begin.

The definition beats what a model asks; what a person or a program asks beats the definition. Files, models and
how many runs there are, are not known here.
"""

from __future__ import annotations

import math
import os.path
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, TypeVar

from subagents.definitions.model import AgentDefinition
from subagents.definitions.tool_names import DELEGATING
from subagents.errors import InvalidSchema, SpawnRefused
from subagents.runs.isolation import isolation_of
from subagents.runs.output_schema import parse_schema
from subagents.runs.rights import narrowed, narrowed_types, rights_of, with_memory
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import (
    MAX_CORRECTIONS,
    AskedBy,
    CommandLine,
    Inherited,
    Limits,
    MemoryUse,
    OnInvalid,
    ProviderRule,
    RunSpec,
    SpawnRequest,
    ToolSelection,
)

MAX_DESCRIPTION = 60  # characters of a prompt that describe a run nobody described
LONGEST_DESCRIPTION = 200

T = TypeVar("T")
Decided = tuple[T, str]  # a value, and who decided it: one of the words of `RunSpec.decided`

#: Who overrules the definition's file. A schedule does not: it may have been added by a model.
_OVERRULES = frozenset((AskedBy.PERSON, AskedBy.PROGRAM))


def wanted_folder(request: SpawnRequest, parent: RunState | None, here: Path) -> Path:
    """The folder that a run is to work in: the one asked for, else the parent's, else `here`.

    A relative one counts from the parent's, or from `here`. Symbolic links are not followed.
    """
    base = here if parent is None else Path(_root(parent))
    if parent is not None and Path(parent.directory).is_relative_to(base):
        base = Path(parent.directory)
    return Path(os.path.normpath(base / Path(request.cwd).expanduser())) if request.cwd else base


def inherited_model(parent: RunState | None) -> str:
    """The exact name of the model that a parent's runs have unless another is named; "" without a parent."""
    return (parent.spec.model or parent.model) if parent is not None else ""


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
    schema, schema_by = _schema(request, definition)
    model, model_by = _model(request, definition, settings, parent)
    thinking, thinking_by = _thinking(request, definition, parent)
    limits, limits_by = _limits(request, definition, settings)
    corrections, invalid, answer_by = _answers(request, definition, settings)
    background, background_by = _background(request, definition, settings)
    where = isolation_of(request, definition, settings, overrules=request.asked_by in _OVERRULES)
    inherits, inherits_by = _inherits(request, definition, parent)
    isolated, isolated_by = _choose(request, request.isolated, definition.isolated) or (False, "default")
    tools, tools_by = _tools(definition, parent, isolated=isolated)
    tools, memory = _memory(definition, tools)
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
        model=model,
        asked_model=model,
        display_name=definition.display_name,
        color=definition.color,
        thinking=thinking,
        limits=limits,
        output_schema=schema,
        corrections=corrections,
        on_invalid=invalid,
        background=background,
        subagents=() if isolated else narrowed_types(definition.subagents, _subagents(parent)),
        runner="command" if command is not None else str(definition.runner or "native"),
        command=command,
        output_transcript=_or(definition.output_transcript, settings.output_transcript),
        isolation=where.isolation,
        base=where.base,
        cwd=str(cwd),
        project=str(project),
        user=user,
        source=definition.source,
        skills=_skills(definition, isolated=isolated),
        memory=memory,
        inherited=Inherited() if inherits else None,
        decided={
            "model": model_by,
            "thinking": thinking_by,
            "isolated": isolated_by,
            "tools": tools_by,
            "output_schema": schema_by,
            "background": background_by,
            "inherit_context": inherits_by,
            **answer_by,
            **limits_by,
            **where.decided,
        },
        notes=(*where.notes, *_about_context(request, definition, inherits=inherits)),
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


# --- who decides


def _choose(
    request: SpawnRequest, caller: T | None, file: T | None, *others: Decided[T]
) -> Decided[T] | None:
    """The first that has a value: the caller or the definition, by who asks, then the others."""
    asked: tuple[T | None, str] = (caller, "caller")
    written: tuple[T | None, str] = (file, "definition")
    order = (asked, written) if request.asked_by in _OVERRULES else (written, asked)
    return next(((value, by) for value, by in (*order, *others) if value is not None), None)


def _model(
    request: SpawnRequest,
    definition: AgentDefinition,
    settings: Settings,
    parent: RunState | None,
) -> Decided[str]:
    others = [(inherited_model(parent), "parent"), (settings.model, "settings")]
    known = [(model, by) for model, by in others if model]
    return _choose(request, request.model or None, definition.model or None, *known) or ("", "default")


def _thinking(request: SpawnRequest, definition: AgentDefinition, parent: RunState | None) -> Decided[str]:
    inherited = parent.spec.thinking if parent is not None else ""
    known = [(inherited, "parent")] if inherited else []
    return _choose(request, request.thinking or None, definition.thinking or None, *known) or ("", "default")


def _limits(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings
) -> tuple[Limits, Mapping[str, str]]:
    """The limits of each episode. 0 is no limit, and an explicit 0 is a decision like any other."""
    _refuse_limits(request)
    default = (settings.default_max_turns, "settings")
    turns, turns_by = _choose(request, request.max_turns, definition.max_turns, default) or default
    time = _choose(request, request.max_seconds, definition.max_seconds)
    seconds, seconds_by = time or (None, "default")
    most = (settings.default_max_tokens, "settings")
    tokens, tokens_by = _choose(request, request.max_tokens, definition.max_tokens, most) or most
    dearest = (settings.default_max_cost, "settings")
    cost, cost_by = _choose(request, request.max_cost, definition.max_cost, dearest) or dearest
    limits = Limits(
        max_turns=turns or None,
        grace_turns=settings.grace_turns,
        max_seconds=seconds,
        max_tokens=tokens or None,
        max_cost=cost or None,
    )
    by = {"max_turns": turns_by, "max_seconds": seconds_by, "max_tokens": tokens_by, "max_cost": cost_by}
    return limits, by


def _refuse_limits(request: SpawnRequest) -> None:
    if request.max_turns is not None and request.max_turns < 0:
        raise SpawnRefused(f"max_turns is {request.max_turns}; give at least 1, or 0 for no limit.")
    if request.max_seconds is not None and not 0 < request.max_seconds < math.inf:
        raise SpawnRefused(f"max_seconds is {request.max_seconds:g}; give a number of seconds above 0.")
    if request.max_tokens is not None and request.max_tokens < 0:
        raise SpawnRefused(f"max_tokens is {request.max_tokens}; give at least 1, or 0 for no limit.")
    if request.max_cost is not None and not 0 <= request.max_cost < math.inf:
        raise SpawnRefused(f"max_cost is {request.max_cost:g}; give US dollars above 0, or 0 for no limit.")


def _schema(request: SpawnRequest, definition: AgentDefinition) -> Decided[dict[str, Any] | None]:
    """Whoever asks decides about the schema, also a model; "" is the decision for free text."""
    if request.output_schema is not None:
        return parse_schema(request.output_schema), "caller"
    if definition.output_schema is None:
        return None, "default"
    try:
        return parse_schema(definition.output_schema), "definition"
    except InvalidSchema as error:
        where = definition.source.path if definition.source is not None else definition.name
        raise InvalidSchema(f"{error} It stands in {where}.") from None


def _answers(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings
) -> tuple[int, OnInvalid, Mapping[str, str]]:
    """How often an answer that does not fit is asked for again, and what follows then."""
    if request.corrections is not None and not 0 <= request.corrections <= MAX_CORRECTIONS:
        raise SpawnRefused(
            f"corrections is {request.corrections}; give a number from 0 to {MAX_CORRECTIONS}."
        )
    usual = (settings.structured_retries, "settings")
    corrections, corrections_by = (
        _choose(request, request.corrections, definition.corrections, usual) or usual
    )
    otherwise = (OnInvalid.FAIL, "default")
    invalid, invalid_by = _choose(request, request.on_invalid, definition.on_invalid, otherwise) or otherwise
    return corrections, invalid, {"corrections": corrections_by, "on_invalid": invalid_by}


def _background(request: SpawnRequest, definition: AgentDefinition, settings: Settings) -> Decided[bool]:
    usual = (settings.background_by_default, "settings")
    return _choose(request, request.background, definition.run_in_background, usual) or usual


def _inherits(request: SpawnRequest, definition: AgentDefinition, parent: RunState | None) -> Decided[bool]:
    """Whether it begins with its parent's conversation. Raises `SpawnRefused` where there is none: it would not know
    what it was meant to."""
    passed_on = bool(request.context.strip())
    caller = True if passed_on and request.inherit_context is None else request.inherit_context
    inherits, by = _choose(request, caller, definition.inherit_context) or (False, "default")
    if not inherits:
        return inherits, by
    if request.asked_by is AskedBy.SCHEDULE:
        raise SpawnRefused(
            f"The agent {definition.name!r} is to begin with its parent's conversation (inherit_context), and a "
            "schedule has none; put what it must know into the prompt, and set inherit_context: false."
        )
    if parent is None and not passed_on:
        raise SpawnRefused(
            f"The agent {definition.name!r} is to begin with the conversation so far (inherit_context), which is not "
            "known here: give what it should know of it as text in context."
        )
    return inherits, by


def _about_context(request: SpawnRequest, definition: AgentDefinition, *, inherits: bool) -> tuple[str, ...]:
    if inherits or not request.context.strip():
        return ()
    return (
        f"The agent {definition.name!r} does not inherit (inherit_context: false), so the context was left out.",
    )


def _tools(definition: AgentDefinition, parent: RunState | None, *, isolated: bool) -> Decided[ToolSelection]:
    wanted = _isolated(definition.tools) if isolated else definition.tools
    if parent is None:
        return wanted, "definition"
    has = rights_of(parent.spec)
    tools = narrowed(wanted, has)
    if tools == wanted:
        return tools, "definition"
    if _any(wanted) and not _any(tools):
        may = ", ".join(has.among(has.names or ())) or "none"
        raise SpawnRefused(
            f"The agent {definition.name!r} could use none of its tools here: a child may use no more than its "
            f"parent, which has {may}."
        )
    return tools, "parent"


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


def _isolated(tools: ToolSelection) -> ToolSelection:
    """Without other providers' tools, and without those that drive agents."""
    denied = tuple(dict.fromkeys((*tools.denied, *DELEGATING)))
    return ToolSelection(tools.names, denied, (ProviderRule(included=()),))


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


def _any(tools: ToolSelection) -> bool:
    return tools.names is None or bool(tools.among(tools.names))
