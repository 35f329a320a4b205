"""The names of tools: our own, and what another tool's names mean here. One table, from which the README's is made."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from subagents.definitions.model import SHOWN
from subagents.spec import SERVER_PREFIX

#: The tools of our own that an agent has unless its file says otherwise.
OWN_TOOLS = ("read", "write", "edit", "bash", "grep", "find", "ls")

#: Those of them that can change something; who is only to look goes without.
CHANGING = ("write", "edit", "bash")

#: What starts other agents, and what follows those.
START = "Agent"
START_MANY = "start_agents"
DELEGATING = (
    START,
    START_MANY,
    "get_subagent_result",
    "steer_subagent",
    "stop_subagent",
    "pause_subagent",
    "unpause_subagent",
    "list_subagents",
    "clear_subagents",
    "list_models",
)


#: What gets a page of the web; only who names it has it.
FETCH = "fetch"

#: All tools that are ours.
OURS = (*OWN_TOOLS, FETCH, *DELEGATING)


@dataclass(frozen=True, slots=True)
class ToolName:
    """What a tool of Claude Code is here: `ours` is our name for it, "" where there is none."""

    name: str
    ours: str
    remark: str = ""


#: Names from Claude Code's reference of tools and its older versions (https://code.claude.com/docs/en/tools-reference).
CLAUDE_TOOLS: tuple[ToolName, ...] = (
    ToolName("Read", "read"),
    ToolName("Write", "write"),
    ToolName("Edit", "edit"),
    ToolName("MultiEdit", "edit", "several replacements are several calls"),
    ToolName("Bash", "bash"),
    ToolName("Grep", "grep"),
    ToolName("Glob", "find"),
    ToolName("LS", "ls"),
    ToolName("Agent", START, "brings the tools that follow what it starts"),
    ToolName("Task", START, "the older name of `Agent`"),
    ToolName("TaskOutput", "get_subagent_result"),
    ToolName("AgentOutputTool", "get_subagent_result"),
    ToolName("TaskStop", "stop_subagent"),
    ToolName("SendMessage", "steer_subagent"),
    ToolName("WebFetch", FETCH, "it answers with the text itself, and follows no prompt"),
    ToolName("WebSearch", "", "an MCP server or a tool of your own can do it"),
    ToolName("TodoWrite", ""),
    ToolName("TodoRead", ""),
    ToolName("TaskCreate", "", "a list of things to do, not agents"),
    ToolName("TaskGet", ""),
    ToolName("TaskList", ""),
    ToolName("TaskUpdate", ""),
    ToolName("NotebookEdit", "", "notebooks are JSON files to `edit`"),
    ToolName("NotebookRead", "", "notebooks are JSON files to `read`"),
    ToolName("BashOutput", "", "`bash` answers when the command has ended"),
    ToolName("KillShell", ""),
    ToolName("KillBash", ""),
    ToolName("PowerShell", ""),
    ToolName("Monitor", ""),
    ToolName("LSP", ""),
    ToolName("Skill", "", "skills are files that `read` reads; `skills` says which"),
    ToolName("SlashCommand", ""),
    ToolName("ToolSearch", ""),
    ToolName("AskUserQuestion", "", "an agent asks its parent, in its answer"),
    ToolName("EnterPlanMode", ""),
    ToolName("ExitPlanMode", ""),
    ToolName("EnterWorktree", "", "`isolation` is the file's, not the agent's choice"),
    ToolName("ExitWorktree", ""),
    ToolName("CronCreate", ""),
    ToolName("CronDelete", ""),
    ToolName("CronList", ""),
    ToolName("ListMcpResourcesTool", ""),
    ToolName("ReadMcpResourceTool", ""),
)

#: What people and other tools call a tool of ours. It takes the tool away where it is forbidden, and never gives it.
_SAME = {
    "bash": "shell sh zsh terminal console exec execute command commands run cmd local_shell",
    "bash ": "shell_tool shell_command run_command run_commands run_shell_command execute_command run_in_terminal",
    "read": "view cat open open_file view_file",
    "write": "create create_file new_file save_file",
    "edit": "patch apply_patch replace modify str_replace editor",
    "find": "find_files search_files",
    "grep": "search ripgrep rg search_file_content",
    "ls": "list dir list_directory list_files list_dir",
    FETCH: "web_fetch webfetch fetch_url get_url http_get curl",
    START: "subagent subagents spawn delegate",
}
_SYNONYMS = {word: ours.strip() for ours, words in _SAME.items() for word in words.split()}

_OURS = {name.lower(): name for name in OURS}
_KNOWN = {each.name.lower(): each.ours for each in CLAUDE_TOOLS} | _OURS


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z]+")


def our_name(name: str) -> str | None:
    """Our name of a tool, whatever its case; "" where it has no equivalent here, None where nobody knows it."""
    return _KNOWN.get(name.lower())


def tools_like(pattern: str) -> tuple[str, ...]:
    """Our tools that a pattern with `*` and `?` is about, by our names and by others', whatever their case."""
    found = filter(None, (_KNOWN[name] for name in fnmatch.filter(_KNOWN, pattern.lower())))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1000)  # the same ones recur from file to file
