"""The offline model as a parent: one agent for each part of the prompt, all at once, then their answers joined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subagents.language import _, counted
from subagents.models.offline import LABEL
from subagents.models.offline.conversation import Exchange
from subagents.models.offline.evidence import defined_name
from subagents.models.offline.files import kind_of
from subagents.models.offline.findings import Finding
from subagents.models.offline.searches import Call

MOST_PARTS = 4
_MOST_WAITS = 40  # for one agent; each wait has its own bound, so this one ends only what never would
_AGENT = "Explore"

_ITEM = re.compile(r"^\s*(?:[-*•]|\(?\d+[.)]|[a-z]\))\s+(.+)$")
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_JOINED = re.compile(
    r"(?:,\s*|;\s*|\s+)(?:and|then)(?:\s+also)?\s+(?=(?:where|how|what|which|who|when|why|whether|find|look|search|show)\b)",
    re.I,
)
_PREAMBLE = re.compile(
    r"^\W*(?:please\s+)?(?:delegate\b|use\b.*\bagents?\b|start\b.*\bagents?\b|spawn\b.*\bagents?\b|ask\b.*\bagents?\b)"
    r"[^:?]*?(?::|\bto\b|\bfor\b|$)\s*(?:find out|answer|look for)?\s*:?\s*",
    re.I,
)
_STARTED = re.compile(r"\b(?:started agent|(?:agent[ _])?id\s*[:=])\s*[\"'`]?([\w-]+)", re.I)
_PLACE = re.compile(
    r"^\d+\. (?P<path>[^\n:]+):(?P<line>\d+)(?: — (?P<title>.*))?(?:\n +[^\n:]*: (?P<words>[^.\n]*\.))?", re.M
)
_EXCERPT_LINE = re.compile(r"^ *(\d+)  (.*)$", re.M)
_STATUS = re.compile(r"^Status: (\w+)", re.M)
_UNFINISHED = re.compile(r"\bstill running\b|\btimed out\b|\bnot (?:ended|finished) yet\b", re.I)


@dataclass(frozen=True)
class Part:
    """One part of the prompt and what came of it; `agent` is None when none was started."""

    prompt: str
    agent: str | None
    answer: str


def parts_of(prompt: str) -> list[str]:
    """What can be asked separately: the items of a list, else the sentences, else questions joined by “and”."""
    lines = prompt.strip().splitlines()
    items = [item[1].strip() for item in map(_ITEM.match, lines) if item]
    if len(items) < 2:
        text = _PREAMBLE.sub("", prompt.strip())
        sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if len(sentence.split()) > 2]
        items = [part.strip(" ,;") for sentence in sentences for part in _JOINED.split(sentence)]
    items = [item for item in items if item] or [prompt.strip()]
    return (
        items if len(items) <= MOST_PARTS else [*items[: MOST_PARTS - 1], "\n".join(items[MOST_PARTS - 1 :])]
    )


def next_delegation(
    prompt: str, exchanges: Sequence[Exchange], parameters: Mapping[str, Any], *, wrap_up: bool
) -> list[Call] | list[Part]:
    """Calls that start the agents, then calls that wait for them; the parts when all have answered.

    `parameters` is the JSON Schema of the `Agent` tool's.
    """
    started = [exchange for exchange in exchanges if exchange.tool == "Agent"]
    if not started and not wrap_up:
        return [_start(part, parameters) for part in parts_of(prompt)]
    parts = [_part(exchange, exchanges) for exchange in started]
    waiting = [part.agent for part in parts if part.agent and not part.answer]
    if waiting and not wrap_up:
        return [Call("get_subagent_result", {"agent_id": agent, "wait": True}) for agent in waiting]
    return parts


def joined(parts: Sequence[Part]) -> str:
    """The answers of the agents, each under the part of the prompt it is for."""
    count = counted(
        "{n} agent was asked.", "{n} agents were asked.", sum(part.agent is not None for part in parts)
    )
    sections = [f"{LABEL}: {count}"]
    for number, part in enumerate(parts, 1):
        who = _("agent {agent}").format(agent=part.agent) if part.agent else _("no agent")
        asked = " ".join(part.prompt.split())
        sections.append(f"## {number}. {asked} ({who})\n\n{part.answer or _('It had not answered yet.')}")
    return "\n\n".join(sections)


def places_in(answer: str) -> list[Finding]:
    """The places an answer of the offline model names, read back from its text."""
    found: list[Finding] = []
    for block in re.split(r"\n\n", answer):
        if place := _PLACE.search(block):
            lines = ((int(line[1]), line[2]) for line in _EXCERPT_LINE.finditer(block, place.end()))
            found.append(_finding(place, tuple(lines), share=round(1.0 - 0.1 * len(found), 2)))
    return found


def _finding(place: re.Match[str], excerpt: tuple[tuple[int, str], ...], *, share: float) -> Finding:
    title = place["title"] or ""
    return Finding(
        path=place["path"],
        line=int(place["line"]),
        name=defined_name(title),
        title=title,
        excerpt=excerpt,
        words=(words := tuple((place["words"] or "").rstrip(".").split(", "))),
        seen=words,
        kind=kind_of(place["path"]),
        share=max(share, 0.1),
    )


def _start(part: str, parameters: Mapping[str, Any]) -> Call:
    known = parameters.get("properties", {})
    arguments: dict[str, Any] = {
        "prompt": part,
        "description": " ".join(part.split()[:5]),
        "subagent_type": _AGENT,
    }
    types = known.get("subagent_type", {}).get("enum")
    if types and _AGENT not in types:
        arguments["subagent_type"] = types[0]
    return Call("Agent", {name: value for name, value in arguments.items() if name in known or not known})


def _part(started: Exchange, exchanges: Sequence[Exchange]) -> Part:
    prompt = str(started.arguments.get("prompt", ""))
    found = None if started.result.startswith("Error:") else _STARTED.search(started.result)
    if found is None:  # refused, or answered at once
        return Part(prompt, None, started.result)
    waits = [
        exchange.result
        for exchange in exchanges
        if exchange.tool == "get_subagent_result" and exchange.arguments.get("agent_id") == found[1]
    ]
    if not waits or (_is_unfinished(waits[-1]) and len(waits) < _MOST_WAITS):
        return Part(prompt, found[1], "")
    return Part(prompt, found[1], waits[-1])


def _is_unfinished(result: str) -> bool:
    """Whether a result says that there is none yet, in its head of facts or, without one, in its first line."""
    if status := _STATUS.search(result):
        return status[1] in ("running", "queued")
    return _UNFINISHED.search(result.strip().partition("\n")[0]) is not None
