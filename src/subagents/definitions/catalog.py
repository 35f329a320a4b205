"""The agents there are: found by name, the later definition before the earlier. The disk is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePath

from subagents.definitions.model import SHOWN, AgentDefinition, Parsed, Problem
from subagents.errors import UnknownAgent
from subagents.language import _
from subagents.spec import DefinitionSource

MAX_LISTED = 50  # names in the sentence about an unknown one
MAX_NEAREST = 3


class AgentCatalog:
    """Definitions by name, and what is wrong with their files. Never changes; a new one is made from the disk."""

    def __init__(
        self,
        parsed: Iterable[Parsed] = (),
        problems: Iterable[Problem] = (),
        missing: Mapping[str, str] | None = None,
    ) -> None:
        """`parsed` in order of precedence: a later definition replaces an earlier one of its name wholly.

        `problems` are those that belong to no file. `missing` says by name why an agent is left out that could be here.
        """
        self._missing = missing or {}
        files = tuple(parsed)
        self._all: dict[str, AgentDefinition] = {}
        self._place: dict[str, int] = {}
        clashes = [told for place, file in enumerate(files) if (told := self._add(place, file)) is not None]
        self._enabled = {name: agent for name, agent in self._all.items() if agent.enabled}
        self._folded: dict[str, list[str]] = {}
        for name in self._enabled:
            self._folded.setdefault(name.casefold(), []).append(name)
        self.problems: tuple[Problem, ...] = (*problems, *self._told(files), *clashes)

    def __iter__(self) -> Iterator[AgentDefinition]:
        """All of them, the disabled ones too, by name."""
        return iter(sorted(self._all.values(), key=_order))

    def __len__(self) -> int:
        return len(self._all)

    def listed(self) -> Sequence[AgentDefinition]:
        """Those that can be started, by name."""
        return [agent for agent in self if agent.enabled]

    def names(self) -> list[str]:
        """The names of those that can be started, in order."""
        return [agent.name for agent in self.listed()]

    def find(self, name: str) -> AgentDefinition:
        """The enabled agent of that name: exactly, else the only one that differs in case alone.

        Raises `UnknownAgent`, which names the nearest and lists all, also when no name was given.
        """
        wanted = name.strip()
        if wanted in self._enabled:
            return self._enabled[wanted]
        alike = self._folded.get(wanted.casefold(), [])
        if len(alike) == 1:
            return self._enabled[alike[0]]
        raise self._unknown(wanted, sorted(alike))

    # --- what is in effect

    def _add(self, place: int, file: Parsed) -> Problem | None:
        """Takes a file's definition in; the problem when another file of the same folder had that name."""
        agent = file.definition
        if agent is None:
            return None
        before = self._all.get(agent.name)
        self._all[agent.name] = agent
        self._place[agent.name] = place
        if before is None or before.source is None or not _beside(before.source, file.source):
            return None
        message = _("{path} is also called {name!r} and is read later, so this file is not used")
        return Problem(
            before.source.path, None, message.format(path=file.source.path, name=agent.name), "name"
        )

    def _told(self, files: Iterable[Parsed]) -> Iterator[Problem]:
        """Each file's problems; where a broken one would have replaced another, that this one is in effect."""
        for place, file in enumerate(files):
            yield from file.problems
            instead = self._enabled.get(file.name) if file.definition is None else None
            if instead is not None and instead.source is not None and self._place[instead.name] < place:
                message = _("{path} is in effect for {name!r} instead")
                text = message.format(path=instead.source.path, name=instead.name)
                yield Problem(file.source.path, None, text)

    # --- what is said about a name that fits none

    def _unknown(self, wanted: str, alike: Sequence[str]) -> UnknownAgent:
        if not wanted:
            return UnknownAgent(
                _("No agent type was given. {there}").format(there=self._there_are()), name=""
            )
        if alike:
            message = _("{name!r} fits more than one agent: {alike}. Spell it exactly as one of them.")
            text = message.format(name=wanted[:SHOWN], alike=", ".join(alike))
            return UnknownAgent(text, name=wanted, nearest=alike)
        nearest = self._nearest(wanted)
        return UnknownAgent(self._no_such(wanted, nearest), name=wanted, nearest=nearest)

    def _no_such(self, wanted: str, nearest: Sequence[str]) -> str:
        disabled = self._all.get(wanted)
        if disabled is not None:
            where = disabled.source.path if disabled.source is not None else "?"
            text = _("The agent {name!r} is disabled in {path}.").format(name=wanted, path=where)
        elif (missing := self._missing.get(wanted.casefold())) is not None:
            text = missing
        else:
            text = _("There is no agent {name!r}.").format(name=wanted[:SHOWN])
        if nearest:
            text += " " + _("Did you mean {names}?").format(names=_(" or ").join(nearest))
        return f"{text} {self._there_are()}"

    def _nearest(self, wanted: str) -> list[str]:
        folded = get_close_matches(wanted[:SHOWN].casefold(), self._folded, n=MAX_NEAREST, cutoff=0.6)
        return [name for key in folded for name in self._folded[key]][:MAX_NEAREST]

    def _there_are(self) -> str:
        names = self.names()
        if not names:
            return _("There are no agents here.")
        shown = ", ".join(names[:MAX_LISTED])
        if len(names) > MAX_LISTED:
            shown += _(" and {n} more").format(n=len(names) - MAX_LISTED)
        return _("There are: {names}.").format(names=shown)


def _beside(one: DefinitionSource, other: DefinitionSource) -> bool:
    """Whether two files are in the same folder; which of two folders counts is known and nothing to tell."""
    return PurePath(one.path).parent == PurePath(other.path).parent


def _order(agent: AgentDefinition) -> tuple[str, str]:
    return agent.name.casefold(), agent.name
