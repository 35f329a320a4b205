"""Agents as a person or program reads them: in a table, one with all it says, as an object. Files are not read here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from subagents.cli.agents.here import origin, whose
from subagents.definitions.model import AgentDefinition
from subagents.definitions.servers import server_of
from subagents.definitions.tool_names import START
from subagents.language import _
from subagents.spec import CommandLine, ProviderRule
from subagents.view.cells import fit, pad, printable, wrapped
from subagents.view.columns import Column

LONGEST_NAME = 32  # cells, in a table of a terminal
PLAIN_WIDTH = 200
TITLES = 20  # cells
MOST_KEYS = 6  # of a schema


# --- a table


def columns(agents: Sequence[AgentDefinition], width: int | None) -> list[Column]:
    """Name, where from, model, description; a terminal's `width`, or None where lines may be long."""
    longest = PLAIN_WIDTH if width is None else min(LONGEST_NAME, width // 3)
    return [
        Column(_("NAME"), [fit(printable(agent.name), longest) for agent in agents]),
        Column(
            _("FROM"), [_from(agent) for agent in agents], 1, narrow=[_briefly(agent) for agent in agents]
        ),
        Column(_("MODEL"), [fit(printable(agent.model), 28) or _("inherit") for agent in agents], 2),
        Column(_("DESCRIPTION"), [fit(_described(agent), PLAIN_WIDTH) for agent in agents]),
    ]


def _from(agent: AgentDefinition) -> str:
    return origin(agent) if agent.enabled else _("{origin} (disabled)").format(origin=origin(agent))


def _briefly(agent: AgentDefinition) -> str:
    return whose(agent) if agent.enabled else _("disabled")


def _described(agent: AgentDefinition) -> str:
    """With what it answers in front, so that it is not cut off."""
    description = "" if agent.description == agent.name else printable(agent.description)
    return f"{answers(agent.output_schema)} {description}".strip()


def answers(schema: Mapping[str, Any] | None) -> str:
    """`{files, summary}` for a schema of an object with these keys; "" for no schema."""
    if schema is None:
        return ""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return "[…]" if schema.get("type") == "array" else "{…}"
    keys = [printable(str(key)) for key in properties]
    return f"{{{', '.join((*keys[:MOST_KEYS], *(['…'] if len(keys) > MOST_KEYS else [])))}}}"


# --- one of them


def details(agent: AgentDefinition, width: int, found: Mapping[str, str] | None = None) -> Iterator[str]:
    """Every key that the definition decides, then those that it leaves to others. None is wider than `width`.

    `found` is what to say of some keys instead of their values.
    """
    open_keys = []
    for key, value in _values(agent):
        text = (found or {}).get(key) or value
        if text:
            yield from _wrapped(key, text, width)
        else:
            open_keys.append(key)
    yield from _wrapped(_("left open"), ", ".join(open_keys), width)


def _values(agent: AgentDefinition) -> Iterator[tuple[str, str]]:
    yield "name", printable(agent.name)
    yield _("from"), origin(agent) + ("" if agent.enabled else _(" (disabled)"))
    yield _("file"), agent.source.path if agent.source is not None else ""
    for key in ("description", "display_name", "color", "capabilities", "prompt_mode"):
        yield key, _shown(getattr(agent, key))
    yield "tools", _all_or(agent.tools.names)
    yield "disallowed_tools", _shown(agent.tools.denied)
    for rule in agent.tools.providers:
        yield from _providers(rule)
    yield "allowed_subagents", _all_or(agent.subagents) if _decides_on_starting(agent) else ""
    yield "mcp_servers", ", ".join(map(_server, (agent.mcp_servers or {}).items()))
    for key in _REST:
        yield key, _shown(getattr(agent, key))


_REST = (
    *("isolated", "permission_mode", "sandbox", "model", "thinking"),
    *("max_turns", "max_seconds", "max_tokens", "max_cost", "output_schema", "runner", "skills", "memory"),
    *("hooks", "gate", "inherit_context", "isolation", "base", "run_in_background"),
    *("persist_session", "session_dir", "output_transcript"),
)


def _decides_on_starting(agent: AgentDefinition) -> bool:
    return agent.subagents is not None or START in (agent.tools.names or ())


def _providers(rule: ProviderRule) -> Iterator[tuple[str, str]]:
    yield "extensions", _all_or(rule.included)
    yield "exclude_extensions", _shown(rule.excluded)
    if rule.selected is not None:
        yield _("of their tools"), ", ".join(rule.selected) or _("none")


def _server(named: tuple[str, object]) -> str:
    """A server by its name, with what is started or asked where the file says so."""
    config = server_of(*named)
    return printable(named[0] if config is None else f"{config.name} ({config.shown})")


def _all_or(names: tuple[str, ...] | None) -> str:
    return _("all") if names is None else ", ".join(map(printable, names)) or _("none")


def _shown(value: object) -> str:
    """A value as its key would have it; "" where it is left to others."""
    match value:
        case None | "" | ():
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(printable(str(item)) for item in value)
        case CommandLine() | Mapping():
            return printable(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, default=str))
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return printable(str(value))


def _wrapped(title: str, text: str, width: int) -> list[str]:
    lines = wrapped(text, max(20, width - TITLES))
    return [pad(title if n == 0 else "", TITLES) + line for n, line in enumerate(lines)]


# --- for programs


def as_object(agent: AgentDefinition, *, body: bool = True) -> dict[str, Any]:
    """All of a definition. What it leaves to others is null, "" or an empty list."""
    found: dict[str, Any] = msgspec.to_builtins(agent)
    if not body:
        del found["body"]
    return found
