"""Which providers of tools a session has, and what a run's selection reaches of them. Each is loaded once, when needed.

What is wrong with them is told once, to the run that first meets it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from subagents.errors import BadTools
from subagents.foreign import ForeignFailed
from subagents.spec import ProviderRule, ToolSelection
from subagents.toolsets.providers.installed import Installed, installed, left_out
from subagents.toolsets.providers.notes import selector_notes
from subagents.toolsets.providers.provider import ToolProvider
from subagents.toolsets.providers.short_names import rule_in_full

if TYPE_CHECKING:
    from pydantic_ai.toolsets import AbstractToolset

    from subagents.toolsets.providers.toolset import Opened


class ToolProviders:
    """The providers of a session: those the program gave, then those of installed packages, by name.

    `reserved` are the names of tools that no provider's tool is called by. Importing what others wrote takes as long
    as it takes: `load` is for a thread.
    """

    def __init__(
        self,
        given: Iterable[ToolProvider] = (),
        *,
        reserved: Sequence[str] = (),
        found: Iterable[EntryPoint] | None = None,
    ) -> None:
        self._given = {provider.name: provider for provider in given}
        self._reserved = tuple(reserved)
        self._found = found
        self._installed: dict[str, Installed] | None = None
        self._opened: dict[str, Opened | None] = {}
        self._untold: list[str] = []
        self._loading = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """The names of all providers, whether or not they can be loaded. Imports none."""
        if self._installed is None:
            with self._loading:
                kept, told = installed(self._given, self._found)
                self._untold += told if self._installed is None else ()
                self._installed = {each.name: each for each in kept}
        return (*self._given, *self._installed)

    def load(self, tools: ToolSelection) -> None:
        """Loads what the selection reaches. Raises `BadTools` for what the program itself gave; an installed
        provider that cannot be used is left out, and a sentence on it is kept for the next to be told."""
        # Looked at without the lock first: who has all that is needed does not wait for another's import.
        for name in [name for name in self._reached(tools) if name not in self._opened]:
            with self._loading:
                if name not in self._opened:
                    self._opened[name] = self._open(name)

    def notes(
        self, own: Sequence[ProviderRule], tools: ToolSelection, servers: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """What whoever asked for a run with these tools should know, where its definition says `own`: what selects
        nothing, and what could not be loaded and was not told before. `servers` are MCP servers, by the names of their
        providers; which tools those have is not known yet."""
        with self._loading:
            self.load(tools)
            known = {**dict.fromkeys(servers), **{name: self._fixed(name) for name in self.names()}}
            own = [rule_in_full(rule, servers, self.names()) for rule in own]
            untold, self._untold = self._untold, []
            return (*untold, *selector_notes(own, tools, known))

    def toolset(self, tools: ToolSelection) -> AbstractToolset[Any] | None:
        """The tools of providers that a selection may see; None when it reaches no provider. Loads what is not yet."""
        self.load(tools)
        opened = [each for name in self._reached(tools) if (each := self._opened[name]) is not None]
        if not opened:
            return None
        from subagents.toolsets.providers.toolset import Provided

        return Provided(opened, tools, self._reserved)

    def _reached(self, tools: ToolSelection) -> list[str]:
        return [name for name in self.names() if tools.reaches(name)]

    def _open(self, name: str) -> Opened | None:
        from subagents.toolsets.providers.toolset import opened

        if name in self._given:
            return opened(self._given[name])
        assert self._installed is not None
        each = self._installed[name]
        try:
            return opened(each.load())
        except (ForeignFailed, BadTools) as error:
            self._untold.append(left_out(each, error))
            return None

    def _fixed(self, name: str) -> Sequence[str] | None:
        """The names of a provider's tools where they are all that there will be."""
        opened = self._opened.get(name)
        return opened.fixed if opened is not None else None
