"""What an agent file says about providers of tools and that comes to nothing, as sentences. None of it ends a spawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from subagents.language import _
from subagents.spec import EVERY_SERVER, ProviderRule, ToolSelection

MAX_LISTED = 20  # names that a sentence lists


def selector_notes(
    own: Sequence[ProviderRule], tools: ToolSelection, known: Mapping[str, Sequence[str] | None]
) -> tuple[str, ...]:
    """A sentence for each name that means nothing here.

    `own` is what the definition says, `tools` what the run has after its parent's rights. `known` are the providers
    there are, with their tools, None where these are not known beforehand.
    """
    return tuple(dict.fromkeys(note for rule in own for note in _notes(rule, tools, known)))


def _notes(
    rule: ProviderRule, tools: ToolSelection, known: Mapping[str, Sequence[str] | None]
) -> Iterator[str]:
    for name in rule.included or ():
        if name in rule.excluded:
            yield _(
                "The provider of tools {name!r} is both included and excluded, so it is left out."
            ).format(name=name)
    named = dict.fromkeys((*(rule.included or ()), *rule.excluded))
    for name in named:
        if name not in known and name != EVERY_SERVER:
            yield _unknown(name, known)
    for entry in rule.selected or ():
        provider, slash, tool = entry.partition("/")
        if provider not in known:
            if provider not in named:
                yield _unknown(provider, known)
        elif not rule.includes(provider):
            message = _(
                "'ext:{entry}' selects nothing: the provider {name!r} is not among the agent's extensions."
            )
            yield message.format(entry=entry, name=provider)
        elif not tools.reaches(provider):
            message = _("'ext:{entry}' selects nothing: the parent of this run may not use {name!r}.")
            yield message.format(entry=entry, name=provider)
        elif slash and tool not in (known[provider] or (tool,)):
            yield _no_such_tool(entry, tool, known[provider] or ())


def _unknown(name: str, known: Mapping[str, object]) -> str:
    message = _("There is no provider of tools {name!r}. {there}")
    return message.format(name=name, there=_there(name, list(known)))


def _no_such_tool(entry: str, tool: str, tools: Sequence[str]) -> str:
    message = _("'ext:{entry}' selects nothing: the provider has no tool {tool!r}. {there}")
    return message.format(entry=entry, tool=tool, there=_there(tool, tools))


def _there(name: str, names: Sequence[str]) -> str:
    if not names:
        return _("There are none here.")
    near = get_close_matches(name, names, n=1)
    meant = _("Did you mean {name!r}? ").format(name=near[0]) if near else ""
    listed = ", ".join(names[:MAX_LISTED])
    more = _(" and {n} more").format(n=len(names) - MAX_LISTED) if len(names) > MAX_LISTED else ""
    return meant + _("There are: {names}{more}.").format(names=listed, more=more)
