"""Who decides: of each thing that several may have a say in, which of them does, and what it then is.

The definition beats what a model asks; what a person or a program asks beats the definition. What nobody decided is
the parent's, or the settings'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from subagents.definitions.model import AgentDefinition
from subagents.definitions.tool_names import DELEGATING
from subagents.errors import InvalidSchema, SpawnRefused
from subagents.runs.isolation import Where, isolation_of
from subagents.runs.output_schema import parse_schema
from subagents.runs.rights import narrowed, rights_of
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import (
    MAX_CORRECTIONS,
    AskedBy,
    Limits,
    OnInvalid,
    ProviderRule,
    SpawnRequest,
    ToolSelection,
)

T = TypeVar("T")
Decided = tuple[T, str]  # a value, and who decided it: one of the words of `RunSpec.decided`

#: Who overrules the definition's file. A schedule does not: it may have been added by a model.
_OVERRULES = frozenset((AskedBy.PERSON, AskedBy.PROGRAM))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a run is to be, where several could have said so. `by` is `RunSpec.decided`."""

    output_schema: dict[str, Any] | None
    model: str
    thinking: str
    limits: Limits
    corrections: int
    on_invalid: OnInvalid
    background: bool
    where: Where
    inherits: bool
    isolated: bool
    tools: ToolSelection
    by: Mapping[str, str]


def decide(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings, parent: RunState | None
) -> Decisions:
    """Raises `SpawnRefused` or `InvalidSchema` for what nobody may decide."""
    schema, schema_by = _schema(request, definition)
    model, model_by = _model(request, definition, settings, parent)
    thinking, thinking_by = _thinking(request, definition, parent)
    limits, limits_by = _limits(request, definition, settings)
    corrections, invalid, answer_by = _answers(request, definition, settings)
    background, background_by = _background(request, definition, settings)
    where = isolation_of(request, definition, settings, overrules=request.asked_by in _OVERRULES)
    inherits, inherits_by = _inherits(request, definition, parent)
    isolated, isolated_by = _choose(request, request.isolated, definition.isolated, (False, "default"))
    tools, tools_by = _tools(definition, parent, isolated=isolated)
    by = {
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
    }
    return Decisions(
        output_schema=schema,
        model=model,
        thinking=thinking,
        limits=limits,
        corrections=corrections,
        on_invalid=invalid,
        background=background,
        where=where,
        inherits=inherits,
        isolated=isolated,
        tools=tools,
        by=by,
    )


def inherited_model(parent: RunState | None) -> str:
    """The exact name of the model that a parent's runs have unless another is named; "" without a parent."""
    return (parent.spec.model or parent.model) if parent is not None else ""


def _choose(request: SpawnRequest, caller: T | None, file: T | None, otherwise: Decided[T]) -> Decided[T]:
    """What the caller or the definition says, by who asks; `otherwise` where neither says anything."""
    asked: tuple[T | None, str] = (caller, "caller")
    written: tuple[T | None, str] = (file, "definition")
    order = (asked, written) if request.asked_by in _OVERRULES else (written, asked)
    return next(((value, by) for value, by in order if value is not None), otherwise)


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


def _model(
    request: SpawnRequest,
    definition: AgentDefinition,
    settings: Settings,
    parent: RunState | None,
) -> Decided[str]:
    others = [(inherited_model(parent), "parent"), (settings.model, "settings")]
    otherwise = next((each for each in others if each[0]), ("", "default"))
    return _choose(request, request.model or None, definition.model or None, otherwise)


def _thinking(request: SpawnRequest, definition: AgentDefinition, parent: RunState | None) -> Decided[str]:
    inherited = parent.spec.thinking if parent is not None else ""
    otherwise = (inherited, "parent") if inherited else ("", "default")
    return _choose(request, request.thinking or None, definition.thinking or None, otherwise)


def _limits(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings
) -> tuple[Limits, Mapping[str, str]]:
    """The limits of each episode. 0 is no limit, and an explicit 0 is a decision like any other."""
    _refuse_limits(request)
    usual_turns = (settings.default_max_turns, "settings")
    turns, turns_by = _choose(request, request.max_turns, definition.max_turns, usual_turns)
    no_time: Decided[float | None] = (None, "default")
    seconds, seconds_by = _choose(request, request.max_seconds, definition.max_seconds, no_time)
    usual_tokens = (settings.default_max_tokens, "settings")
    tokens, tokens_by = _choose(request, request.max_tokens, definition.max_tokens, usual_tokens)
    usual_cost = (settings.default_max_cost, "settings")
    cost, cost_by = _choose(request, request.max_cost, definition.max_cost, usual_cost)
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


def _answers(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings
) -> tuple[int, OnInvalid, Mapping[str, str]]:
    """How often an answer that does not fit is asked for again, and what follows then."""
    if request.corrections is not None and not 0 <= request.corrections <= MAX_CORRECTIONS:
        raise SpawnRefused(
            f"corrections is {request.corrections}; give a number from 0 to {MAX_CORRECTIONS}."
        )
    usual = (settings.structured_retries, "settings")
    corrections, corrections_by = _choose(request, request.corrections, definition.corrections, usual)
    fails = (OnInvalid.FAIL, "default")
    invalid, invalid_by = _choose(request, request.on_invalid, definition.on_invalid, fails)
    return corrections, invalid, {"corrections": corrections_by, "on_invalid": invalid_by}


def _background(request: SpawnRequest, definition: AgentDefinition, settings: Settings) -> Decided[bool]:
    usual = (settings.background_by_default, "settings")
    return _choose(request, request.background, definition.run_in_background, usual)


def _inherits(request: SpawnRequest, definition: AgentDefinition, parent: RunState | None) -> Decided[bool]:
    """Whether it begins with its parent's conversation. Raises `SpawnRefused` where there is none: it would not know
    what it was meant to."""
    passed_on = bool(request.context.strip())
    caller = True if passed_on and request.inherit_context is None else request.inherit_context
    inherits, by = _choose(request, caller, definition.inherit_context, (False, "default"))
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


def _isolated(tools: ToolSelection) -> ToolSelection:
    """Without other providers' tools, and without those that drive agents."""
    denied = tuple(dict.fromkeys((*tools.denied, *DELEGATING)))
    return ToolSelection(tools.names, denied, (ProviderRule(included=()),))


def _any(tools: ToolSelection) -> bool:
    return tools.names is None or bool(tools.among(tools.names))
