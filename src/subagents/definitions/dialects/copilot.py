"""GitHub Copilot: `.github/agents/*.agent.md` (and `*.md`) with YAML front matter; the body is the role.

Sources: GitHub documentation, "Custom agents configuration"; Visual Studio Code documentation, "Custom agent file
reference". `tools` left out is all tools, an empty list none, and names are of any case; `model` left out is the
session's, and a list of models is in the order of preference. Tools of MCP servers are `server/tool` and `server/*`.
"""

from __future__ import annotations

import re
from functools import partial

from subagents.definitions.dialects.base import Translated, Translation, Vocabulary
from subagents.definitions.dialects.markdown import Opened
from subagents.definitions.dialects.tools import ASK, NONE, PLAN, WEB, Names, listed_names, take_tools
from subagents.definitions.tool_names import FETCH, START

_LOOK = ("grep", "find", "ls")
_EDITOR = "it belongs to an editor"
_NEW_ONLY = "`write` makes new files, and replaces others too"
_PART = "a part of what `bash` does cannot be had without the rest"

#: The aliases of the GitHub documentation; the sets and tools of Visual Studio Code; what those were called before.
_NAMED: dict[str, tuple[str, ...] | str] = {
    "read": ("read",),
    "notebookread": ("read",),
    "view": ("read",),
    "edit": ("edit", "write"),
    "multiedit": ("edit",),
    "write": ("write",),
    "notebookedit": ("edit",),
    "search": _LOOK,
    "grep": ("grep",),
    "glob": ("find",),
    "execute": ("bash",),
    "shell": ("bash",),
    "bash": ("bash",),
    "powershell": ("bash",),
    "agent": (START,),
    "custom-agent": (START,),
    "task": (START,),
    "web": (FETCH,),
    "websearch": WEB,
    "webfetch": (FETCH,),
    "todo": PLAN,
    "todos": PLAN,
    "todowrite": PLAN,
    "read/readfile": ("read",),
    "edit/editfiles": ("edit",),
    "edit/createfile": _NEW_ONLY,
    "edit/createdirectory": _NEW_ONLY,
    "search/codebase": ("grep", "find"),
    "search/textsearch": ("grep",),
    "search/usages": ("grep",),
    "search/filesearch": ("find",),
    "search/listdirectory": ("ls",),
    "execute/runinterminal": ("bash",),
    "agent/runsubagent": (START,),
    "vscode/askquestions": ASK,
    "codebase": ("grep", "find"),
    "usages": ("grep",),
    "editfiles": ("edit", "write"),
    "runcommands": ("bash",),
    "runsubagent": (START,),
    "runtests": _PART,
    "runtasks": _PART,
    "fetch": (FETCH,),
    "githubrepo": WEB,
    "think": NONE,
}
_TOOLS: Names = _NAMED | dict.fromkeys(
    (
        "changes",
        "extensions",
        "findtestfiles",
        "new",
        "opensimplebrowser",
        "problems",
        "runnotebooks",
        "searchresults",
        "terminallastcommand",
        "terminalselection",
        "testfailure",
        "vscode",
        "vscodeapi",
        "browser",
    ),
    _EDITOR,
)

#: Sets whose tools are not those of an MCP server of that name, and why one that is not known above is lost.
_SETS = {
    "read": _EDITOR,
    "edit": _EDITOR,
    "search": _EDITOR,
    "execute": _PART,
    "web": WEB,
    "vscode": _EDITOR,
    "browser": _EDITOR,
    "agent": NONE,
}

_VENDOR = re.compile(r"\s*\([^()]*\)$")


def translated(text: str) -> Translated:
    return Opened(text).by(COPILOT)


def _tools(translation: Translation) -> None:
    if (listed := listed_names(translation, "tools")) is None:
        return
    names = [_whole_set(name) for name in listed]
    known = dict(_TOOLS)
    for name in names:
        group, slash, tool = name.lower().partition("/")
        if slash and group in _SETS:
            known.setdefault(f"{group}/{tool}", _SETS[group])
    take_tools(translation, "tools", names, known, _provider)


def _whole_set(name: str) -> str:
    """`read/*` is `read`."""
    group, _, tool = name.partition("/")
    return group if tool == "*" and group.lower() in _SETS else name


def _provider(name: str) -> str | None:
    server, slash, tool = name.rpartition("/")
    if not slash or not server or not tool:
        return None
    server = server.replace("/", "_")
    return f"mcp__{server}" if tool == "*" else f"mcp__{server}__{tool}"


def _model(translation: Translation) -> None:
    """The first of several; `Claude Sonnet 4.5 (copilot)` is a name with who sells it."""
    value = translation.value("model")
    models = translation.names("model") if isinstance(value, list) else [translation.text("model")]
    name = _VENDOR.sub("", models[0]) if models else ""
    if name.lower() != "auto":
        translation.put("model", name, "model")
    for other in models[1:]:
        translation.lose_part("model", other, "the first model is the one that is tried")


def _agents(translation: Translation) -> None:
    """Which agents it may start; left out it is any, and an empty list none. It gives no tool to start them with."""
    if not isinstance(translation.value("agents"), str | list):
        translation.keep("agents", "allowed_subagents")
        return
    names = translation.names("agents")
    tools = translation.front.values.get("tools")
    if names and isinstance(tools, list) and not {START, "*"} & set(tools):
        translation.lose("agents", "its tools are without the one that starts agents")
    else:
        translation.put("allowed_subagents", names or "none", "agents")


def _by_hand(key: str, usual: bool, translation: Translation) -> None:
    """Keys that say who may choose the agent."""
    value = translation.value(key)
    if isinstance(value, bool) and value is not usual:
        translation.lose(key, "people and other agents can start every agent here")


COPILOT = Vocabulary(
    tool="Copilot",
    ours={
        "name": "name",
        "description": "description",
        "mcp-servers": "mcp-servers",
        "mcpServers": "mcpServers",
        "hooks": "hooks",
    },
    read={
        "tools": _tools,
        "model": _model,
        "agents": _agents,
        "user-invocable": partial(_by_hand, "user-invocable", True),
        "user-invokable": partial(_by_hand, "user-invokable", True),
        "infer": partial(_by_hand, "infer", True),
        "disable-model-invocation": partial(_by_hand, "disable-model-invocation", False),
    },
    lost={
        "handoffs": "the next agent is whoever is started next",
        "mode": "every agent may use its tools here",
    },
    restricting=("tools", "agents", "hooks"),
    idle=("target", "argument-hint", "metadata"),
)
