"""What a file says about a kind of agent. How it is written, and in which folders, is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from subagents.spec import Base, CommandLine, DefinitionSource, OnInvalid, PromptMode, ToolSelection

SHOWN = 60  # characters of what somebody wrote that a sentence about it repeats


class Scope(StrEnum):
    """Whose folder a definition came from. A later one replaces an earlier one of the same name, wholly."""

    PACKAGED = "packaged"
    USER = "user"
    PROJECT = "project"


class Dialect(StrEnum):
    """The tool whose way of writing a definition follows."""

    OWN = "subagents"
    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"
    OPENCODE = "opencode"
    PI = "pi"
    AGENTS = "agents"
    COPILOT = "copilot"


class Isolation(StrEnum):
    """Where an agent's files live. `off` is a decision too: it beats a caller's `worktree`."""

    WORKTREE = "worktree"
    OFF = "off"


class MemoryScope(StrEnum):
    """Whose memory an agent reads and writes."""

    USER = "user"
    PROJECT = "project"
    LOCAL = "local"


class Sandbox(StrEnum):
    """What an agent's commands may write."""

    READ_ONLY = "read-only"
    WORKSPACE_WRITE = "workspace-write"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentDefinition:
    """One kind of agent. None and "" mean that the file leaves it to others, which is not the same as a no.

    `model` "" inherits. `max_turns` 0 is no limit. `color` is `#RRGGBB`. `subagents` are the types it may start: None
    for any (where its tools let it start some), () for none. `skills` True are all, a tuple those put into its
    prompt. `runner` is a command line, or the name of a runner, "" for our own loop. `body` is what the agent reads as
    its role, trimmed.
    """

    name: str
    description: str
    display_name: str = ""
    color: str = ""
    capabilities: tuple[str, ...] = ()
    enabled: bool = True
    body: str = ""
    prompt_mode: PromptMode = PromptMode.REPLACE
    # what it may use
    tools: ToolSelection = field(default_factory=ToolSelection)
    subagents: tuple[str, ...] | None = None
    isolated: bool | None = None
    permission_mode: str = ""
    sandbox: Sandbox | None = None
    # who answers, and how long
    model: str = ""
    thinking: str = ""
    max_turns: int | None = None
    max_seconds: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    output_schema: Mapping[str, Any] | None = None
    corrections: int | None = None
    on_invalid: OnInvalid | None = None
    runner: CommandLine | str = ""
    # what it is given, and what is kept of it
    skills: bool | tuple[str, ...] | None = None
    memory: MemoryScope | None = None
    mcp_servers: Mapping[str, Any] | None = None
    hooks: Mapping[str, Any] | None = None
    gate: Mapping[str, Any] | str | None = None
    inherit_context: bool | None = None
    isolation: Isolation | None = None
    base: Base | None = None
    run_in_background: bool | None = None
    persist_session: bool | None = None
    session_dir: str = ""
    output_transcript: bool | None = None
    # where it is written
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
