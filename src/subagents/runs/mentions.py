"""`@handle message`: what is a mention, and whom it names. Nothing is begun, steered or resumed here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from subagents.ids import next_handle, slug
from subagents.runs.state import RunState

MAIN = "main"  # the main conversation; no run is called that
SYNONYM = "agent-"  # in front of a handle it changes nothing, unless one is called that
MAX_LABEL = 40  # characters

# At the very beginning, so that files (`@src/x.py`) and what is quoted stay what they are.
_MENTION = re.compile(r"@([A-Za-z0-9_-]+)\s+(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody is spoken to. `handle` is as it was written, `message` has no blanks around it and is never empty."""

    handle: str
    message: str


@dataclass(frozen=True, slots=True)
class ToMain:
    """It is for the main conversation, without the mention."""

    message: str


@dataclass(frozen=True, slots=True)
class ToRun:
    """It is for a run: to be steered with it while it is in progress, resumed with it when it has ended."""

    run: RunState
    message: str


@dataclass(frozen=True, slots=True)
class ToType:
    """Nothing of that name ever ran, but there is such an agent: the message is its prompt."""

    agent: str
    message: str


Addressee = ToMain | ToRun | ToType

#: The run with exactly this handle or id, None when there is none.
FindRun = Callable[[str], RunState | None]


def mention_of(text: str) -> Mention | None:
    """The mention that the text is; None for one that is none, such as a bare `@handle`, a path, or `hey @handle …`."""
    found = _MENTION.fullmatch(text)
    return Mention(found[1], found[2].strip()) if found is not None else None


def addressee(mention: Mention, find: FindRun, types: Sequence[str]) -> Addressee | None:
    """Whom it names, exactly and in any case of the letters; None for nobody.

    `types` are the agents that may be started by a mention, by name. A run goes before an agent that never ran, and a
    handle that begins with `agent-` before what it would be a synonym of.
    """
    for name in _readings(mention.handle):
        if name.lower() == MAIN:
            return ToMain(mention.message)
        if (run := find(name.lower())) is not None:
            return ToRun(run, mention.message)
        if (agent := type_called(name, types)) is not None:
            return ToType(agent, mention.message)
    return None


def type_called(name: str, types: Sequence[str]) -> str | None:
    """The agent with this name, else the only one whose runs would have this handle."""
    if name in types:
        return name
    alike = [agent for agent in types if slug(agent) == name.lower()]
    return alike[0] if len(alike) == 1 else None


def free_handle(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` as a handle that nobody has yet, `explore`, `explore-2`, …, and never the main conversation's."""
    return next_handle(wanted, {MAIN, *taken})


def label(message: str) -> str:
    """The first line in at most 40 characters, for the description of what a mention starts."""
    line = " ".join(message.strip().split("\n", 1)[0].split())
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1].rstrip() + "…"


def _readings(handle: str) -> Iterator[str]:
    yield handle
    if handle.lower().startswith(SYNONYM) and len(handle) > len(SYNONYM):
        yield handle[len(SYNONYM) :]
