"""What a file forbids in ways that nothing enforces yet, and what an agent goes without until it is enforced.

A restriction that cannot be kept takes the tool away, so that an agent never has more than its file allows. What the
tools of providers do nobody here knows, so who must not change anything goes without all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from subagents.definitions.fields import PermissionMode
from subagents.definitions.model import Sandbox
from subagents.definitions.tool_names import CHANGING, FETCH, OURS, our_name
from subagents.spec import SERVER_PREFIX

EVERY_TOOL = OURS


@dataclass(frozen=True, slots=True)
class Withheld:
    """What an agent goes without: tools of ours, and whether all tools of providers."""

    tools: tuple[str, ...] = ()
    providers: bool = False

    def __bool__(self) -> bool:
        return bool(self.tools) or self.providers


NOTHING = Withheld()
LOOKS_ONLY = Withheld(CHANGING, providers=True)


@dataclass(frozen=True, slots=True)
class Restriction:
    """`withholds` answers for a key's value what it is about."""

    key: str
    withholds: Callable[[Any], Withheld]


def _by_mode(mode: PermissionMode) -> Withheld:
    """`plan` only looks, and `dontAsk` refuses whatever would be asked about, the web too."""
    match mode:
        case PermissionMode.PLAN:
            return LOOKS_ONLY
        case PermissionMode.DONT_ASK:
            return Withheld((*CHANGING, FETCH), providers=True)
        case _:
            return NOTHING


def _by_sandbox(sandbox: Sandbox) -> Withheld:
    """Our file tools stay inside the workspace by themselves; commands, and whatever providers do, need not."""
    match sandbox:
        case Sandbox.READ_ONLY:
            return LOOKS_ONLY
        case Sandbox.WORKSPACE_WRITE:
            return Withheld(("bash",), providers=True)
        case Sandbox.OFF:
            return NOTHING


def _by_gate(gate: object) -> Withheld:
    """A gate holds work back until somebody agreed; who changes nothing has none that could be held back."""
    return LOOKS_ONLY if gate else NOTHING


def _by_hooks(hooks: Mapping[str, Any]) -> Withheld:
    """A hook before tool calls may refuse each of those it is for; the other hooks refuse nothing."""
    inner = [value for event, value in hooks.items() if event == "hooks" and isinstance(value, dict)]
    events = [*hooks.items(), *(each for nested in inner for each in nested.items())]
    before = [value for event, value in events if value not in inner and _comes_before(event)]
    matched = [name for groups in before for group in _listed(groups) for name in _matched(group)]
    tools = tuple(name for name in EVERY_TOOL if name in matched)
    return Withheld(tools, providers=any(name not in EVERY_TOOL for name in matched))


#: The one table of restrictions that later versions enforce, and what is withheld meanwhile.
RESTRICTIONS = (
    Restriction("permission_mode", _by_mode),
    Restriction("sandbox", _by_sandbox),
    Restriction("gate", _by_gate),
    Restriction("hooks", _by_hooks),
)


def withheld(found: Mapping[str, Any]) -> Iterator[tuple[str, Withheld]]:
    """Each key that restricts in a way nothing enforces yet, with what it is about."""
    for one in RESTRICTIONS:
        value = found.get(one.key)
        if value is not None and (about := one.withholds(value)):
            yield one.key, about


# --- hooks before tool calls


#: Moments at which nothing is refused that a tool would do, as Claude Code, Copilot and Gemini CLI call them.
_OTHER_MOMENTS = frozenset(
    (
        *("posttooluse", "posttoolusefailure", "posttoolbatch", "aftertool", "toolexecuteafter"),
        *(
            "sessionstart",
            "sessionend",
            "setup",
            "stop",
            "stopfailure",
            "agentstop",
            "afteragent",
            "beforeagent",
        ),
        *("subagentstart", "subagentstop", "userpromptsubmit", "userpromptsubmitted", "userpromptexpansion"),
        *("notification", "precompact", "postcompact", "precompress", "beforemodel", "aftermodel"),
        *("teammateidle", "taskcreated", "taskcompleted", "erroroccurred", "instructionsloaded"),
        *("configchange", "cwdchanged", "filechanged", "worktreecreate", "worktreeremove"),
        *("elicitation", "elicitationresult"),
    )
)


def _comes_before(event: str) -> bool:
    """Whether it may be a moment before tool calls, as `PreToolUse` is, and `tool.execute.before`, and any unknown."""
    folded = "".join(one for one in event if one.isalnum()).lower()
    return folded not in _OTHER_MOMENTS


def _listed(groups: object) -> list[object]:
    return groups if isinstance(groups, list) else [groups]


def _matched(group: object) -> tuple[str, ...]:
    """Our names of the tools that a hook is for, and "" for tools of providers.

    A pattern that is more than names is taken for every tool, but for one of the tools of MCP servers.
    """
    matcher = group.get("matcher") if isinstance(group, dict) else None
    names = (
        [name.strip() for name in matcher.replace(",", "|").split("|")] if isinstance(matcher, str) else [""]
    )
    found: list[str] = []
    for name in names:
        if name.startswith(SERVER_PREFIX):
            found.append("")
        elif not name.isidentifier():
            found += [*EVERY_TOOL, ""]
        elif (ours := our_name(name)) != "":
            found.append(ours or "")
    return tuple(found)
