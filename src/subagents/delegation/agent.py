"""`Agent`: starts an agent, or goes on with one, and answers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from subagents.definitions.fields import ISOLATES, SEES_HISTORY
from subagents.delegation.answers import BegunAnswer, RunAnswer
from subagents.delegation.get_result import Asked, answered, told
from subagents.delegation.tool import Answer, BadArguments, DelegationTool, Parameters, Parent, read, refused
from subagents.errors import NotNow, SessionError, SubagentsError, UnknownAgent
from subagents.ids import RunId
from subagents.models.selection import OFFLINE
from subagents.runs.queueing import queue_position
from subagents.runs.state import RunState, RunStatus
from subagents.spec import AskedBy, OnInvalid, SpawnRequest

OFFLINE_SAYS = (
    "No language model is configured here: agents search the code by rules, and can do nothing else."
)
GO_ON = "Go on."
EMPTY = "Say in prompt what the agent is to do; it sees nothing of this conversation."
KNOWS = (
    "An agent that is resumed knows what it knew and inherits nothing: leave out inherit_context and context."
)


class AgentParams(Parameters):
    """What `Agent` takes. "" and 0 are "not decided"; only an `output_schema` of "" decides, for free text."""

    prompt: Annotated[
        str,
        Field(
            description="The whole task: it sees nothing of this conversation unless it inherits it. May be left out "
            "with retry."
        ),
    ] = ""
    description: Annotated[
        str, Field(description="Three to five words for the people who watch; else the prompt's first words.")
    ] = ""
    subagent_type: Annotated[
        str, Field(description="Which agent, of the list above; auto picks the one that fits the task best.")
    ] = ""
    name: Annotated[str, Field(description="What to call it by; other tools take it in place of the id.")] = (
        ""
    )
    model: Annotated[
        str,
        Field(
            description="What answers: provider/id, or a part of a name such as haiku. An agent whose file names a "
            "model keeps that."
        ),
    ] = ""
    thinking: Annotated[
        str, Field(description="How hard it thinks: off, minimal, low, medium, high, xhigh, max.")
    ] = ""
    max_turns: Annotated[int, Field(description="It is asked to finish after so many turns.", ge=0)] = 0
    max_seconds: Annotated[
        float, Field(description="It is asked to finish near so many seconds, and stopped at them.", ge=0)
    ] = 0
    max_tokens: Annotated[
        int, Field(description="It is asked to finish near so many tokens, and stopped at them.", ge=0)
    ] = 0
    max_cost: Annotated[float, Field(description="The same in US dollars.", ge=0)] = 0
    resume: Annotated[
        str,
        Field(
            description="Id or handle of an agent of yours that has ended: it goes on with prompt, knowing all it knew."
        ),
    ] = ""
    retry: Annotated[
        str,
        Field(
            description="The handle of a refused call: made again, with what you give now in place of what it had."
        ),
    ] = ""
    inherit_context: Annotated[
        bool, Field(description=f"true begins with this conversation: {SEES_HISTORY}. Not with resume.")
    ] = False
    context: Annotated[
        str,
        Field(
            description="This conversation as text, as far as the agent should know it: with inherit_context where "
            "your conversation is not known here, as over MCP."
        ),
    ] = ""
    isolated: Annotated[
        bool, Field(description="Only built-in tools: none of other providers, no agents.")
    ] = False
    isolation: Annotated[
        Literal["", "worktree"],
        Field(description=f"worktree: a git worktree of its own: {ISOLATES}."),
    ] = ""
    run_in_background: Annotated[
        bool,
        Field(
            description="false waits for the result, as get_subagent_result with wait; the agent then ends with you."
        ),
    ] = True
    output_schema: Annotated[
        dict[str, Any] | str,
        Field(
            description='A JSON Schema that its answer must fit. "" is free text, which is best unless a program reads '
            "the answer or you need single values of it."
        ),
    ] = ""
    on_invalid: Annotated[
        Literal["", "fail", "keep"],
        Field(
            description="What follows when the answer never fits: it failed (fail), or it is given as it is (keep)."
        ),
    ] = ""


async def start(parent: Parent, asked: AgentParams) -> Answer:
    """Starts it, or goes on with one. What is refused can be tried again without typing the prompt anew."""
    given, handle = _with_kept(parent, {name: getattr(asked, name) for name in asked.model_fields_set})
    try:
        run_id = await _begun(parent, given)
    except SessionError:
        raise
    except SubagentsError as error:
        return _refused(parent, given, handle, error)
    parent.stash.forget(handle)
    run = parent.manager.state.run(run_id)
    if run.spec.background:
        return _started(parent, run)
    return await _in_front(parent, run)


def unreadable(parent: Parent, error: BadArguments) -> Answer:
    """The answer to a call with bad parameters: the others are kept as those of any call that is refused."""
    try:
        given, handle = _with_kept(parent, error.fine)
    except NotNow:
        return refused(str(error))
    return _refused(parent, given, handle, error)


def _with_kept(parent: Parent, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What is asked for now, over what the call had that it retries, and the handle of that. Raises `NotNow`."""
    given = dict(given)
    handle = str(given.pop("retry", ""))
    if not handle:
        return given, handle
    decided = {name: value for name, value in given.items() if _decides(name, value)}
    kept = read("Agent", AgentParams, parent.stash.merged(parent.owner, handle, decided))
    return {name: getattr(kept, name) for name in kept.model_fields_set}, handle


