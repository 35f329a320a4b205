"""OpenCode's rules of who may use which tool, said in ours; where ours are coarser the tool is left out.

A file may hold three kinds, and an agent has a tool here when each of them allows it: `tools` (name → yes or no,
version 1.0), `permission` (name → allow, ask or deny, or those by pattern, 1.1 and later) and `permissions` (a list
of action, resource and effect, 2.0). In each the last rule that fits counts, and what no rule is about is allowed.
Nobody is asked here yet, so what would be asked about is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from subagents.definitions.dialects.base import Translation
from subagents.definitions.dialects.tools import ASK, NONE, PLAN, WEB
from subagents.definitions.model import SHOWN
from subagents.definitions.tool_names import START, plain, tool_called
from subagents.definitions.values import both
from subagents.language import _

RULES = ("tools", "permission", "permissions")

#: What OpenCode calls the right to each of our tools: the name that counts where rules are by tool, the one where they
#: are by permission, and all names that mean it.
_EDITING = ("edit", "write", "patch", "multiedit")
_RIGHTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "read": ("read", "read", ("read",)),
    "write": ("write", "edit", _EDITING),
    "edit": ("edit", "edit", _EDITING),
    "bash": ("bash", "bash", ("bash", "shell")),
    "grep": ("grep", "grep", ("grep",)),
    "find": ("glob", "glob", ("glob",)),
    "ls": ("list", "list", ("list",)),
}
MAX_RULES = 1_000  # of one key; each is compared with each

_STARTS = ("task", "subagent")
_OUTSIDE = "external_directory"
#: What nothing here does, and why it is lost where a file allows it. What it denies is denied anyhow.
_ELSEWHERE = {
    "webfetch": WEB,
    "websearch": WEB,
    "codesearch": WEB,
    "todoread": PLAN,
    "todowrite": PLAN,
    "plan_enter": PLAN,
    "plan_exit": PLAN,
    "question": ASK,
    "lsp": NONE,
}
_KNOWN = frozenset(name for rights in _RIGHTS.values() for name in rights[2]) | {
    *_STARTS,
    *_ELSEWHERE,
    _OUTSIDE,
    "skill",
    "doom_loop",  # whether a call is asked about that repeats itself
}


class Effect(Enum):
    """What becomes of one right. `PARTLY` is by pattern, which nothing here can tell apart yet."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a pattern of rights, of what they are used on, and what becomes of that."""

    right: str
    resource: str
    effect: Effect


def take_rules(translation: Translation) -> None:
    """Our `tools`, `disallowed_tools`, `allowed_subagents`, `extensions` and `skills` for the three kinds of rules."""
    for key in RULES:
        if translation.value(key) is None:
            continue
        rules = list(_read(translation, key))
        if len(rules) > MAX_RULES:
            message = _("`{key}` has more than {n} rules; the agent has no tools")
            translation.tell(key, message.format(key=key, n=MAX_RULES))
            rules = [Rule("*", "*", Effect.DENY)]
        for take in (_own, _alike, _outside, _starting, _elsewhere, _skills, _providers):
            take(translation, key, rules)


# --- reading


def _read(translation: Translation, key: str) -> Iterator[Rule]:
    value = translation.value(key)
    match value:
        case str():
            yield Rule("*", "*", _effect(translation, key, "*", value))
        case dict():
            for right, effect in value.items():
                yield from _of_right(translation, key, right, effect)
        case [] if key != "tools":
            return
        case list() if value and all(isinstance(rule, dict) for rule in value):
            for rule in value:
                yield from _of_item(translation, key, rule)
        case list() if all(isinstance(name, str) for name in value):
            # A list of names, as other tools have it: those and nothing else.
            yield Rule("*", "*", Effect.DENY)
            yield from (Rule(name, "*", Effect.ALLOW) for each in value for name in _names(each))
        case _:
            message = _("`{key}` must be a mapping; the agent has no tools")
            translation.tell(key, message.format(key=key))
            yield Rule("*", "*", Effect.DENY)


def _of_right(translation: Translation, key: str, right: str, effect: Any) -> Iterator[Rule]:
    resources = effect if isinstance(effect, dict) else {"*": effect}
    for resource, one in resources.items():
        read = _effect(translation, key, right, one)
        yield from (Rule(name, resource, read) for name in _names(right))


def _of_item(translation: Translation, key: str, item: Mapping[str, Any]) -> Iterator[Rule]:
    """One of a list of rules: action, resource and effect; what OpenCode calls these while it runs, permission,
    pattern and action; or a right with its effect."""
    inside = "permission" in item
    if not inside and not {"action", "effect", "resource"} & item.keys():
        for right, effect in item.items():
            yield from _of_right(translation, key, right, effect)
        return
    names = _named(item.get("permission" if inside else "action"))
    resource = str(item.get("pattern" if inside else "resource", "*"))
    if not names:
        message = _("a rule in `{key}` does not say which right it is about; it is denied")
        translation.tell(key, message.format(key=key))
        yield Rule("*", "*", Effect.DENY)
        return
    effect = _effect(translation, key, names[0], item.get("action" if inside else "effect"))
    yield from (Rule(name, resource, effect) for name in names)


