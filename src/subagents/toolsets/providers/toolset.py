"""The tools of providers as one toolset of the model library, for a selection. Imported when a run needs it.

Which tools there are is asked anew before each request to a model, and whether one may be used again when it is
called: tools of a server may come late, and one that fails is that server's trouble and not the run's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from typing import Any, Self

import anyio
from pydantic_ai import Agent, RunContext, Tool
from pydantic_ai.messages import InstructionPart
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset, ToolsetTool

from subagents.errors import BadTools
from subagents.foreign import ForeignFailed, foreign
from subagents.spec import ToolSelection
from subagents.toolsets.coding import FAILED
from subagents.toolsets.providers.answers import bounded
from subagents.toolsets.providers.printing import printed_aside
from subagents.toolsets.providers.provider import ToolProvider, is_listed, tool_names, visible_name
from subagents.toolsets.providers.threads import LooseThreads

log = logging.getLogger("subagents")


@dataclass(frozen=True)
class Opened:
    """A provider's tools. `fixed` are their names where there will be no others, None where they may change.

    Its sync tools run in `threads`, shared by all runs.
    """

    name: str
    toolset: AbstractToolset[Any]
    fixed: tuple[str, ...] | None = None
    threads: LooseThreads = field(default_factory=LooseThreads)


def opened(provider: ToolProvider) -> Opened:
    """Makes the toolset of a provider, once for all runs. Raises `BadTools` with what is wrong."""
    tools = provider.tools
    if callable(tools) and not isinstance(tools, AbstractToolset):
        tools = _made(provider.name, tools)
    if isinstance(tools, AbstractToolset):
        return Opened(provider.name, tools)
    if not is_listed(tools):
        raise BadTools(
            f"The tools of {provider.name!r} were to be made by a function, and it returned {tools!r}: return a "
            "toolset or a list of functions. A single tool is given as a list of one: [function]."
        )
    names = tool_names(provider.name, tools)
    try:
        with foreign():
            made = [tool if isinstance(tool, Tool) else Tool(tool) for tool in tools]
            toolset: FunctionToolset[Any] = FunctionToolset(made, id=provider.name)
    except ForeignFailed as error:
        raise BadTools(f"The tools of {provider.name!r} cannot be described to a model: {error}") from error
    return Opened(provider.name, toolset, names)


def _made(name: str, make: Callable[[], Any]) -> Any:
    if iscoroutinefunction(make):
        raise BadTools(
            f"The tools of {name!r} are the async function {make!r}; a tool is given in a list: [function]."
        )
    try:
        with foreign(), printed_aside():
            return make()
    except ForeignFailed as error:
        raise BadTools(
            f"The tools of {name!r} could not be made: {error}. (A single tool is given as a list of one: [function].)"
        ) from error


@dataclass(kw_only=True)
class _ProvidedTool(ToolsetTool[Any]):
    """A tool under the name a model calls it by, with where it comes from."""

    provider: str
    source_toolset: AbstractToolset[Any]
    source: ToolsetTool[Any]
    threads: LooseThreads


class Provided(AbstractToolset[Any]):
    """What a selection may see of some providers. Each run works on a copy, which knows whom it could reach."""

    def __init__(
        self, providers: Sequence[Opened], selection: ToolSelection, reserved: Collection[str]
    ) -> None:
        self._providers = tuple(providers)
        self._selection = selection
        self._reserved = frozenset(reserved)
        self._entered: tuple[Opened, ...] = ()
        self._stack = AsyncExitStack()
        self._failed: set[str] = set()

    @property
    def id(self) -> str | None:
        return "providers"

    async def for_run(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        return await self._each_replaced(lambda toolset: toolset.for_run(ctx))

    async def _each_replaced(self, change: Callable[[AbstractToolset[Any]], Any]) -> Provided:
        providers = []
        for each in self._providers:
            with self._told(each.name):
                providers.append(replace(each, toolset=await change(each.toolset)))
        return Provided(providers, self._selection, self._reserved)

    async def for_run_step(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        entered = {each.name: each for each in self._entered}
        for each in self._entered:
            with self._told(each.name, "did not say which there are"):
                entered[each.name] = replace(each, toolset=await each.toolset.for_run_step(ctx))
        self._entered = tuple(entered.values())
        return self

    async def __aenter__(self) -> Self:
        entered = []
        for each in self._providers:
            with self._told(each.name):
                await self._stack.enter_async_context(each.toolset)
                entered.append(each)
        self._entered = tuple(entered)
        return self

    async def __aexit__(self, *args: Any) -> bool | None:
        with self._told("", "could not be ended in good order"):
            await self._stack.aclose()
        return None

    async def get_instructions(self, ctx: RunContext[Any]) -> Sequence[str | InstructionPart] | None:
        parts: list[str | InstructionPart] = []
        for each in self._entered:
            with self._told(each.name):
                said = await each.toolset.get_instructions(ctx)
                parts += [said] if isinstance(said, str | InstructionPart) else said or []
        return parts or None

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        """Those that may be seen now. A name that is taken, whether or not its tool may be seen, is not given again."""
        taken = set(self._reserved)
        found: dict[str, ToolsetTool[Any]] = {}
        for each in self._entered:
            for name, tool in (await self._tools_of(each, ctx)).items():
                if tool.tool_def.kind != "function":
                    continue  # one that somebody else is to run, and there is nobody
                visible = visible_name(each.name, name, taken)
                if visible is None:
                    self._warn(
                        f"{each.name}/{name}",
                        "cannot be offered: no name is left that a model could call it by",
                    )
                    continue
                taken.add(visible)
                if self._may(each.name, name, visible):
                    found[visible] = _provided(each, visible, tool)
        return found

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        assert isinstance(tool, _ProvidedTool)
        own = tool.source.tool_def.name
        if not self._may(tool.provider, own, name):
            return f"{FAILED}the tool {name!r} may not be used here."
        try:
            with _theirs(), Agent.using_thread_executor(tool.threads):
                ctx = replace(ctx, tool_name=own)
                answer = await tool.source_toolset.call_tool(own, tool_args, ctx, tool.source)
                return bounded(name, answer)
        except ForeignFailed as error:
            return f"{FAILED}the tool {name!r} failed with {error}. Do without it, or try it differently."

    def apply(self, visitor: Callable[[AbstractToolset[Any]], None]) -> None:
        for each in self._entered or self._providers:
            each.toolset.apply(visitor)

    def visit_and_replace(
        self, visitor: Callable[[AbstractToolset[Any]], AbstractToolset[Any]]
    ) -> AbstractToolset[Any]:
        changed = [replace(each, toolset=each.toolset.visit_and_replace(visitor)) for each in self._providers]
        return Provided(changed, self._selection, self._reserved)

    # --- what is behind it

    async def _tools_of(self, each: Opened, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        tools: dict[str, ToolsetTool[Any]] = {}
        with self._told(each.name, "did not say which there are"):
            tools.update(await each.toolset.get_tools(ctx))
        return tools

    def _may(self, provider: str, tool: str, visible: str) -> bool:
        return self._selection.admits(provider, tool) and not self._selection.denies(visible)

    @contextmanager
    def _told(self, provider: str, what: str = "could not be reached") -> Iterator[None]:
        """Around calls of a provider: what it raises is said in the log, once for a run, and the run goes on."""
        try:
            with _theirs():
                yield
        except ForeignFailed as error:
            self._warn(provider, f"{what}: {error}")

    def _warn(self, tools: str, what: str) -> None:
        if (message := f"The tools {tools!r} {what}") not in self._failed:
            self._failed.add(message)
            log.warning("%s", message)


def _provided(provider: Opened, visible: str, tool: ToolsetTool[Any]) -> _ProvidedTool:
    return _ProvidedTool(
        toolset=tool.toolset,
        tool_def=replace(tool.tool_def, name=visible),
        max_retries=tool.max_retries,
        args_validator=tool.args_validator,
        args_validator_func=tool.args_validator_func,
        provider=provider.name,
        source_toolset=provider.toolset,
        source=tool,
        threads=provider.threads,
    )


@contextmanager
def _theirs() -> Iterator[None]:
    """Around what is awaited of a provider. Cancellation passes; whether it is ours is for who began the call."""
    with foreign(anyio.get_cancelled_exc_class()), printed_aside():
        yield
