"""What was asked (`SpawnRequest`) and what was made of it (`RunSpec`). Where the values came from is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from subagents.ids import RunId


class AskedBy(StrEnum):
    """Who wants a run. A person or a program overrules the definition's file, a model does not."""

    PERSON = "person"
    PROGRAM = "program"
    MODEL = "model"
    SCHEDULE = "schedule"


class PromptMode(StrEnum):
    """`replace`: the definition's text is the whole role. `append`: it comes after the project's instructions."""

    REPLACE = "replace"
    APPEND = "append"


class ToolSelection(msgspec.Struct, frozen=True):
    """Which tools a run may see: all of them when `names` is None, else these, and never the `denied`."""

    names: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()

    def allows(self, name: str) -> bool:
        return (self.names is None or name in self.names) and name not in self.denied

    def among(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """The allowed ones of `known`, in their order."""
        return tuple(name for name in known if self.allows(name))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one episode may use. None is no limit; `max_seconds` is wall time without queue and pauses."""

    max_turns: int | None = None
    grace_turns: int = 5
    max_seconds: float | None = None


class SpawnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One wish for a run, as it came through a door. None and "" mean: not decided by the caller.

    `output_schema` is a JSON Schema, as an object or as its JSON text; "" asks for free text even where the
    definition has a schema. `request_id` makes a repeated request get the first answer.
    """

    prompt: str
    agent: str = ""
    description: str = ""
    name: str = ""
    model: str = ""
    max_turns: int | None = None
    max_seconds: float | None = None
    cwd: str = ""
    output_schema: Mapping[str, Any] | str | None = None
    parent: RunId | None = None
    asked_by: AskedBy = AskedBy.PROGRAM
    request_id: str = ""


class DefinitionSource(msgspec.Struct, frozen=True):
    """Which file a run's definition came from. `digest` is the SHA-256 of its bytes, in hexadecimal."""

    path: str
    digest: str
    scope: str


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides how a run runs, so that resuming it does not depend on files that changed since.

    `decided` says for each value that had several sources which one won: `caller`, `definition`,
    `parent`, `settings` or `default`.
    """

    agent: str
    prompt: str
    description: str
    instructions: str
    prompt_mode: PromptMode = PromptMode.REPLACE
    tools: ToolSelection = ToolSelection()
    model: str = ""
    limits: Limits = Limits()
    output_schema: Mapping[str, Any] | None = None
    runner: str = "native"
    cwd: str
    project: str
    user: str = ""
    source: DefinitionSource | None = None
    decided: Mapping[str, str] = {}
