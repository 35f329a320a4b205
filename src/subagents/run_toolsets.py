"""The toolsets that a run's model is given, of all kinds that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from subagents.definitions.tool_names import DELEGATING, FETCH, START, START_MANY
from subagents.runners.native import RunDeps
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.spec import RunSpec
from subagents.toolsets.coding import CODING_TOOLS, coding_toolset
from subagents.toolsets.mcp.servers import Servers
from subagents.toolsets.providers.catalog import ToolProviders
from subagents.toolsets.web import web_toolset

if TYPE_CHECKING:
    from pydantic_ai.toolsets import AbstractToolset


class RunToolsets:
    """The tools a run may see, made once for each selection and shared by all runs that have it."""

    #: Set as soon as there is one; no run begins before.
    manager: AgentManager

    def __init__(self, settings: Settings, providers: ToolProviders, servers: Servers) -> None:
        self._settings = settings
        self._providers = providers
        self._servers = servers
        self._made: dict[object, Sequence[AbstractToolset[Any]]] = {}

    def load(self, spec: RunSpec) -> None:
        """Loads what the run's tools come from; for a thread. Raises `BadTools`."""
        self._providers.load(spec.tools)

    def __call__(self, spec: RunSpec, depth: int) -> Sequence[AbstractToolset[RunDeps]]:
        coding, delegation = spec.tools.among(CODING_TOOLS), self._delegation(spec, depth)
        # The agents stand in a tool's description: an edited definition makes another catalog, and so another tool.
        agents = (self.manager.agents, spec.subagents, depth) if delegation else None
        web = spec.tools.names is not None and spec.tools.allows(FETCH)
        key = (coding, delegation, agents, web, spec.tools.denied, spec.tools.providers)
        if key not in self._made:
            self._made[key] = [
                _reported(toolset) for toolset in self._make(spec, depth, coding, delegation, web)
            ]
        return (*self._made[key], *self._of_servers())

    def _of_servers(self) -> Iterator[AbstractToolset[Any]]:
        if (toolset := self._servers.toolset()) is not None:
            yield _reported(toolset)

    def _delegation(self, spec: RunSpec, depth: int) -> tuple[str, ...]:
        """Only what the definition names, and only where a run may still go deeper and start anything at all."""
        if spec.tools.names is None or depth >= self._settings.max_depth or spec.subagents == ():
            return ()
        # Many agents are started by whoever may start one, and by nobody else.
        starts = () if spec.tools.allows(START) else (START, START_MANY)
        return tuple(name for name in spec.tools.among(DELEGATING) if name not in starts)

    def _make(
        self, spec: RunSpec, depth: int, coding: Sequence[str], delegation: Sequence[str], web: bool
    ) -> Iterator[AbstractToolset[Any]]:
        from subagents.delegation.toolset import delegation_toolset

        if coding:
            yield coding_toolset(coding)
        if delegation:
            yield delegation_toolset(self.manager, delegation, spec.subagents, depth)
        if web:
            yield web_toolset(private=self._settings.fetch_private)
        if (provided := self._providers.toolset(spec.tools)) is not None:
            yield provided


def _reported(toolset: AbstractToolset[Any]) -> AbstractToolset[Any]:
    from subagents.runners.native_reported import Reported

    return Reported(toolset)
