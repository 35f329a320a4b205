"""Gemini CLI: `.gemini/agents/*.md` with YAML front matter; the body is the role.

Source: Gemini CLI documentation, "Subagents" and "Remote subagents", and its own reader of agent files. `tools` left
out is all of the session's, `model` left out or `inherit` is the session's; an agent never starts others. Files that
begin with `_` are none, and neither are agents of another machine (`kind: remote`).
"""

from __future__ import annotations

import math

from subagents.definitions.dialects.base import Translated, Translation, Vocabulary
from subagents.definitions.dialects.markdown import Opened
from subagents.definitions.dialects.tools import (
    AGENTS,
    ASK,
    NONE,
    PLAN,
    SKILL,
    WEB,
    Names,
    listed_names,
    take_tools,
)
from subagents.definitions.frontmatter import BadFrontMatter
from subagents.definitions.tool_names import FETCH
from subagents.definitions.values import number
from subagents.language import _

_TOOLS: Names = {
    "read_file": ("read",),
    "read_many_files": ("read",),
    "write_file": ("write",),
    "replace": ("edit",),
    "edit": ("edit",),
    "run_shell_command": ("bash",),
    "glob": ("find",),
    "grep_search": ("grep",),
    "search_file_content": ("grep",),
    "list_directory": ("ls",),
    "web_fetch": (FETCH,),
    "google_web_search": WEB,
    "save_memory": "an agent with `memory` in a file of ours writes files of its own",
    "activate_skill": SKILL,
    "write_todos": PLAN,
    "enter_plan_mode": PLAN,
    "exit_plan_mode": PLAN,
    "ask_user": ASK,
    "get_internal_docs": NONE,
    "update_topic": NONE,
    "codebase_investigator": AGENTS,
    "cli_help": AGENTS,
    "generalist": AGENTS,
    "mcp_*": "name the servers one by one, as mcp_server_*",
}


def translated(text: str) -> Translated:
    opened = Opened(text)
    _refuse_remote(opened.translation)
    return opened.by(GEMINI)


def _refuse_remote(translation: Translation) -> None:
    theirs = translation.theirs
    kind = translation.text("kind")
    if kind == "remote" or (not kind and "agent_card_url" in theirs.values):
        line = theirs.lines.get("kind") or theirs.lines.get("agent_card_url")
        raise BadFrontMatter(_("an agent on another machine (`kind: remote`) cannot be run here"), line)
    if kind not in ("", "local"):
        message = _("`kind` must be local, not {kind!r}").format(kind=kind[:60])
        raise BadFrontMatter(message, theirs.lines.get("kind"))


def _tools(translation: Translation) -> None:
    if (names := listed_names(translation, "tools")) is not None:
        take_tools(translation, "tools", names, _TOOLS, _provider)


def _provider(name: str) -> str | None:
    """`mcp_server_tool`, where a server's name holds no underscore; `server__tool` in older files.

    Tools of every server (`mcp_*`) are none in particular, so they are not known here.
    """
    named = name.removeprefix("mcp_")
    server, _, tool = named.partition("__") if "__" in named else named.partition("_")
    if (named == name and "__" not in name) or not server or not tool or "*" in server:
        return None
    return f"mcp__{server}" if tool == "*" else f"mcp__{server}__{tool}"


def _minutes(translation: Translation) -> None:
    minutes = number(translation.value("timeout_mins"))
    if minutes is not None and 0 < minutes < math.inf:
        translation.put("max_seconds", minutes * 60, "timeout_mins")
    elif translation.value("timeout_mins") is not None:
        message = _("`timeout_mins` must be a number of minutes above 0")
        translation.refuse("timeout_mins", message)


def _turns(translation: Translation) -> None:
    """Gemini CLI has no agent without a limit, so 0 is not ours, which is none."""
    if number(translation.value("max_turns")) == 0:
        translation.tell("max_turns", _("`max_turns` must be a whole number above 0"))
    else:
        translation.keep("max_turns", "max_turns")


def _policy(translation: Translation) -> None:
    if translation.value("policy") in (None, {}, []):
        return
    message = _("until permission rules exist, `policy` leaves this agent without tools")
    translation.tell("policy", message)
    translation.put("tools", [], "policy")
    translation.put("extensions", False, "policy")


GEMINI = Vocabulary(
    tool="Gemini CLI",
    ours={
        "name": "name",
        "description": "description",
        "display_name": "display_name",
        "model": "model",
        "mcp_servers": "mcp_servers",
        "mcpServers": "mcpServers",
    },
    read={"tools": _tools, "max_turns": _turns, "timeout_mins": _minutes, "policy": _policy},
    lost={
        "temperature": "how varied answers are is the model's default",
        "top_p": "how varied answers are is the model's default",
    },
    elsewhere=("kind",),
    restricting=("tools", "policy", "timeout_mins"),
)
