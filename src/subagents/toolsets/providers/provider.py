"""Tools of one's own: named providers, as a program hands them over. What is in an installed package is not known here.

The model library is not imported: what is handed over may be its toolsets, but is only looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from subagents.errors import BadTools
from subagents.spec import SERVER_PREFIX, qualified

if TYPE_CHECKING:
    from pydantic_ai.toolsets import AbstractToolset

#: A sequence of functions (or of the model library's `Tool`s), a toolset of the model library, or a callable
#: without arguments that returns one of those, called when the first run may see its tools.
ToolSource: TypeAlias = "Sequence[Any] | AbstractToolset[Any] | Callable[[], Any]"
#: What `AgentManager.open(tools=…)` takes.
Tools: TypeAlias = "Mapping[str, ToolSource] | Iterable[ToolProvider]"

MAX_NAME = 64  # characters; the longest name of a tool that all providers of models take
_PROVIDER = re.compile(r"[^\s:/\\*,]{1,64}\Z")
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_PLAIN = (str, bytes, Mapping, type(None))


@dataclass(frozen=True)
class ToolProvider:
    """Tools under a name, by which agent definitions select them: `ext:name`, `ext:name/tool`.

    The name is kept in lower case. A function's parameters and docstring are what a model is told of it; it may be
    sync, which runs in a thread, or async, and may take the model library's `RunContext` first, whose
    `deps.run` is the run's id and `deps.coding.root` the folder it works in.
    Raises `BadTools` for a name or for tools that cannot be.
    """

    name: str
    tools: ToolSource

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", provider_name(self.name))
        if is_listed(self.tools):
            tool_names(self.name, self.tools)
        elif isinstance(self.tools, _PLAIN) or not (callable(self.tools) or _is_toolset(self.tools)):
            raise _not_tools(self.name, self.tools)


def as_providers(tools: Tools | None) -> tuple[ToolProvider, ...]:
    """The providers in what was handed over, in its order. Raises `BadTools`, also where two have one name."""
    providers = tuple(_each(tools))
    names = [provider.name for provider in providers]
    for name in names:
        if names.count(name) > 1:
            raise BadTools(f"Two providers of tools are called {name!r}; give each a name of its own.")
    return providers


def provider_name(name: object) -> str:
    """The name in lower case. Raises `BadTools` where agent definitions could not write it."""
    if isinstance(name, str) and _PROVIDER.match(name):
        return name.lower()
    raise BadTools(
        f"A provider of tools cannot be called {name!r}: give it a name of 1 to 64 characters without blanks, "
        "commas, colons, slashes and asterisks."
    )


def is_listed(tools: object) -> bool:
    """Whether the tools are given one by one."""
    return isinstance(tools, Sequence) and not isinstance(tools, _PLAIN)


def tool_names(provider: str, tools: Any) -> tuple[str, ...]:
    """What tools given one by one are called. Raises `BadTools` for what is no tool, or has no name of its own."""
    names = tuple(_tool_name(provider, tool) for tool in tools)
    for name in names:
        if names.count(name) > 1:
            raise BadTools(f"The provider {provider!r} has two tools called {name!r}; rename one of them.")
    return names


def is_tool_name(name: str) -> bool:
    return _TOOL.match(name) is not None


def visible_name(provider: str, tool: str, taken: Iterable[str]) -> str | None:
    """What a model calls a tool: its own name, or `provider__tool` where that is taken already; one of an MCP server
    `mcp__server__tool`, as everywhere, in the letters that models take.

    None when that is taken too, or no model could call it so.
    """
    names: tuple[str, ...] = (tool, qualified(provider, tool))
    if provider.startswith(SERVER_PREFIX):
        names = tuple(_NO_NAME.sub("_", name)[:MAX_NAME] for name in reversed(names))
    return next((name for name in names if is_tool_name(name) and name not in set(taken)), None)


def _each(tools: Tools | None) -> Iterator[ToolProvider]:
    if isinstance(tools, Mapping):
        yield from (ToolProvider(name, source) for name, source in tools.items())
        return
    if tools is not None and (isinstance(tools, _PLAIN) or not isinstance(tools, Iterable)):
        raise BadTools(f'tools={tools!r} names no providers: write {{"name": [function, …]}}.')
    for provider in tools or ():
        if not isinstance(provider, ToolProvider):
            raise BadTools(
                f'{provider!r} has no name as a provider of tools: write {{"name": [function, …]}}, or give a '
                "ToolProvider."
            )
        yield provider


def _tool_name(provider: str, tool: Any) -> str:
    name = getattr(tool, "name", None) if not callable(tool) else getattr(tool, "__name__", None)
    if not isinstance(name, str):
        raise BadTools(
            f"{tool!r} in the tools of {provider!r} is no tool: give functions, or the model library's Tool objects."
        )
    if not is_tool_name(name):
        raise BadTools(
            f"No model can call a tool {name!r} (in {provider!r}): give it a name of letters, digits, _ and -, as "
            "with pydantic_ai.Tool(function, name=…)."
        )
    return name


def _is_toolset(tools: object) -> bool:
    return hasattr(tools, "get_tools") and hasattr(tools, "call_tool")


def _not_tools(name: str, tools: object) -> BadTools:
    return BadTools(
        f"The tools of {name!r} are {tools!r}: give a list of functions, a toolset, or a function without arguments "
        "that returns one of them."
    )
