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
from subagents.errors import InvalidSchema, SpawnRefused
from subagents.runs.output_schema import parse_schema
from subagents.runs.rights import narrowed
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import AskedBy, Limits, RunSpec, SpawnRequest, ToolSelection

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
    limits, limits_by = _limits(request, definition, settings)
    tools, tools_by = _tools(definition, parent)
    return RunSpec(
        agent=definition.name,
        prompt=_prompt(request),
        description=_description(request),
        instructions=definition.body,
        prompt_mode=definition.prompt_mode,
        tools=tools,
        model=model,
        limits=limits,
        output_schema=schema,
        cwd=str(cwd),
        project=str(project),
        user=user,
        source=definition.source,
        decided={"model": model_by, "tools": tools_by, "output_schema": schema_by, **limits_by},
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
    inherited = (parent.spec.model or parent.model) if parent is not None else ""
    others = [(inherited, "parent"), (settings.model, "settings")]
    known = [(model, by) for model, by in others if model]
    return _choose(request, request.model or None, definition.model or None, *known) or ("", "default")


def _limits(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings
) -> tuple[Limits, Mapping[str, str]]:
    """The limits of each episode. 0 turns are as many as it likes; an explicit 0 is a decision like any other."""
    if request.max_turns is not None and request.max_turns < 0:
        raise SpawnRefused(f"max_turns is {request.max_turns}; give at least 1, or 0 for no limit.")
    if request.max_seconds is not None and not 0 < request.max_seconds < math.inf:
        raise SpawnRefused(f"max_seconds is {request.max_seconds:g}; give a number of seconds above 0.")
    default = (settings.default_max_turns, "settings")
    turns, turns_by = _choose(request, request.max_turns, definition.max_turns, default) or default
    time = _choose(request, request.max_seconds, definition.max_seconds)
    seconds, seconds_by = time or (None, "default")
    limits = Limits(max_turns=turns or None, grace_turns=settings.grace_turns, max_seconds=seconds)
    return limits, {"max_turns": turns_by, "max_seconds": seconds_by}


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


def _tools(definition: AgentDefinition, parent: RunState | None) -> Decided[ToolSelection]:
    if parent is None:
        return definition.tools, "definition"
    tools = narrowed(definition.tools, parent.spec.tools)
    if tools == definition.tools:
        return tools, "definition"
    if _any(definition.tools) and not _any(tools):
        has = parent.spec.tools
        may = ", ".join(has.among(has.names or ())) or "none"
        raise SpawnRefused(
            f"The agent {definition.name!r} could use none of its tools here: a child may use no more than its "
            f"parent, which has {may}."
        )
    return tools, "parent"


def _any(tools: ToolSelection) -> bool:
    return tools.names is None or bool(tools.among(tools.names))