def _decides(name: str, value: object) -> bool:
    """Whether it takes the place of what a refused call had: models that fill in everything have nothing to say with
    most of it."""
    return isinstance(value, bool) or bool(value) or name == "output_schema"


async def _begun(parent: Parent, given: Mapping[str, Any]) -> RunId:
    prompt = str(given.get("prompt", ""))
    if resumed := str(given.get("resume", "")):
        if given.get("inherit_context") or str(given.get("context", "")).strip():
            raise NotNow(KNOWS)
        return await parent.manager.resume(
            parent.scope.find(resumed), prompt or GO_ON, asked_by=AskedBy.MODEL
        )
    return await parent.manager.spawn(request_of(parent, given))


def request_of(parent: Parent, given: Mapping[str, Any]) -> SpawnRequest:
    """The request; what a model left at nothing is decided by others. Raises `NotNow` without a prompt."""
    if not str(given.get("prompt", "")).strip():
        raise NotNow(EMPTY)
    wishes: dict[str, Any] = {
        name: str(given.get(name, "")) for name in ("description", "name", "model", "thinking", "isolation")
    }
    wishes |= {
        name: given.get(name) or None for name in ("max_turns", "max_seconds", "max_tokens", "max_cost")
    }
    wishes |= {name: given.get(name) or None for name in ("isolated", "inherit_context")}
    wishes |= {"background": given.get("run_in_background"), "context": str(given.get("context", ""))}
    return SpawnRequest(
        prompt=str(given["prompt"]),
        agent=str(given.get("subagent_type", "")),
        output_schema=given.get("output_schema"),
        on_invalid=OnInvalid(given["on_invalid"]) if given.get("on_invalid") else None,
        parent=parent.owner,
        asked_by=AskedBy.MODEL,
        **wishes,
    )


def _refused(parent: Parent, given: Mapping[str, Any], handle: str, error: SubagentsError) -> Answer:
    """Why, and how to try again with the same prompt; without one there is nothing to keep."""
    reason = str(error)
    if not str(given.get("prompt", "")).strip():
        return refused(reason)
    handle = parent.stash.keep(parent.owner, given, handle)
    other = "subagent_type" if isinstance(error, UnknownAgent) else "what is to be different"
    return refused(
        f'{reason}\nTo try again: Agent with retry: "{handle}" and {other}; the prompt is kept.', retry=handle
    )


# --- what is answered


def _started(parent: Parent, run: RunState) -> Answer:
    return Answer("\n".join(_lines(parent, run)), facts_of(parent, run))


def _lines(parent: Parent, run: RunState) -> Iterator[str]:
    if run.spec.model == OFFLINE and run.spec.decided.get("model") == "default":
        yield OFFLINE_SAYS
    verb = "Started" if run.episode == 1 else "Resumed"
    yield f"{verb} agent {run.id} ({run.spec.agent}, handle {run.handle}): {run.spec.description}"
    if (place := _place(parent, run)) is not None:
        yield f"It is queued, at place {place}: {_capacity(parent, run)} agents work at a time."
    if (path := parent.manager.transcript_of(run.id)) is not None:
        yield f"Transcript, written when it ends: {path}"
    yield from (f"Note: {note}" for note in run.notes)
    yield (
        f"{parent.door.told} Go on with other work meanwhile, and do not do this again yourself. get_subagent_result "
        "waits for it or looks at it (peek), steer_subagent tells it something, stop_subagent ends it."
    )


def facts_of(parent: Parent, run: RunState) -> dict[str, Any]:
    """What a program needs of a run that was begun."""
    path = parent.manager.transcript_of(run.id)
    return {
        "id": run.id,
        "handle": run.handle,
        "type": run.spec.agent,
        "status": str(run.status),
        "queue_position": _place(parent, run),
        "transcript": str(path) if path is not None else None,
        "model": run.spec.model,
        "notes": list(run.notes),
    }


def _place(parent: Parent, run: RunState) -> int | None:
    return queue_position(parent.manager.state.runs.values(), run.id, _capacity(parent, run))


def _capacity(parent: Parent, run: RunState) -> int:
    settings = parent.manager.settings
    return settings.max_concurrent if run.parent is None else settings.max_children


async def _in_front(parent: Parent, run: RunState) -> Answer:
    """Waits for it as a wait does. What it came to is told without an id: there is nothing left to fetch."""
    waited = await told(parent, (run.id,), Asked(wait=True))
    state = parent.manager.state.run(run.id)
    if not state.status.ended:
        return Answer("\n\n".join(("\n".join(_lines(parent, state)), waited.text)), waited.data)
    return await answered(parent, run.id, named=state.status is RunStatus.INTERRUPTED)


AGENT = DelegationTool("Agent", AgentParams, start, (BegunAnswer, RunAnswer), unreadable=unreadable)
