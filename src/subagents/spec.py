"""What was asked (`SpawnRequest`) and what was made of it (`RunSpec`). Where the values came from is not known here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from subagents.ids import RunId

MAX_CORRECTIONS = 5  # of an answer that does not fit its schema; each costs a turn


#: The runner of a run that stands for an agent outside, which reports of its work: nobody here executes it.
REPORTED = "reported"


class AskedBy(StrEnum):
    """Who wants a run. A person or a program overrules the definition's file, a model does not."""

    PERSON = "person"
    PROGRAM = "program"
    MODEL = "model"
    SCHEDULE = "schedule"


class Base(StrEnum):
    """What a worktree begins with: the commit that is checked out, the newest of the default branch as it is known
    here, or what is checked out with all of the user's uncommitted work."""

    HEAD = "head"
    DEFAULT_BRANCH = "default-branch"
    SNAPSHOT = "snapshot"


class PromptMode(StrEnum):
    """`replace`: the definition's text is the whole role. `append`: it comes after the project's instructions."""

    REPLACE = "replace"
    APPEND = "append"


class OnInvalid(StrEnum):
    """What becomes of a run whose answer does not fit its output schema, when no correction is left."""

    FAIL = "fail"
    KEEP = "keep"


SERVER_PREFIX = "mcp__"  # begins the name of a provider whose tools are those of an MCP server
EVERY_SERVER = f"{SERVER_PREFIX}*"


class ProviderRule(msgspec.Struct, frozen=True):
    """Which tools of tool providers (extensions) may be seen.

    `included` and `excluded` name providers, in any case and kept in lower case; `included` None is all of them, and
    `excluded` wins, in which `mcp__*` is every MCP server. `selected` None is every tool of those; else it holds
    `provider` and `provider/tool` entries, of which one that names a tool, exactly as it is spelled, narrows its
    provider, whatever else selects it. A provider that is not included is not brought in by selecting it.
    """

    included: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    selected: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.included is not None:
            msgspec.structs.force_setattr(self, "included", _names(self.included))
        msgspec.structs.force_setattr(self, "excluded", _names(self.excluded))
        if self.selected is not None:
            entries = (_selector(entry) for entry in self.selected)
            msgspec.structs.force_setattr(self, "selected", tuple(dict.fromkeys(filter(None, entries))))

    def includes(self, provider: str) -> bool:
        name = provider.lower()
        return (self.included is None or name in self.included) and not self._excludes(name)

    def _excludes(self, name: str) -> bool:
        return name in self.excluded or (EVERY_SERVER in self.excluded and name.startswith(SERVER_PREFIX))

    def reaches(self, provider: str) -> bool:
        """Whether any of the provider's tools could be seen, whatever they are called."""
        if not self.includes(provider) or self.selected is None:
            return self.includes(provider)
        return any(entry.partition("/")[0] == provider.lower() for entry in self.selected)

    def admits(self, provider: str, tool: str) -> bool:
        if not self.includes(provider) or self.selected is None:
            return self.includes(provider)
        name = provider.lower()
        narrowed = any(entry.startswith(f"{name}/") for entry in self.selected)
        return (f"{name}/{tool}" if narrowed else name) in self.selected


class ToolSelection(msgspec.Struct, frozen=True):
    """Which tools a run may see: all of our own when `names` is None, else these, and never the `denied`.

    Of other providers' tools those that every one of `providers` admits, and never the `denied`, which names them as
    `tool`, as `provider/tool` or as `provider__tool`. What is denied is denied in any case of its letters.
    """

    names: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()
    providers: tuple[ProviderRule, ...] = ()

    def allows(self, name: str) -> bool:
        return (self.names is None or name in self.names) and not self.denies(name)

    def denies(self, *names: str) -> bool:
        """Whether one of a tool's names is denied. Files of other tools spell the same one as they like: `Bash`."""
        denied = {name.casefold() for name in self.denied}
        return any(name.casefold() in denied for name in names)

    def admits(self, provider: str, tool: str) -> bool:
        """Whether a tool of a provider may be seen. Asked at each call too, for tools that come late."""
        # By all its names, whatever a model calls it here: that depends on which other providers a run can see, and
        # what a parent may not use under one name its child is not to find under another.
        denied = self.denies(tool, f"{provider}/{tool}", qualified(provider, tool))
        return not denied and all(rule.admits(provider, tool) for rule in self.providers)

    def reaches(self, provider: str) -> bool:
        """Whether any tool of a provider could be seen; one that cannot be reached need not be loaded."""
        return all(rule.reaches(provider) for rule in self.providers)

    def among(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """The allowed ones of `known`, in their order."""
        return tuple(name for name in known if self.allows(name))


def qualified(provider: str, tool: str) -> str:
    """What a model calls a tool whose own name is taken: `provider__tool`, in letters that every model takes."""
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', provider, flags=re.ASCII)}__{tool}"


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip()))


