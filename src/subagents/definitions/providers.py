"""Which tool providers (extensions) a file brings in and which of their tools it selects, as one rule.

`tools: ext:provider/tool` selects, `extensions` and `exclude_extensions` bring in and leave out, and
`disallowed_tools` takes away. Which providers there are is not known here: they may come while an agent runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from subagents.definitions.servers import provider_of
from subagents.definitions.tool_lists import Listed
from subagents.definitions.tool_names import provider_entry
from subagents.definitions.values import MAX_SHOWN, few, names_all
from subagents.language import _
from subagents.spec import EVERY_SERVER, SERVER_PREFIX, ProviderRule

_SUFFIX = re.compile(r"\.(ts|js|py|mjs)\Z")


def rules(
    found: Mapping[str, Any], tools: Listed, denied: Listed, *, exact: bool
) -> tuple[ProviderRule, ...]:
    """The rule of a file, none where it says nothing. `exact`: a list of our tools selects no other's."""
    included = _included(found)
    fitted = [_provider_fitted(pattern) for pattern in denied.patterns]
    excluded = tuple(dict.fromkeys((*_excluded(found), *_whole(denied.providers), *filter(None, fitted))))
    selected = tools.providers or (() if tools.patterns or (exact and not tools.everything) else None)
    if None in fitted:
        included = ()
    rule = ProviderRule(included, excluded, selected)
    return () if rule == ProviderRule() else (rule,)


def without_any(rules: tuple[ProviderRule, ...]) -> tuple[ProviderRule, ...]:
    """Rules by which no tool of a provider is seen; the same where it is so already."""
    if any(rule.included == () or rule.selected == () for rule in rules):
        return rules
    return (ProviderRule(included=()),)


def denied(listed: Listed) -> tuple[str, ...]:
    """The single tools of providers that are forbidden, as `provider/tool`."""
    return tuple(entry for entry in listed.providers if "/" in entry)


def told(found: Mapping[str, Any], tools: Listed, denied: Listed) -> Iterator[tuple[str, str]]:
    """Key and sentence of each mismatch. An isolated agent has no provider's tools, whatever else is said."""
    yield from _patterns(tools, denied)
    if found.get("isolated") is True:
        return
    yield from _paths(found)
    yield from _contradictions(found, tools)
    yield from _unreached_servers(found, tools)


# --- the rule's parts


def _included(found: Mapping[str, Any]) -> tuple[str, ...] | None:
    names = found.get("extensions")
    if names_all(found.get("exclude_extensions") or ()):
        return ()
    if names is None or names is True:
        return None
    return tuple(dict.fromkeys(_provider(name) for name in names if not _is_path(name)))


def _excluded(found: Mapping[str, Any]) -> tuple[str, ...]:
    """A path leaves out whatever it may be the name of."""
    names: list[str] = []
    for name in found.get("exclude_extensions") or ():
        if names_all([name]):
            continue
        parts = re.split(r"[/\\]", name) if _is_path(name) else [name]
        names += [_provider(part) for part in parts if part not in ("", ".", "..", "~")]
    return tuple(dict.fromkeys(names))


def _provider(name: str) -> str:
    return _SUFFIX.sub("", name.lower().removeprefix("ext:").strip())


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.startswith("~")


def _whole(entries: Sequence[str]) -> tuple[str, ...]:
    return tuple(entry for entry in entries if "/" not in entry)


def _providers(entries: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.partition("/")[0] for entry in entries))


def _provider_fitted(pattern: str) -> str | None:
    """The one provider whose tools a pattern fits, such as that of `mcp__docs__edit_*`, or all servers; None where it
    may be any."""
    if pattern.lower() == EVERY_SERVER:
        return EVERY_SERVER
    provider = (provider_entry(pattern.partition("(")[0]) or "*").partition("/")[0]
    return None if "*" in provider or "?" in provider else provider


# --- what does not go together


def _patterns(tools: Listed, denied: Listed) -> Iterator[tuple[str, str]]:
    if tools.patterns:
        message = _("has {names}, which nothing here follows; name the providers or their tools")
        yield "tools", message.format(names=few(tools.patterns))
    for pattern in denied.patterns[:MAX_SHOWN]:
        message = _("has {pattern}, a pattern that takes all tools of {whose} away")
        whose = _provider_fitted(pattern) or _("providers")
        if whose == EVERY_SERVER:
            continue  # that is just what it says
        yield "disallowed_tools", message.format(pattern=few([pattern]), whose=few([whose]))


def _paths(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("extensions", "exclude_extensions"):
        names = found.get(key)
        if isinstance(names, tuple) and (paths := [name for name in names if _is_path(name)]):
            message = _("has {names}, a path; name the provider instead")
            yield key, message.format(names=few(paths))


def _contradictions(found: Mapping[str, Any], tools: Listed) -> Iterator[tuple[str, str]]:
    included, excluded = _included(found), _excluded(found)
    if twice := [name for name in included or () if name in excluded]:
        message = _("names {names}, which `extensions` names too; that stays out")
        yield "exclude_extensions", message.format(names=few(twice))
    rule = ProviderRule(included, excluded)
    orphans = [name for name in _providers(tools.providers) if not rule.includes(name)]
    if orphans:
        message = _("selects tools of {names}, which the file does not bring in; add it to `extensions`")
        yield "tools", message.format(names=few(orphans))


def _unreached_servers(found: Mapping[str, Any], tools: Listed) -> Iterator[tuple[str, str]]:
    """Servers that the file names, and of which nothing is seen: its list of tools admits none, or it is a program."""
    if found.get("mcp_servers") and found.get("runner") not in (None, "", "native"):
        yield "mcp_servers", _("has no effect, because `runner` names a program, which has its own")
        return
    if tools.providers:
        servers = (str(name) for name in found.get("mcp_servers") or ())
        reached = {name.removeprefix(SERVER_PREFIX) for name in _providers(tools.providers)}
        if unreached := [name for name in servers if name.lower() not in reached]:
            message = _("names {names}, of which `tools` admits no tool; add {entry} to it")
            yield (
                "mcp_servers",
                message.format(names=few(unreached), entry=f"`{provider_of(unreached[0])}`"),
            )
