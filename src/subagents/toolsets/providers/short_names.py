"""A server's own name where its provider's is meant: `ext:docs/search` is about the MCP server `docs` too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from subagents.spec import SERVER_PREFIX, ProviderRule, ToolSelection


def written_in_full(tools: ToolSelection, servers: Sequence[str], taken: Collection[str]) -> ToolSelection:
    """The selection with `mcp__docs` where it says `docs`, if `servers` has that and no provider of the name `docs` is
    in `taken`. What is forbidden or left out goes in either case."""
    short = _short(servers)
    denied = (*tools.denied, *filter(None, (_full(entry, short) for entry in tools.denied if "/" in entry)))
    rules = tuple(rule_in_full(rule, servers, taken) for rule in tools.providers)
    return ToolSelection(tools.names, tuple(dict.fromkeys(denied)), rules)


def rule_in_full(rule: ProviderRule, servers: Sequence[str], taken: Collection[str]) -> ProviderRule:
    short = _short(servers)
    free = {name: full for name, full in short.items() if name not in taken}
    return ProviderRule(
        None if rule.included is None else tuple(_full(name, free) or name for name in rule.included),
        (*rule.excluded, *filter(None, (_full(name, short) for name in rule.excluded))),
        None if rule.selected is None else tuple(_full(entry, free) or entry for entry in rule.selected),
    )


def _short(servers: Sequence[str]) -> Mapping[str, str]:
    return {name.removeprefix(SERVER_PREFIX): name for name in servers}


def _full(entry: str, known: Mapping[str, str]) -> str:
    provider, slash, tool = entry.partition("/")
    full = known.get(provider.lower())
    return f"{full}{slash}{tool}" if full else ""
