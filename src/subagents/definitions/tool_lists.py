"""What a list of tools says, entry by entry. What follows for an agent is not known here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from subagents.definitions.tool_names import (
    FETCH,
    OWN_TOOLS,
    START,
    Entry,
    entry,
    our_name,
    plain,
    provider_entry,
    tools_like,
    tools_meant,
    tools_named,
)
from subagents.definitions.values import BadValue, Written, is_none, names_all, some_names, split_names
from subagents.language import _
from subagents.spec import SERVER_PREFIX

MAX_UNKNOWN = 200  # names of one list of forbidden tools that nobody knows, which are compared with ours

_PATTERN = frozenset("*?[")


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
    names = _names(written)
    return Listed() if is_none(names) else _all_but(_sorted(names, separate=all))


def denied_tools(written: Written) -> Listed:
    """Tools that an agent is never to use. What may be meant for a tool takes it."""
    names = _names(written)
    if names_all(names):
        message = _("must name tools, not {value}; an agent without tools has `tools: none`")
        raise BadValue(message.format(value=written))
    if is_none(names):
        return Listed()
    found = _patterns_followed(_sorted(map(_undashed, names), separate=any))
    if len(found.unknown) > MAX_UNKNOWN:
        raise BadValue(_("names more than {n} tools that there are not").format(n=MAX_UNKNOWN))
    meant = (tool for name in found.unknown for tool in tools_meant(name))
    return replace(found, names=tuple(dict.fromkeys((*found.names, *meant))))


def _undashed(name: str) -> str:
    """A name as it looks, without the dashes of a list that YAML folded into one line."""
    return plain(name if "(" in name else _DASH.sub(" ", name))


_DASH = re.compile(r"(?<!\S)[-*•](?=\s)")


def _names(written: Written) -> tuple[str, ...]:
    """The names of a list of tools, which a text may also hold line by line, or between `;` and `|`.

    The dashes of a list are no part of its names, where each line has one.
    """
    match written.value:
        case str(text):
            return some_names(Written(_separated(text)))
        case list(items):
            return some_names(
                Written([_separated(item) if isinstance(item, str) else item for item in items])
            )
        case _:
            return some_names(written)


def _separated(text: str) -> str | list[str]:
    """A text with commas between its names, whatever stands there."""
    if _SEPARATORS.isdisjoint(text):
        return text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if all(line[0] in "-*•" and line[1:2].isspace() for line in lines):
        lines = [line[1:].strip() for line in lines]
    return ",".join(split_names(",".join(lines), ",;|"))


_SEPARATORS = frozenset("\n\r;|")


def _all_but(found: Listed) -> Listed:
    """All tools but those that an entry beside `all` names in a way that nobody understands, such as `not bash`."""
    but = [name for name in found.unknown if tools_named(name)] if found.everything else []
    if not but:
        return found
    return replace(
        found,
        names=tuple(name for name in found.names if name not in but),
        unknown=tuple(name for name in found.unknown if name not in but),
        partly=tuple(dict.fromkeys((*found.partly, *(tool for name in but for tool in tools_named(name))))),
        negated=(*found.negated, *but),
    )


def _patterns_followed(found: Listed) -> Listed:
    """The list with the tools of ours in it that its patterns fit, such as `*Edit`."""
    patterns = tuple(name for name in found.unknown if not _PATTERN.isdisjoint(name) and not _of_one(name))
    like = (tool for pattern in patterns for tool in _fitted(pattern))
    names = (name for name in found.names if name not in patterns)
    return replace(
        found,
        names=tuple(dict.fromkeys((*names, *like))),
        unknown=tuple(name for name in found.unknown if name not in patterns),
        patterns=(*found.patterns, *patterns),
    )


def _fitted(pattern: str) -> tuple[str, ...]:
    """Our tools that a pattern fits; where it is more than one of names, those that it names."""
    return tools_like(pattern) or (() if _OF_NAMES.fullmatch(pattern) else tools_named(pattern))


def _of_one(pattern: str) -> bool:
    """Whether it is about uses of one tool of ours and no pattern of names, such as `Bash:*`."""
    return bool(our_name(_BEHIND_A_NAME.split(pattern, maxsplit=1)[0]))


_OF_NAMES = re.compile(r"[\w*?-]*")
_BEHIND_A_NAME = re.compile(r"[:\s\[]")


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
        if provider in ("", SERVER_PREFIX):
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
        elif one.restricted and ours in (*OWN_TOOLS, FETCH):
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
        if one.restricted or one.argument == "":
            named = some_names(Written(one.argument))
            self.types = [*(self.types or ()), *(() if is_none(named) else named)]

    def _put(self, where: str, name: str) -> None:
        self.lists.setdefault(where, []).append(name)
