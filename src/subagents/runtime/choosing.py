"""What a request means here: which definition, which model, and all that follows for the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio.to_thread
import msgspec

from subagents.definitions.matching import match
from subagents.definitions.model import AgentDefinition, Isolation
from subagents.errors import SpawnRefused, UnknownAgent
from subagents.models.choice import ModelWish
from subagents.models.pricing import has_price
from subagents.models.thinking import LEVELS, is_known
from subagents.runs.deciding import inherited_model
from subagents.runs.limits import dollars
from subagents.runs.resolve import resolve, wanted_folder
from subagents.runs.state import RunState
from subagents.runtime.surroundings import Surroundings
from subagents.runtime.trusting import refuse_untrusted_program, refuse_untrusted_script, untrusted
from subagents.settings.possible import NO_FALLBACK
from subagents.spec import RunSpec, SpawnRequest
from subagents.texts import quoted

AUTO = "auto"  # the type that lets the best fitting agent be chosen, where no agent is called so
FITS = 0.3  # below, the likeness may be one of words alone (see `Match`)
MOST_NAMED = 3


async def chosen(asked: SpawnRequest, parent: RunState | None, around: Surroundings) -> RunSpec:
    """All that decides how the run runs. Raises `UnknownAgent`, `SpawnRefused`, `ModelUnavailable` or `BadTools`."""
    refuse_ended(parent)
    found, note = _definition(asked, parent, around)
    definition, unknown = _with_types(found, around)
    refuse_untrusted_program(asked, definition, around)
    _refuse_depth(around)
    cwd = wanted_folder(asked, parent, around.here)
    spec = resolve(
        asked,
        definition,
        around.settings,
        parent,
        project=around.project,
        cwd=cwd,
        user=around.user,
        folder_exists=cwd.is_dir(),
    )
    if spec.isolation == Isolation.WORKTREE and around.refuse_worktree is not None:
        await around.refuse_worktree(cwd, spec.base)
    refuse_untrusted_script(asked, spec, around)
    spec, told = await _with_tools(asked, spec, definition, around)
    given = await around.given_notes(spec) if around.given_notes is not None else ()
    notes = (*spec.notes, *note, *unknown, *told, *given)
    return await _with_model(msgspec.structs.replace(spec, notes=notes), asked, parent, around)


def refuse_ended(parent: RunState | None) -> None:
    """Raises `SpawnRefused`; asked again when the run is recorded, since a parent may end meanwhile."""
    if parent is not None and parent.status.ended:
        raise SpawnRefused(f"Run {parent.id!r} has ended and can begin nothing any more.")


def _with_types(definition: AgentDefinition, around: Surroundings) -> tuple[AgentDefinition, tuple[str, ...]]:
    """The definition with the types it may start by their own names, and a note on each that there is not.

    What is written otherwise than the agent is called means that agent; what may mean two means neither.
    """
    types, notes = [], []
    for name in definition.subagents or ():
        try:
            types.append(around.definitions.find(name).name)
        except UnknownAgent as error:
            types.append(name)  # it may come yet
            notes.append(f"The agent {definition.name!r} may start {name!r}. {error}")
    if definition.subagents is None:
        return definition, ()
    return replace(definition, subagents=tuple(dict.fromkeys(types))), tuple(notes)


async def _with_tools(
    asked: SpawnRequest, spec: RunSpec, definition: AgentDefinition, around: Surroundings
) -> tuple[RunSpec, Sequence[str]]:
    """The spec with its MCP servers, and what is to be told about tools of providers. An isolated run, or another
    program, has none of them."""
    if spec.runner != "native" or _sees_no_provider(spec):
        return spec, ()
    told: list[str] = []
    servers: Sequence[str] = ()
    if around.choose_servers is not None:
        chosen = await around.choose_servers(
            spec, definition, lambda source: untrusted(asked, source, around) is None
        )
        spec, told, servers = chosen.spec, list(chosen.notes), chosen.names
    if around.tool_notes is not None:
        told += await around.tool_notes(definition.tools.providers, spec.tools, servers)
    return spec, told


def _sees_no_provider(spec: RunSpec) -> bool:
    return any(rule.included == () for rule in spec.tools.providers)


async def _with_model(
    spec: RunSpec, asked: SpawnRequest, parent: RunState | None, around: Surroundings
) -> RunSpec:
    if spec.runner != "native":
        # Its program knows what a name means that was meant for it; that of a parent or the settings means nothing.
        meant = spec.decided["model"] in ("caller", "definition")
        return spec if meant else msgspec.structs.replace(spec, model="", asked_model="")
    wish = ModelWish(
        asked=spec.asked_model,
        decided=spec.decided["model"],
        asked_by=asked.asked_by,
        inherited=inherited_model(parent),
    )
    choice = await around.choose_model(wish)
    if spec.limits.max_cost is not None:
        await _refuse_without_price(choice.model, spec.limits.max_cost)
    notes = (*spec.notes, *choice.notes, *_about_thinking(spec.thinking))
    thinking = spec.thinking if is_known(spec.thinking) else ""
    return msgspec.structs.replace(spec, model=choice.model, thinking=thinking, notes=notes)


async def _refuse_without_price(model: str, limit: float) -> None:
    """A limit of cost that nobody could keep is not promised."""
    if not await anyio.to_thread.run_sync(has_price, model):
        raise SpawnRefused(
            f"The price of the model {quoted(model)} is not known, so a limit of {dollars(limit)} (max_cost) cannot be "
            "kept; limit its tokens instead (max_tokens)."
        )


def _about_thinking(level: str) -> tuple[str, ...]:
    if is_known(level):
        return ()
    return (
        f"There is no thinking level {quoted(level)}, so it thinks as it does by itself; "
        f"there are {', '.join(LEVELS)}.",
    )


def _definition(
    asked: SpawnRequest, parent: RunState | None, around: Surroundings
) -> tuple[AgentDefinition, tuple[str, ...]]:
    """The agent asked for, or the one for unknown types with a note. A nested run never gets another agent."""
    fallback = around.settings.fallback_subagent
    try:
        return around.definitions.find(asked.agent), ()
    except UnknownAgent as error:
        if asked.agent.strip().lower() == AUTO:
            return _fitting(asked, parent, around)
        if parent is not None or fallback in ("", NO_FALLBACK):
            raise
        unknown = str(error)
    try:
        instead = around.definitions.find(fallback)
    except UnknownAgent as error:
        raise UnknownAgent(
            f"{unknown} The setting fallback_subagent names {fallback!r}, which there is not either.",
            name=asked.agent,
            nearest=error.nearest,
        ) from error
    wanted = f"There is no agent {quoted(asked.agent)}" if asked.agent.strip() else "No agent type was given"
    return instead, (f"{wanted}, so {instead.name!r} runs (the setting fallback_subagent).",)


def _fitting(
    asked: SpawnRequest, parent: RunState | None, around: Surroundings
) -> tuple[AgentDefinition, tuple[str, ...]]:
    """The agent that fits the wish best among those that may be started, with a note on why. Raises `SpawnRefused`."""
    types = parent.spec.subagents if parent is not None else None
    agents = [
        agent for agent in around.definitions.catalog().listed() if types is None or agent.name in types
    ]
    found = match(f"{asked.description}\n{asked.prompt}", agents)
    if found and found[0].score >= FITS:
        best = found[0]
        why = f"{best.name!r} was chosen: {_in_a_sentence(best.reason)}."
        return around.definitions.find(best.name), (why,)
    nearest = "; ".join(f"{each.name} ({_in_a_sentence(each.reason)})" for each in found[:MOST_NAMED])
    nearest = nearest or ", ".join(agent.name for agent in agents[:MOST_NAMED]) or "none"
    raise SpawnRefused(f"No agent clearly fits this, so name one as the type; the nearest are: {nearest}.")


def _in_a_sentence(reason: str) -> str:
    return reason[:1].lower() + reason[1:].rstrip(".")


def _refuse_depth(around: Surroundings) -> None:
    """For runs below one of another process; of those here, `resolve` knows the depth."""
    outer, most = around.outer, around.settings.max_depth
    if outer is not None and outer.depth >= most:
        raise SpawnRefused(
            f"Run {outer.run!r}, which this is a command of, is at depth {outer.depth}, and agents may be nested "
            f"{most} deep (the setting max_depth); do the work yourself."
        )
