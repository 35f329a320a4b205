"""A definition to the text of a file in our own format: what `parse` reads from it is the same definition."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from subagents.definitions.model import AgentDefinition
from subagents.definitions.tool_names import DELEGATING, START
from subagents.definitions.values import is_none
from subagents.language import _
from subagents.spec import CommandLine, PromptMode, ProviderRule, ToolSelection

Value = str | int | float | bool | Sequence[str] | Mapping[str, Any]


def write(agent: AgentDefinition, stem: str = "") -> str:
    """The text of a file; where it is to be called `<stem>.md`, the name is left to that when they are equal.

    Reading the text gives `sayable(agent)` again but for its source, whatever the values hold, as long as a file can
    say them: texts trimmed, names unique, at most one rule about providers. A long or deeply nested mapping may exceed
    what `parse` accepts, so a file is worth checking before it is kept. Raises `ValueError` for what is no JSON.
    """
    lines = "".join(f"{key}: {_value(value)}\n" for key, value in _keys(sayable(agent), stem))
    body = f"\n{agent.body}\n" if agent.body else ""
    return f"---\n{lines}---\n{body}"


def sayable(agent: AgentDefinition) -> AgentDefinition:
    """The same in the words that our format has: selecting no provider's tool is bringing in no provider, and nothing
    is called `none`."""
    tools = agent.tools
    names = None if tools.names is None else _named(tools.names)
    rules = tuple(map(_sayable_rule, tools.providers))
    return replace(agent, tools=ToolSelection(names, _named(tools.denied), rules))


def _sayable_rule(rule: ProviderRule) -> ProviderRule:
    included = None if rule.included is None else _named(rule.included)
    if rule.selected == ():
        return ProviderRule((), _named(rule.excluded))
    return ProviderRule(included, _named(rule.excluded), rule.selected)


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not is_none([name]))


# --- which keys


def _keys(agent: AgentDefinition, stem: str) -> Iterator[tuple[str, Value]]:
    """What the definition decides, in the order that a person would write it."""
    if agent.name != stem:
        yield "name", agent.name
    yield "description", agent.description
    yield from _given(agent, "display_name", "color", "capabilities")
    if not agent.enabled:
        yield "enabled", False
    if agent.prompt_mode is not PromptMode.REPLACE:
        yield "prompt_mode", str(agent.prompt_mode)
    yield from _tools(agent)
    yield from _given(agent, "isolated", "permission_mode", "sandbox")
    yield from _given(agent, "model", "thinking", "max_turns", "max_seconds", "max_tokens", "max_cost")
    yield from _given(agent, "output_schema", "corrections", "on_invalid")
    if agent.runner:
        yield "runner", _runner(agent.runner)
    if agent.skills is not None:
        yield "skills", agent.skills if agent.skills != () else False
    yield from _given(agent, "memory", "mcp_servers", "hooks", "gate", "inherit_context")
    yield from _given(agent, "isolation", "base")
    yield from _given(agent, "run_in_background", "persist_session", "session_dir", "output_transcript")


def _given(agent: AgentDefinition, *keys: str) -> Iterator[tuple[str, Value]]:
    """Those keys that say something; None, "" and () leave it to others."""
    for key in keys:
        if (value := getattr(agent, key)) not in (None, "", ()):
            yield key, value


def _tools(agent: AgentDefinition) -> Iterator[tuple[str, Value]]:
    """No tools is `none` and never nothing at all, which would be all of them."""
    rule = agent.tools.providers[0] if agent.tools.providers else None
    selected = [f"ext:{entry}" for entry in rule.selected or ()] if rule is not None else []
    names, types = agent.tools.names, agent.subagents
    if names is None and selected:
        yield "tools", ["all", *selected]
    elif names is not None:
        yield (
            "tools",
            [*(_starting(types) if _within(agent, name) else name for name in names), *selected] or "none",
        )
    if agent.tools.denied:
        yield "disallowed_tools", agent.tools.denied
    if rule is not None:
        yield from _extensions(rule)
    if types == ():
        yield "allowed_subagents", "none"
    elif types is not None and not _within(agent, START):
        yield "allowed_subagents", types


def _within(agent: AgentDefinition, name: str) -> bool:
    """Whether the types it may start stand behind the tool: `allowed_subagents` would bring all tools for that."""
    return (
        name == START
        and bool(agent.subagents)
        and agent.tools.names is not None
        and not set(DELEGATING).issubset(agent.tools.names)
    )


def _starting(types: Sequence[str] | None) -> str:
    return f"{START}({', '.join(types or ())})"


def _extensions(rule: ProviderRule) -> Iterator[tuple[str, Value]]:
    if rule.included is not None:
        yield "extensions", rule.included or False
    if rule.excluded:
        yield "exclude_extensions", rule.excluded


def _runner(runner: CommandLine | str) -> Value:
    if isinstance(runner, str):
        return runner
    said: dict[str, Any] = {"command": list(runner.command)}
    if runner.resume:
        said["resume"] = list(runner.resume)
    said["output"] = runner.output
    if runner.environment:
        said["environment"] = list(runner.environment)
    return said


# --- how a value is written

# What needs no quotes in YAML: it begins with a letter, and holds nothing that means something there.
_PLAIN = re.compile(r"[^\W\d_](?:(?:[\w .,;()'/+=!?%&-]|:(?=\w))*[\w.;()'/+=!?%&])?")
_PLAIN_ITEM = re.compile(r"[^\W\d_]\w*(?:[ ./:-]\w+)*")
# Words that are no text; also what YAML 1.1 took for none, because other tools read our files too.
_RESERVED = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
# JSON leaves as they are what YAML does not allow, or takes for the end of a line.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case Mapping():
            return _json(value, indent=2).replace("\n", "\n  ")
        case _:
            return _list(value)


def in_quotes(text: str) -> str:
    """Any text as one value on one line."""
    return _json(text)


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else in_quotes(text)


def _list(items: Sequence[str]) -> str:
    """`read, grep` where no item has anything to hide, else a list with quotes."""
    if all(_PLAIN_ITEM.fullmatch(item) and item.lower() not in _RESERVED for item in items):
        return ", ".join(items)
    return _json(list(items))


def _json(value: Any, indent: int | None = None) -> str:
    """JSON is YAML too, but for characters that YAML wants escaped. Raises `ValueError` for what is no JSON."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=_plain)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: Any) -> Any:
    """A mapping or sequence of another kind, as JSON's own."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise ValueError(_("{value!r} cannot be written to a definition file").format(value=value))
