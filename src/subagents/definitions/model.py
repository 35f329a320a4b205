"""What a Markdown file says about a kind of agent. How it is written, and in which folders, is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from subagents.spec import DefinitionSource, PromptMode, ToolSelection

SHOWN = 60  # characters of what somebody wrote that a sentence about it repeats


class Scope(StrEnum):
    """Whose folder a definition came from. A later one replaces an earlier one of the same name, wholly."""

    PACKAGED = "packaged"
    USER = "user"
    PROJECT = "project"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentDefinition:
    """One kind of agent. None and "" mean that the file leaves it to others, which is not the same as a no.

    `model` "" inherits. `max_turns` 0 is no limit. `body` is what the agent reads as its role, trimmed.
    """

    name: str
    description: str
    tools: ToolSelection = field(default_factory=ToolSelection)
    model: str = ""
    max_turns: int | None = None
    max_seconds: float | None = None
    prompt_mode: PromptMode = PromptMode.REPLACE
    output_schema: Mapping[str, Any] | None = None
    enabled: bool = True
    body: str = ""
    source: DefinitionSource | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a definition file that a person should know. The sentence says what would have worked.

    `line` counts from 1; None is for the file as a whole. `key` is the front matter's, "" when it is about none.
    """

    path: str
    line: int | None
    message: str
    key: str = ""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of one file. Without a definition there is at least one problem.

    `name` is what the file would have been called by, also when it cannot be used; "" when that is the trouble.
    """

    definition: AgentDefinition | None
    problems: tuple[Problem, ...]
    source: DefinitionSource
    name: str = ""
