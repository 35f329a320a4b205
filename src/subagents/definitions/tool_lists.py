"""What a list of tools says, entry by entry. What follows for an agent is not known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from subagents.definitions.tool_names import (
    OWN_TOOLS,
    START,
    Entry,
    entry,
    our_name,
    provider_entry,
    tools_like,
)
from subagents.definitions.values import BadValue, Written, is_none, names_all, some_names
from subagents.language import _


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of tools, sorted. A tool that stands in `partly` is never in `names`.

    `names` are ours, and unknown ones as they are written. `everything` is `all` or `*` in it. `partly` are tools of
    ours that the list is about in some uses only, and `unenforced` how that is written. `types` are those of
    `Agent(type)`, None where none is named. `providers` are `provider` and `provider/tool`. `patterns` are those
    about providers that nothing here can follow, `unknown` names that nobody knows, `foreign` tools that have no
    equivalent here, `negated` entries such as `!bash`, whose tools are in `partly`.
    """

    everything: bool = False
    names: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    unenforced: tuple[str, ...] = ()
    types: tuple[str, ...] | None = None
    providers: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()

    @property
    def starts(self) -> bool:
        """Whether it names the tool that starts other agents."""
        return START in self.names


def listed_tools(written: Written) -> Listed:
    """The tools of an agent: all of ours for `all` or `*`, none for `none` or nothing."""
    names = some_names(written)
    return Listed() if is_none(names) else _sorted(names, separate=all)


def denied_tools(written: Written) -> Listed:
    """Tools that an agent is never to use. What may be meant for a tool takes it."""
    names = some_names(written)
    if names_all(names):
        message = _("must name tools, not {value}; an agent without tools has `tools: none`")
        raise BadValue(message.format(value=written))
    if is_none(names):
        return Listed()
    return _patterns_followed(_sorted(names, separate=any))


def _patterns_followed(found: Listed) -> Listed:
    """The list with the tools of ours in it that its patterns fit, such as `*Edit`."""
    patterns = tuple(name for name in found.unknown if "*" in name or "?" in name)
    like = (tool for pattern in patterns for tool in tools_like(pattern))
    names = (name for name in found.names if name not in patterns)
    return replace(
        found,
        names=tuple(dict.fromkeys((*names, *like))),
        unknown=tuple(name for name in found.unknown if name not in patterns),
        patterns=(*found.patterns, *patterns),
    )


def _sorted(names: Iterable[str], separate: Callable[[Iterable[bool]], bool]) -> Listed:
    """The names of a list. Blanks separate them where `all` or `any` of the words between are names of tools."""
    sorting = _Sorting()
    for name in names:
        words = name.split() if " " in name and "(" not in name else []
        for each in words if words and separate(map(_is_known, words)) else [name]:
            sorting.add(entry(each))
    return sorting.done()


def _is_known(name: str) -> bool:
    return our_name(name) is not None or provider_entry(name) is not None


class _Sorting:
    """A list that is being read."""

    def __init__(self) -> None:
        self.everything = False
        self.types: list[str] | None = None
        self.lists: dict[str, list[str]] = {}

    def add(self, one: Entry) -> None:
        if one.text.lower() in ("*", "all"):
            self.everything = True
        elif one.text[0] in "!-" and _is_known(entry(one.text[1:].strip()).name):
            self._negated(one.text)
        elif (provider := provider_entry(one.text)) is not None:
            self._provider(provider, one)
        else:
            self._tool(one, our_name(one.name))

    def done(self) -> Listed:
        sorted_out = {name: tuple(dict.fromkeys(found)) for name, found in self.lists.items()}
        partly = sorted_out.get("partly", ())
        names = tuple(name for name in sorted_out.pop("names", ()) if name not in partly)
        types = None if self.types is None else tuple(dict.fromkeys(self.types))
        return Listed(everything=self.everything, names=names, types=types, **sorted_out)

    def _provider(self, provider: str, one: Entry) -> None:
        if provider in ("", "mcp__"):
            return
        if one.argument is not None or "*" in provider or "?" in provider:
            self._put("patterns", one.text)
        else:
            self._put("providers", provider)

    def _tool(self, one: Entry, ours: str | None) -> None:
        if ours is None:
            self._put("names", one.text)
            self._put("unknown", one.text)
        elif not ours:
            self._put("foreign", one.name)
        elif ours == START:
            self._put("names", ours)
            self._types(one)
        elif one.restricted and ours in OWN_TOOLS:
            self._put("partly", ours)
            self._put("unenforced", one.text)
        else:
            self._put("names", ours)

    def _negated(self, text: str) -> None:
        name = entry(text[1:].strip()).name
        self._put("negated", text)
        if ours := our_name(name):
            self._put("partly", ours)
        elif ours is None:
            self._put("patterns", text)

    def _types(self, one: Entry) -> None:
        if one.restricted:
            self.types = [*(self.types or ()), *some_names(Written(one.argument))]

    def _put(self, where: str, name: str) -> None:
        self.lists.setdefault(where, []).append(name)