def nearest_tool(name: str) -> str | None:
    """Our tool that was probably meant."""
    if len(name) > SHOWN:
        return None
    found = get_close_matches(name.lower(), _KNOWN, n=5, cutoff=0.7)
    return next((ours for near in found if (ours := _KNOWN[near])), None)


def plain(name: str) -> str:
    """A name as it looks to whoever reads it: without characters that are not seen, and full-width ones as usual."""
    seen = (one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")
    return "".join(seen).strip()


def tools_named(name: str) -> tuple[str, ...]:
    """Our tools whose names are words of a name that nobody knows: `bash/write` is about two."""
    words = _WORD.findall(_HUMP.sub("_", plain(name)).lower())
    return tuple(dict.fromkeys(ours for word in words if (ours := _KNOWN.get(word))))


def tool_called(name: str) -> str | None:
    """Our tool that somebody else calls so, or that is misspelled so."""
    folded = _HUMP.sub("_", plain(name)).replace("-", "_").lower()
    return _KNOWN.get(folded) or _SYNONYMS.get(folded) or nearest_tool(plain(name))


@lru_cache(maxsize=1000)  # the same ones recur from file to file
def tools_meant(name: str) -> tuple[str, ...]:
    """Our tools that a name which nobody knows may mean: all that are to go where it is forbidden."""
    called = tool_called(name)
    return tools_named(name) or (() if called is None else (called,))


# --- more than a name


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list of tools. `argument` is what stands in parentheses behind the name, None without them."""

    text: str
    name: str
    argument: str | None = None

    @property
    def restricted(self) -> bool:
        """Whether it is about some uses of the tool only. `Bash(*)` and `Bash()` are about all."""
        return self.argument is not None and self.argument not in ("", "*", "**", ":*")


def entry(text: str) -> Entry:
    """`Bash(git *)` is `Bash` with the argument `git *`; a parenthesis that is never closed reaches to the end."""
    name, found, argument = text.partition("(")
    if not found:
        return Entry(text, text)
    return Entry(text, name.strip(), argument.rstrip().removesuffix(")").strip())


def provider_entry(name: str) -> str | None:
    """A tool provider, or one tool of it, as `provider` or `provider/tool`; None where it is about neither.

    `ext:provider/tool` says so itself, and `ext:` alone is "". The server of `mcp__server__tool` is the provider
    `mcp__server`: `mcp__server`, `mcp__server__*` and `ext:mcp__server` are the same. Providers are in lower case.
    """
    if name.lower().startswith("ext:"):
        provider, _, tool = name[4:].strip().partition("/")
        provider, tool = provider.strip().lower(), tool.strip()
        return f"{provider}/{tool}" if provider and tool else provider
    if name.lower().startswith(SERVER_PREFIX):
        server, _, tool = name[len(SERVER_PREFIX) :].partition("__")
        provider = SERVER_PREFIX + server.lower()
        return f"{provider}/{tool}" if tool not in ("", "*") else provider
    return None


def spelling_table() -> str:
    """The Markdown table of Claude Code's tools and what they are here; those without an equivalent in one row."""
    rows = [f"| `{one.name}` | `{one.ours}` | {one.remark} |" for one in CLAUDE_TOOLS if one.ours]
    rows += [f"| {name} | {ours} | {remark} |" for name, ours, remark in _FORMS]
    rows += [f"| `{one.name}` | no equivalent | {one.remark} |" for one in CLAUDE_TOOLS if _said(one)]
    rest = ", ".join(f"`{one.name}`" for one in CLAUDE_TOOLS if not one.ours and not one.remark)
    rows.append(f"| {rest} | no equivalent | |")
    head = ("| In the file | Here | Remark |", "|---|---|---|")
    return "\n".join((*head, *(row.replace("|  |", "| |") for row in rows)))


def _said(one: ToolName) -> bool:
    return not one.ours and bool(one.remark)


#: What is written around names, in Markdown.
_FORMS = (
    ("`Agent(type)`, `Task(a, b)`", "`Agent`, and `allowed_subagents`", "only these types"),
    (
        "`Bash(git *)`, `Read(src/**)`, …",
        "no tool",
        "until permission rules exist, the whole tool is left out",
    ),
    (
        "`mcp__server__tool`, `mcp__server`",
        "`ext:mcp__server/tool`, `ext:mcp__server`",
        "the tools of the MCP server `server`",
    ),
)
