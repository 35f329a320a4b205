"""What a delegation tool is: its parameters, what it does for a parent, and what it answers. No door is known here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from subagents.delegation.answers import Answers
from subagents.delegation.door import LIBRARY, Door
from subagents.delegation.stash import Stash
from subagents.errors import SessionError, SubagentsError
from subagents.ids import RunId
from subagents.runs.result import bounded
from subagents.runs.state import TO_PARENT
from subagents.runtime.manager import AgentManager
from subagents.runtime.scope import Scope
from subagents.texts import quoted
from subagents.toolsets.coding import FAILED

P = TypeVar("P", bound="Parameters")

MAX_WRONG = 5  # parameters that one refusal names
MAX_REASON = 4_000  # characters of a refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers: `text` for the model, `data` the same for programs. Not `ok` where nothing was done."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Parent:
    """Whose tools these are: the run `owner`, or None for whoever drives the session.

    `types` are the agents it may start, None for all; `stash` keeps its refused calls; `cancelled` is set when the call
    in progress is given up, which ends its wait and nothing else; `waits_for` is told of the runs that a call begins to
    wait for.
    """

    manager: AgentManager
    owner: RunId | None
    stash: Stash
    types: Collection[str] | None = None
    door: Door = LIBRARY
    cancelled: anyio.Event | None = None
    waits_for: Callable[[Sequence[RunId]], None] = lambda _runs: None

    @property
    def scope(self) -> Scope:
        return self.manager.scope(self.owner)

    @property
    def reader(self) -> str:
        """Who is given a result, for the log: of what a run started, that run is told as its parent."""
        return TO_PARENT if self.owner is not None else self.door.reader


class BadArguments(SubagentsError):
    """A tool cannot be called this way; the sentence names the parameter and what would work. `fine` are the parameters
    that nothing was wrong with."""

    def __init__(self, sentence: str, fine: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.fine = fine or {}


class Parameters(BaseModel):
    """What a tool takes, or a part of it. null is the same as not given: some models fill in everything."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _given(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class DelegationTool(Generic[P]):
    """One tool. `run` may raise any `SubagentsError`, whose sentence is then the answer; `reads_only` tells that it
    changes nothing, so that several may be called at once. `unreadable` answers a call that cannot be read. `answers`
    are the shapes that the `data` of an answer may have."""

    name: str
    parameters: type[P]
    run: Callable[[Parent, P], Awaitable[Answer]]
    answers: tuple[type[Answers], ...]
    reads_only: bool = False
    unreadable: Callable[[Parent, BadArguments], Answer] = lambda _parent, error: refused(str(error))

    async def call(self, parent: Parent, arguments: Mapping[str, Any] | str | None) -> Answer:
        """Does what is asked and answers. What is wrong with the asking, and what is refused, is the answer as well.

        `arguments` are an object or its JSON text; None is none. Raises `SessionError` only: then there is nothing else
        to try.
        """
        try:
            return await self.run(parent, self.read(arguments))
        except BadArguments as error:
            return self.unreadable(parent, error)
        except SessionError:
            raise
        except SubagentsError as error:
            return refused(str(error))

    def read(self, arguments: Mapping[str, Any] | str | None) -> P:
        """The parameters. Raises `BadArguments`."""
        return read(self.name, self.parameters, _object(arguments))


def read(name: str, parameters: type[P], given: Mapping[str, Any]) -> P:
    """`given` as the parameters of what is called `name`. Raises `BadArguments`."""
    try:
        return parameters.model_validate(given)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors() if each["loc"]}
        fine = {key: value for key, value in given.items() if key not in wrong}
        raise BadArguments(_sentence_of(name, error, parameters), fine) from None


def refused(reason: str, **data: Any) -> Answer:
    """Nothing was done, and why; a reason that repeats what was asked may be as long as that."""
    reason = bounded(reason, most=MAX_REASON)
    return Answer(f"{FAILED}{reason}", {"error": reason, **data}, ok=False)


def _object(arguments: object) -> Mapping[str, Any]:
    """Whatever a loop passes on as what its model wrote. Raises `BadArguments`."""
    given = {} if arguments is None else arguments
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except (ValueError, RecursionError) as error:
            raise BadArguments(f"The arguments are not JSON: {error}.") from None
    if not isinstance(given, Mapping):
        raise BadArguments(f"The arguments must be an object, not {quoted(arguments)}.")
    return given


def _sentence_of(tool: str, error: ValidationError, parameters: type[Parameters]) -> str:
    """What is wrong, parameter by parameter, and which there are."""
    wrong = [_wrong(each) for each in error.errors(include_url=False, include_context=False)[:MAX_WRONG]]
    return f"{tool} cannot be called so: {'; '.join(wrong)}. Its parameters are {', '.join(parameters.model_fields)}."


def _wrong(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function-"))
    match error["type"]:
        case "extra_forbidden":
            return f"there is no {quoted(name)}"
        case "missing":
            return f"{name!r} is missing"
        case _:
            message = str(error["msg"])
            return f"{name!r} is {quoted(error['input'])}, but {message[:1].lower()}{message[1:]}"