def _named(rights: object) -> list[str]:
    """The rights that a rule is about; none where that cannot be told."""
    listed = rights if isinstance(rights, list) else [rights]
    texts = [one for one in listed if isinstance(one, str)]
    return [name for one in texts for name in _names(one)] if texts == listed else []


def _names(right: str) -> list[str]:
    """The rights that a text names: one, or several where somebody wrote a list of them; case does not matter."""
    return [name for name in _BETWEEN.split(plain(right).lower()) if name]


_BETWEEN = re.compile(r"[\s,;|{}]+")


def _effect(translation: Translation, key: str, right: str, value: Any) -> Effect:
    match value.strip().lower() if isinstance(value, str) else value:
        case True | "allow":
            return Effect.ALLOW
        case False | "deny":
            return Effect.DENY
        case "ask":
            return Effect.ASK
        case _:
            message = _("{right!r} in `{key}` must be allow, ask or deny; it is denied")
            translation.tell(key, message.format(right=right[:60], key=key))
            return Effect.DENY


# --- what they come to


def _outcome(rules: Iterable[Rule], right: str) -> Effect:
    """What becomes of a right: the last rule for all it is used on, unless others are for some of that.

    Rules that allow some uses and are silent about the others mean only those uses.
    """
    effect, said = Effect.ALLOW, False
    for rule in rules:
        if not _fits(rule.right, right):
            continue
        if rule.resource == "*":
            effect, said = rule.effect, True
        elif rule.effect is not effect or not said:
            effect = Effect.PARTLY
    return effect


def _fits(pattern: str, right: str) -> bool:
    if not _is_pattern(pattern):
        return pattern == right
    return fnmatchcase(right, pattern.replace("[", "[[]"))  # which is a bracket there


def _strictest(rules: list[Rule], rights: Iterable[str]) -> Effect:
    order = (Effect.DENY, Effect.ASK, Effect.PARTLY, Effect.ALLOW)
    return min((_outcome(rules, right) for right in rights), key=order.index)


def _own(translation: Translation, key: str, rules: list[Rule]) -> None:
    gone: dict[Effect, list[str]] = {}
    for tool in _RIGHTS:
        effect = _strictest(rules, _names_of(tool, key, rules))
        if effect is not Effect.ALLOW:
            gone.setdefault(effect, []).append(tool)
    if gone:
        translation.deny([tool for tools in gone.values() for tool in tools], key)
    _tell_gone(translation, key, gone)


def _alike(translation: Translation, key: str, rules: list[Rule]) -> None:
    """A right that nobody knows and that is denied, or asked about, takes the tool away that it is probably about."""
    for rule in rules:
        if rule.right in _KNOWN or rule.effect is Effect.ALLOW or _server(rule) is not None:
            continue
        meant = tool_called(rule.right)
        if meant is not None and not _is_pattern(rule.right):
            message = _("OpenCode has no right {right!r} for `{key}`, so it goes without {tool}")
            translation.tell(key, message.format(right=rule.right[:SHOWN], key=key, tool=meant))
            translation.deny((meant,), key)


def _names_of(tool: str, key: str, rules: list[Rule]) -> Iterable[str]:
    """The names of a tool's right that count, of each the strictest: its own, and others that rules are about.

    Versions differ in whether `write` means one tool or all editing, so both readings have to allow a tool; but who
    writes `edit` as well means that one by it.
    """
    by_tool, by_permission, names = _RIGHTS[tool]
    own = by_tool if key == "tools" else by_permission
    named = {rule.right for rule in rules}
    return {own} if tool == "edit" and own in named else {own, *(named & set(names))}


def _tell_gone(translation: Translation, key: str, gone: Mapping[Effect, list[str]]) -> None:
    """What is denied is as it was written; the rest is less than was written."""
    for effect, message in (
        (Effect.ASK, _("nobody can be asked yet about `{key}`, so it goes without {tools}")),
        (Effect.PARTLY, _("the patterns in `{key}` are not enforced yet, so it goes without {tools}")),
    ):
        if tools := gone.get(effect):
            translation.tell(key, message.format(key=key, tools=both(tools)))


