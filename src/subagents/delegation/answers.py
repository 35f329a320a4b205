"""What the delegation tools answer a program with: the shapes of `Answer.data`, and their JSON Schema.

A tool that answers in several ways has one flat object for all of them, in which what only some answers have may be
absent: many clients take nothing but an object at the root. What may be null says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

#: A part that may be missing; what is there is never null.
MAYBE: Any = None


class Answers(BaseModel):
    """An object, or a part of one, without any other keys."""

    model_config = ConfigDict(extra="forbid")


class Counts(Answers):
    """What requests to models used; see `ModelUsage`."""

    requests: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    cost: float
    unpriced: int
    uncounted: int
    tokens: int


class UsageAnswer(Counts):
    """The sum, and the same for each model."""

    models: dict[str, Counts]


class Fault(Answers):
    """What is wrong with a structured answer; both paths are JSON Pointers."""

    path: str
    message: str
    schemaPath: str  # noqa: N815 the shape is known from elsewhere, see `runs/structured.py`


class Reply(Answers):
    """Whether the answer fits its output schema; with `ok` there is `data`, else `error`."""

    ok: bool
    sha256: str
    data: Any = MAYBE
    preview: str = MAYBE
    error: str = MAYBE
    validationErrors: list[Fault] = MAYBE  # noqa: N815
    rawPreview: str = MAYBE  # noqa: N815


class WorktreeAnswer(Answers):
    """What a worktree of the run came to; see `KeptWork`."""

    repository: str
    base: str
    branch: str
    commits: int
    files: int
    insertions: int
    deletions: int
    archived: str
    preserved: str
    why: str


class RunAnswer(Answers):
    """A run and its result, as `--json` prints it; see `result_json`."""

    id: str
    handle: str
    agent: str
    description: str
    status: str
    wrapped_up: bool
    reason: str
    by: str | None
    text: str
    left_out: int
    structured: Any
    schema_valid: bool | None
    model: str
    asked_model: str
    notes: list[str]
    turns: int
    tool_uses: int
    compactions: int
    usage: UsageAnswer
    seconds: float | None
    session: str
    cwd: str
    worktree: WorktreeAnswer = MAYBE
    started_at: str | None
    ended_at: str | None
    reply: Reply = MAYBE


class StoppedAnswer(RunAnswer):
    """The run, and whether this call is what stopped it."""

    stopped: bool


class BegunAnswer(Answers):
    """A run that goes on in the background."""

    id: str
    handle: str
    type: str
    status: str
    queue_position: int | None
    transcript: str | None
    model: str
    notes: list[str]


class RefusedAnswer(Answers):
    """Nothing was begun, and why; `retry` is what the call was kept as."""

    error: str
    retry: str = MAYBE


class ManyBegun(Answers):
    """In the order of the call."""

    agents: list[BegunAnswer | RefusedAnswer]


class LineAnswer(Answers):
    """A numbered line of a transcript; `found` is false for one that only stands near."""

    n: int
    text: str
    found: bool


class PeekAnswer(Answers):
    """Lines of a run's transcript; see `peek_json`."""

    id: str
    total: int
    lines: list[LineAnswer]
    after: int | None
    before: int | None
    searched_to: int | None
    left_out: int


class PartAnswer(Answers):
    """One part of a structured answer."""

    id: str
    part: Any


class SeveralAnswer(Answers):
    """Each as it would be told alone; `wait` is why a wait ended before all had, and `more` are not told of."""

    agents: list[RunAnswer | PeekAnswer | PartAnswer]
    wait: str
    more: int


class SteerAnswer(Answers):
    """`receipt` is queued, delivered or missed, and then `message` is given back; `turn` the one it was read before."""

    id: str
    status: str
    receipt: str = MAYBE
    turn: int | None = MAYBE
    message: str = MAYBE


class PauseAnswer(Answers):
    id: str
    paused: bool


class ListedRun(Answers):
    id: str
    handle: str
    type: str
    status: str
    reported: bool
    description: str
    started_at: float | None
    ended_at: float | None


class ListAnswer(Answers):
    """Times are seconds since the epoch; `counts` is by group."""

    now: float
    total: int
    hidden: int
    counts: dict[str, int]
    agents: list[ListedRun]


class ClearAnswer(Answers):
    """Ids that went, those that stay by the reason, and what was asked for in vain."""

    cleared: list[str]
    kept: dict[str, list[str]]
    errors: list[str]


class ListedModel(Answers):
    """`window` is in tokens, the prices are US dollars for a million tokens; null is not known."""

    name: str
    label: str
    window: int | None
    input_price: float | None
    output_price: float | None


class ModelsAnswer(Answers):
    """`answers` is the model of an agent for which none is named, `problem` why none can answer then; `more` are not
    listed unless their provider is named."""

    answers: str
    problem: str
    models: list[ListedModel]
    more: int


class ReportAnswer(Answers):
    """The run that stands for an agent outside."""

    id: str
    handle: str
    status: str


# --- as JSON Schema

_LEFT_OUT = frozenset({"$defs", "title", "default", "description"})


def schema_of(*shapes: type[Answers]) -> dict[str, Any]:
    """The JSON Schema of an answer that has one of these shapes, of plain parts only: no references, no titles."""
    return _flat([_whole(shape) for shape in shapes])


def _whole(shape: type[Answers]) -> dict[str, Any]:
    schema = shape.model_json_schema()
    return _plain(schema, schema.get("$defs", {}))


def _flat(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One object for several: with all their keys, of which those are required that each of them requires."""
    properties = {name: part for each in objects for name, part in each["properties"].items()}
    required = [name for name in properties if all(name in each["required"] for each in objects)]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _plain(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _either([_plain(each, parts) for each in schema["anyOf"]])
    made = {key: value for key, value in schema.items() if key not in _LEFT_OUT}
    if "properties" in made:
        made["properties"] = {name: _plain(each, parts) for name, each in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _plain(made[key], parts)
    return made


def _either(options: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`str | None` as `{"type": ["string", "null"]}`, and several objects as one."""
    some = [each for each in options if each["type"] != "null"]
    if len(some) == len(options):
        return _flat(some)
    return {**some[0], "type": [some[0]["type"], "null"]}
