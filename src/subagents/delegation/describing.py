"""How the tools introduce themselves to a model, and what that costs: in full, compactly, or as a template says.

Placeholders `{{name}}` are filled in with what is true now: which agents there are, how deep the next one would be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from subagents.contents import first_bytes
from subagents.definitions.fields import ISOLATES
from subagents.definitions.model import AgentDefinition
from subagents.delegation.door import Door
from subagents.places import PROJECT_FOLDER, user_home
from subagents.runtime.manager import AgentManager
from subagents.spec import ToolSelection

START = "Agent"
TEMPLATE = "agent-tool-description.md"
MAX_TEMPLATE = 100_000  # bytes
MAX_DESCRIPTION = 1_000  # characters of an agent's description in the list

INSTRUCTIONS = (
    "For work that can be described in full and done without you, start subagents with Agent, several in one message "
    "where they are independent; go on with your own work; then wait with get_subagent_result and wait: true."
)

ISOLATION = (
    f"- isolation: worktree gives it a git worktree of its own, for changes beside others' or yours: {ISOLATES}. "
    "Its result names the branch, which you merge."
)

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_SENTENCE = re.compile(r"(?<=[.!?])\s")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tools are offered: to whom, `next_depth` being that of an agent started there, and which agents may be.

    `mode` is the setting `tool_description_mode`, `worktrees` whether agents may have one of their own;
    `project` is the project's root, where templates are looked for.
    """

    agents: Sequence[AgentDefinition]
    next_depth: int
    max_depth: int
    door: Door
    mode: str = "full"
    project: Path | None = None
    worktrees: bool = True


@dataclass(frozen=True, slots=True)
class Description:
    """A tool's text, and a sentence for each thing about a template that a person should know."""

    text: str
    warnings: tuple[str, ...] = ()


def described(tool: str, place: Place) -> Description:
    """The text of a tool. Only `Agent` has more than one."""
    if tool != START:
        return Description(_packaged(tool))
    template, warnings = _template(place)
    text, unknown = expanded(template, values(place))
    names = ", ".join(f"{{{{{name}}}}}" for name in unknown)
    more = (f"The template {TEMPLATE} has placeholders that there are not: {names}.",) if unknown else ()
    return Description(text, (*warnings, *more))


def instructions(door: Door) -> str:
    """A paragraph for the parent's own prompt: what the tools together are for."""
    return f"{INSTRUCTIONS} {door.told}"


def expanded(template: str, values: dict[str, str]) -> tuple[str, list[str]]:
    """The template with its placeholders filled in, literally, and those that are not known, which stay as they are.

    A line of which nothing is left but what would begin a list's item goes.
    """
    unknown: list[str] = []
    lines = []
    for line in template.splitlines():
        filled = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), line)
        unknown += [name for name in _PLACEHOLDER.findall(line) if name not in values]
        if filled.strip(" -*") or not line.strip(" -*"):
            lines.append(filled)
    return "\n".join(lines).strip(), list(dict.fromkeys(unknown))


def place_of(manager: AgentManager, depth: int, types: Collection[str] | None, door: Door) -> Place:
    """Where a parent at this `depth` stands, 0 for whoever drives the session; it may start `types`, None for all."""
    settings = manager.settings
    return Place(
        agents=[agent for agent in manager.agents.listed() if types is None or agent.name in types],
        next_depth=depth + 1,
        max_depth=settings.max_depth,
        door=door,
        mode=settings.tool_description_mode,
        project=manager.project,
        worktrees=settings.worktree_isolation,
    )


def tokens_of(text: str | Mapping[str, Any]) -> int:
    """About how many tokens a model reads it as: four characters each, as is usual for English and JSON."""
    written = text if isinstance(text, str) else json.dumps(text)
    return -(-len(written) // 4)


def _template(place: Place) -> tuple[str, tuple[str, ...]]:
    match place.mode:
        case "compact":
            return _packaged(f"{START}.compact"), ()
        case "custom":
            return _custom(place.project)
        case _:
            return _packaged(START), ()


def _custom(project: Path | None) -> tuple[str, tuple[str, ...]]:
    """The project's template, else the user's, else the full text with a word about it."""
    places = [user_home() / TEMPLATE]
    if project is not None:
        places.insert(0, project / PROJECT_FOLDER / TEMPLATE)
    for path in places:
        try:
            text = first_bytes(path, MAX_TEMPLATE).decode("utf-8", "replace")
        except OSError:
            continue
        if text.strip():
            return text, ()
    looked = " nor ".join(str(path) for path in places)
    return _packaged(START), (
        f"tool_description_mode is 'custom', but neither {looked} has a text; the full one is used.",
    )


def values(place: Place) -> dict[str, str]:
    """What stands for the placeholders there."""
    deep, most = place.next_depth, place.max_depth
    recursive = (
        f"- An agent you start is at depth {deep} of {most}; only those whose file names Agent can start others."
        if deep < most
        else f"- An agent you start is at depth {deep} of {most} and cannot start others."
    )
    return {
        "typeList": "\n".join(_line(agent, agent.description) for agent in place.agents) or "- none",
        "compactTypeList": "\n".join(
            _line(agent, _first_sentence(agent.description)) for agent in place.agents
        )
        or "- none",
        "agentDir": f"{PROJECT_FOLDER}/agents",
        "currentDepth": str(deep),
        "maxDepth": str(most),
        "recursiveGuideline": recursive,
        "told": place.door.told,
        "isolationGuideline": ISOLATION if place.worktrees else "",
        # Filled in by what it is about, when it is there.
        "scheduleGuideline": "",
    }


def _line(agent: AgentDefinition, said: str) -> str:
    words = " ".join(said.split())
    shown = words if len(words) <= MAX_DESCRIPTION else f"{words[: MAX_DESCRIPTION - 1]}…"
    model = f"model {agent.model}, " if agent.model else ""
    return f"- {agent.name}: {shown} ({model}tools: {_tools(agent.tools)})"


def _tools(tools: ToolSelection) -> str:
    """`*` for all, the names of some, `none` where nothing could be called."""
    if tools.names is None:
        return "*"
    names = [name for name in tools.names if not tools.denies(name)]
    if names:
        return ", ".join(names)
    closed = any(rule.included == () for rule in tools.providers)
    return "none" if closed else "those of providers"


def _first_sentence(text: str) -> str:
    return _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0]


@cache
def _packaged(name: str) -> str:
    return (files("subagents.delegation") / "texts" / f"{name}.md").read_text(encoding="utf-8").strip()