def _outside(translation: Translation, key: str, rules: list[Rule]) -> None:
    """The file tools stay inside the workspace anyhow; commands cannot be kept there yet."""
    if "bash" in translation.front.values.get("disallowed_tools", ()):
        return
    if any(rule.right == _OUTSIDE for rule in rules) and _outcome(rules, _OUTSIDE) is not Effect.ALLOW:
        message = _("`{right}` in `{key}` is not enforced yet, so it goes without bash")
        translation.tell(key, message.format(right=_OUTSIDE, key=key))
        translation.deny(("bash",), key)


def _starting(translation: Translation, key: str, rules: list[Rule]) -> None:
    """Whether it starts other agents, and which: only those that are named, as patterns of names are not ours."""
    about = [rule for rule in rules if rule.right in _STARTS]
    effect = _strictest(rules, {rule.right for rule in about}) if about else None
    types = _types(about) if effect is Effect.PARTLY else None
    if effect is Effect.ALLOW or types:
        translation.put("tools", ["*", START], key)
    elif effect is not None:
        translation.deny((START,), key)
    if types:
        before = translation.front.values.get("allowed_subagents", types)
        translation.put("allowed_subagents", [name for name in types if name in before] or "none", key)
    elif effect in (Effect.ASK, Effect.PARTLY):
        why = "agents to start have to be named one by one, with all others denied, so it starts none"
        translation.lose_part(key, "task", why)


def _types(rules: list[Rule]) -> list[str]:
    """The agents that are allowed by name; none where others are not denied, or some are meant by a pattern."""
    everyone = [rule.effect for rule in rules if rule.resource == "*"]
    named = {rule.resource: rule.effect for rule in rules if rule.resource != "*"}
    if everyone[-1:] != [Effect.DENY] or any(_is_pattern(name) for name in named):
        return []
    return [name for name, effect in named.items() if effect is Effect.ALLOW]


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _elsewhere(translation: Translation, key: str, rules: list[Rule]) -> None:
    """What it is allowed and nothing here can do. What is denied of that is denied anyhow."""
    for right in dict.fromkeys(rule.right for rule in rules):
        if right in _ELSEWHERE and _outcome(rules, right) is not Effect.DENY:
            translation.lose_part(key, right, _ELSEWHERE[right])
    if any(rule.right == _OUTSIDE and rule.effect is Effect.ALLOW for rule in rules):
        translation.lose_part(key, _OUTSIDE, "the file tools stay inside the workspace")


def _skills(translation: Translation, key: str, rules: list[Rule]) -> None:
    """Skills are all offered or none: some of them are none."""
    if not any(rule.right == "skill" for rule in rules):
        return
    effect = _outcome(rules, "skill")
    if effect is not Effect.ALLOW:
        translation.put("skills", False, key)
    if effect in (Effect.ASK, Effect.PARTLY):
        translation.lose_part(key, "skill", "it is offered all skills or none, so it has none")


def _providers(translation: Translation, key: str, rules: list[Rule]) -> None:
    """Tools of MCP servers are `server_tool`. All of a server can be said here, and all servers."""
    others = [rule for rule in rules if rule.right not in _KNOWN and rule.right != "*"]
    single = [rule for rule in others if _server(rule) is None]
    servers = dict.fromkeys(rule.right for rule in others if rule not in single)
    allowed = [server for server in servers if _outcome(rules, server[:-1] + "\0") is Effect.ALLOW]
    allowed = [server for server in allowed if not any(_takes_from(rule, server) for rule in single)]
    others_too = _outcome(rules, "\0") is Effect.ALLOW
    single = [rule for rule in single if not others_too or rule.effect is not Effect.ALLOW]
    if single or not others_too:
        _only(translation, key, [_provider(server) for server in allowed])
    elif denied := [_provider(server) for server in servers if server not in allowed]:
        before = translation.front.values.get("exclude_extensions", [])
        translation.put("exclude_extensions", [*before, *denied], key)
    for rule in single:
        why = "whose tool it is cannot be told; name all tools of a server, as server_*"
        translation.lose_part(key, rule.right, why)


def _takes_from(rule: Rule, server: str) -> bool:
    """Whether a rule denies, or asks about, some tools of a server, or may."""
    return rule.effect is not Effect.ALLOW and (_is_pattern(rule.right) or rule.right.startswith(server[:-1]))


def _only(translation: Translation, key: str, servers: list[str]) -> None:
    """These providers and no others, of those that there were."""
    before = translation.front.values.get("extensions", True)
    kept = [name for name in servers if before is True or (before and name in before)]
    translation.put("extensions", kept or False, key)


def _server(rule: Rule) -> str | None:
    """The right to all tools of a server, `server_*`; None where a rule is about something else."""
    server, star, rest = rule.right.partition("_*")
    return rule.right if star and server and not rest and not _is_pattern(server) else None


def _provider(server: str) -> str:
    return f"mcp__{server[:-2].lower()}"