def _selector(entry: str) -> str:
    """`provider` or `provider/tool`, split at the first slash; "" for one without a provider."""
    provider, _, tool = entry.strip().partition("/")
    name = provider.strip().lower()
    return f"{name}/{tool}" if name and tool else name


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one episode may use. None is no limit.

    `max_seconds` is wall time without queue and pauses, `max_tokens` counts as `ModelUsage.tokens` does, `max_cost`
    is in US dollars. A child's use is not its parent's here.
    """

    max_turns: int | None = None
    grace_turns: int = 5
    max_seconds: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """How a program is run as an agent (`runner: {command: …}` in a definition).

    `command` and `resume` are argument lists with placeholders (`{prompt}`, `{prompt_file}`, `{role}`, `{model}`,
    `{session}`, `{schema}`, `{schema_file}`, `{thinking}`, `{folder}`); a prompt without a place goes to standard
    input. `resume` is used where the program gave its session a name before. `output` names a ready table of how to
    read what it prints, or is one; `text` is the answer as it is. `environment` are the variables it may see beside
    the few that every program needs.
    """

    command: tuple[str, ...]
    resume: tuple[str, ...] = ()
    output: str | Mapping[str, Any] = "text"
    environment: tuple[str, ...] = ()


class SpawnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One wish for a run, as it came through a door. None and "" mean: not decided by the caller.

    `output_schema` is a JSON Schema, as an object or as its JSON text; "" asks for free text even where the
    definition has a schema. `isolation` is `worktree` for a git worktree of its own, which begins with `base`: `head`,
    `default-branch` or `snapshot`; `off` is the folder itself. `corrections` is how often the agent is asked again when
    its answer does not fit, 0 to 5, and `on_invalid` what follows then. `background` False is for a run that its parent
    waits for: it ends with it. `inherit_context` begins with the parent's conversation; `context` is what a parent that
    is no run here passes on of its own, as text, and by itself asks to inherit that. `request_id` makes a repeated
    request get the first answer. With `trust` a person or program trusts the definition's file as it is now, for this
    run.
    """

    prompt: str
    agent: str = ""
    description: str = ""
    name: str = ""
    model: str = ""
    thinking: str = ""
    max_turns: int | None = None
    max_seconds: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    isolated: bool | None = None
    isolation: str = ""
    base: str = ""
    cwd: str = ""
    output_schema: Mapping[str, Any] | str | None = None
    corrections: int | None = None
    on_invalid: OnInvalid | None = None
    background: bool | None = None
    inherit_context: bool | None = None
    context: str = ""
    parent: RunId | None = None
    asked_by: AskedBy = AskedBy.PROGRAM
    request_id: str = ""
    trust: bool = False


class MemoryUse(msgspec.Struct, frozen=True):
    """What a run may do with its agent's memory: whose it is (`project`, `local`, `user`), whether it may add to it.
    `lent` are tools that it has for the memory's folder alone, because its definition does not give them."""

    scope: str
    writes: bool = False
    lent: tuple[str, ...] = ()


class DefinitionSource(msgspec.Struct, frozen=True):
    """Which file a run's definition came from. `digest` is the SHA-256 of its bytes, in hexadecimal; `dialect` the
    tool whose way of writing it follows, `subagents` for our own."""

    path: str
    digest: str
    scope: str
    dialect: str = "subagents"


class Inherited(msgspec.Struct, frozen=True, kw_only=True):
    """What a run begins with of a conversation that was there before it.

    It stands at the beginning of the run's own messages, the first `messages` of them, so no fact repeats it. `run` is
    whose it was, None for a text that came with the call, and `until` the number of the last message of that run which
    was there then. It has about so many `tokens`; `left_out` counts what of its messages, the oldest, was too much.
    """

    run: RunId | None = None
    until: int = 0
    messages: int = 0
    tokens: int = 0
    left_out: int = 0


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides how a run runs, so that resuming it does not depend on files that changed since.

    `decided` says for each value that had several sources which one won: `caller`, `definition`,
    `parent`, `settings` or `default`. `model` is what answers, by its exact name, and `asked_model` what was asked
    for. `display_name` and `color` (`#RRGGBB`) are how people see it, "" where its file does not say.
    `isolation` is `worktree` or `off`, and `base` what a worktree begins with.
    `subagents` are the only types it may start, None for any. `notes` are sentences for whoever asked, about what
    is not as asked. `mcp_servers` are the MCP servers that the definition describes, as it is written: variables by
    name. `servers_file` is the project's file of servers as it was allowed, None where it is not used. `skills` True
    are all it may look up, a tuple those put into its prompt. `memory` None is none. `inherited` is None for a run that
    begins with its prompt alone.
    """

    agent: str
    prompt: str
    description: str
    instructions: str
    prompt_mode: PromptMode = PromptMode.REPLACE
    tools: ToolSelection = ToolSelection()
    model: str = ""
    asked_model: str = ""
    display_name: str = ""
    color: str = ""
    thinking: str = ""
    limits: Limits = Limits()
    output_schema: Mapping[str, Any] | None = None
    corrections: int = 0
    on_invalid: OnInvalid = OnInvalid.FAIL
    background: bool = True
    subagents: tuple[str, ...] | None = None
    runner: str = "native"
    command: CommandLine | None = None
    output_transcript: bool = True
    isolation: str = "off"
    base: str = ""
    cwd: str
    project: str
    user: str = ""
    source: DefinitionSource | None = None
    decided: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    mcp_servers: Mapping[str, Any] = {}
    servers_file: DefinitionSource | None = None
    skills: bool | tuple[str, ...] = False
    memory: MemoryUse | None = None
    inherited: Inherited | None = None
