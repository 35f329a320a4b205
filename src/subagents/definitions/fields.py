"""The front matter's keys, each declared once: how it is read, what it means, whether it has an effect yet.

This is the one table of what is enforced now and what is not: `later` says so for each key, `restrictions.py` what an
agent goes without until then. The parser and the README's table are drawn from it. Files are not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from subagents.definitions.colours import a_colour
from subagents.definitions.model import Isolation, MemoryScope, Sandbox
from subagents.definitions.runner_line import a_runner
from subagents.definitions.servers import servers_written
from subagents.definitions.tool_lists import denied_tools, listed_tools
from subagents.definitions.values import (
    BadValue,
    Written,
    a_count,
    a_mapping,
    a_name,
    a_schema,
    all_or_names,
    dollars,
    either,
    few_corrections,
    mapping_or_words,
    one_of,
    plain_names,
    seconds,
    words,
    yes_or_no,
)
from subagents.language import _
from subagents.spec import Base, OnInvalid, PromptMode

#: What `inherit_context` is for, in the same words wherever it stands.
ISOLATES = "made from the current state at HEAD; its work is kept on a branch; a repository with a commit is required"
SEES_HISTORY = "the agent then sees the chat history; recommended for questions that need current context"

#: How hard a model thinks, the least first.
THINKING = ("off", "minimal", "low", "medium", "high", "xhigh", "max")


class PermissionMode(StrEnum):
    """What is asked before a tool is used, in Claude Code's words."""

    DEFAULT = "default"
    ACCEPT_EDITS = "acceptEdits"
    PLAN = "plan"
    DONT_ASK = "dontAsk"
    BYPASS = "bypassPermissions"


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `read` answers None for "not decided"; `values`, `means` and `absent` are Markdown for the README.

    Without an essential one's value the file is not used: it restricts the agent, or says what to call it, and going
    on without it would widen what the file allows or may cost. `instead` is the most narrow value, which one that
    cannot be read is taken for where there is one. `later` is None where the key has its effect, else it says of a
    value whether it asks for something that comes with a later version; `until` is how it is meanwhile.
    """

    key: str
    read: Callable[[Written], Any]
    values: str
    means: str
    absent: str
    essential: bool = False
    instead: Any = None
    later: Callable[[Any], bool] | None = None
    until: str = ""

    @property
    def restricts(self) -> bool:
        """Whether reading less of it than is written would allow more."""
        return self.essential or self.instead is not None


# --- readers of one key


def a_model(written: Written) -> str | None:
    model = words(written)
    return None if model is not None and model.lower() == "inherit" else model


def a_thinking_level(written: Written) -> str | None:
    """A level, in lower case. One that nobody knows is passed on all the same: the provider may know it."""
    level = "off" if written.value is False else words(written)
    if level is None or level.lower() in THINKING:
        return level and level.lower()
    message = _("must be {choices}, not {value}; it is passed on as it is")
    raise BadValue(message.format(choices=either(THINKING), value=written), kept=level)


def a_memory_scope(written: Written) -> MemoryScope | None:
    nothing = written.value is False or str(written.value).strip().lower() in ("none", "off")
    return None if nothing else one_of(MemoryScope)(written)


def an_isolation(written: Written) -> Isolation | None:
    if written.value is False:
        return Isolation.OFF
    return one_of(Isolation, none=Isolation.OFF, no=Isolation.OFF, false=Isolation.OFF)(written)


def a_sandbox(written: Written) -> Sandbox | None:
    if written.value is False:
        return Sandbox.OFF
    also = {"dangerfullaccess": Sandbox.OFF, "none": Sandbox.OFF}
    return one_of(Sandbox, **also)(written)


def _no(value: object) -> bool:
    return value is False


def _yes(value: object) -> bool:
    return bool(value)


def _loosens(mode: object) -> bool:
    return mode in (PermissionMode.ACCEPT_EDITS, PermissionMode.BYPASS)


def _never(_value: object) -> bool:
    """For a key that is told with what it takes away, and asks for nothing where it takes nothing."""
    return False


# --- the table

_YES_NO = "`true`, `false`"

FIELDS: tuple[Field, ...] = (
    Field("name", a_name, "text without a colon", "what it is called by", "the file's name", essential=True),
    Field("description", words, "text", "when to use it; shown to models", "the name"),
    Field("display_name", words, "text", "what people see instead of the name", "the name"),
    Field("color", a_colour, 'a name such as `purple`, or `"#8B5CF6"`', "its badge's colour", "none"),
    Field("capabilities", plain_names, "words", "what it can do, for `subagents agents match`", "none"),
    Field("enabled", yes_or_no, _YES_NO, "`false` takes it out", "`true`"),
    Field(
        "tools",
        listed_tools,
        "of `read write edit bash grep find ls`; `all`, `none`; `ext:provider`, `ext:provider/tool`; `Agent`, "
        "`Agent(type)`",
        "the tools it may use; one `ext:` entry makes them the only tools of providers",
        "the seven, and all tools of providers",
        essential=True,
    ),
    Field("disallowed_tools", denied_tools, "names", "never these; it beats `tools`", "none", essential=True),
    Field(
        "extensions",
        all_or_names,
        "`true`, `false`, names",
        "the tool providers that are brought in",
        "`true`: all",
        instead=(),
    ),
    Field(
        "exclude_extensions",
        plain_names,
        "names",
        "providers that are not, whatever `extensions` says",
        "none",
        essential=True,
    ),
    Field(
        "isolated",
        yes_or_no,
        _YES_NO,
        "only tools of our own: no providers, no agents",
        "the caller's choice",
        instead=True,
    ),
    Field(
        "allowed_subagents",
        all_or_names,
        "names, `all`, `none`",
        "the agents it may start; gives it the tools for that",
        "none, unless `tools` names `Agent`",
        instead=(),
    ),
    Field(
        "model",
        a_model,
        "a model's name, `inherit`",
        "what answers",
        "the caller's or parent's, or the setting's",
    ),
    Field(
        "thinking",
        a_thinking_level,
        ", ".join(f"`{level}`" for level in THINKING),
        "how hard the model thinks",
        "the parent's",
    ),
    Field(
        "prompt_mode",
        one_of(PromptMode),
        "`replace`, `append`",
        "`append` follows the project's AGENTS.md and CLAUDE.md",
        "`replace`",
    ),
    Field(
        "output_schema",
        a_schema,
        "a JSON Schema, as a mapping or JSON text",
        "what the answer must fit",
        "free text",
        essential=True,
    ),
    Field(
        "max_turns",
        a_count,
        "a whole number, 0 for no limit",
        "asked to finish after so many turns",
        "the setting",
    ),
    Field(
        "max_seconds",
        seconds,
        "a number above 0",
        "asked to finish after 80 % of so many seconds, stopped at all of them",
        "no limit",
        essential=True,
    ),
    Field(
        "max_tokens",
        a_count,
        "a whole number, 0 for no limit",
        "asked to finish at 80 % of so many tokens, stopped at all of them",
        "the setting",
        essential=True,
    ),
    Field(
        "max_cost",
        dollars,
        "US dollars, 0 for no limit",
        "asked to finish at 80 % of it, stopped at all of it",
        "the setting",
        essential=True,
    ),
    Field(
        "corrections",
        few_corrections,
        "a whole number from 0 to 5",
        "how often it is asked again when its answer does not fit `output_schema`",
        "the setting",
    ),
    Field(
        "on_invalid",
        one_of(OnInvalid),
        "`fail`, `keep`",
        "what follows when no correction is left: it failed, or its answer is kept and said not to fit",
        "`fail`",
    ),
    Field(
        "runner",
        a_runner,
        "a runner's name, or a mapping of `command`, `resume`, `output`, `environment`",
        "the program that is run as the agent; gets its prompt in `{prompt}`, in `{prompt_file}`, or on standard input",
        "our own loop",
        essential=True,
    ),
    Field(
        "permission_mode",
        one_of(PermissionMode),
        ", ".join(f"`{mode}`" for mode in PermissionMode),
        "what is asked before a tool is used; `plan` and `dontAsk` take `write`, `edit`, `bash` and "
        "providers' tools away until then",
        "`default`",
        instead=PermissionMode.PLAN,
        later=_loosens,
    ),
    Field(
        "sandbox",
        a_sandbox,
        "`read-only`, `workspace-write`, `off`",
        "what its commands may write; `read-only` takes `write`, `edit`, `bash` and providers' tools away until then, "
        "`workspace-write` the latter two",
        "`off`",
        instead=Sandbox.READ_ONLY,
        later=_never,
    ),
    Field(
        "gate",
        mapping_or_words,
        "a command, or a mapping",
        "what must agree before its work counts; takes `write`, `edit`, `bash` and providers' tools away until then",
        "none",
        essential=True,
        later=_yes,
    ),
    Field(
        "hooks",
        a_mapping,
        "a mapping by event",
        "commands at named moments; one before tool calls takes the tools it is for away until then",
        "none",
        essential=True,
        later=_yes,
    ),
    Field(
        "mcp_servers",
        servers_written,
        "a mapping by name of `command`, `args`, `env`, or of `url`, `headers`; or a list of these and of names",
        "MCP servers whose tools it may use, where `tools` admits them",
        "those of `.mcp.json` and of your own `mcp.json`",
    ),
    Field(
        "skills",
        all_or_names,
        "`true`, `false`, names",
        "skills put into its prompt; with `true` it is told which there are and reads them itself",
        "`true`",
    ),
    Field(
        "memory",
        a_memory_scope,
        "`user`, `project`, `local`",
        "whose memory it reads, and adds to if it may write or edit files",
        "none",
    ),
    Field(
        "inherit_context",
        yes_or_no,
        _YES_NO,
        f"begins with its parent's conversation: {SEES_HISTORY}",
        "the caller's choice",
    ),
    Field(
        "isolation",
        an_isolation,
        "`worktree`, `off`",
        f"a git worktree of its own: {ISOLATES}; `off` beats the caller's `worktree`",
        "the caller's choice",
    ),
    Field(
        "base",
        one_of(Base),
        "`head`, `default-branch`, `snapshot`",
        "what its worktree begins with: the commit, the default branch's, or the commit with your uncommitted work",
        "the setting",
    ),
    Field(
        "run_in_background",
        yes_or_no,
        _YES_NO,
        "whether its parent goes on meanwhile; one in the foreground ends with its parent",
        "the caller's choice",
    ),
    Field("persist_session", yes_or_no, _YES_NO, "whether its conversation is kept", "`true`", later=_no),
    Field("session_dir", words, "a folder", "where its conversation is kept", "the state folder", later=_yes),
    Field(
        "output_transcript",
        yes_or_no,
        _YES_NO,
        "whether its transcript is written as a file too",
        "the setting",
    ),
)

KEYS = tuple(field.key for field in FIELDS)
BY_KEY = {field.key: field for field in FIELDS}
