"""What can be set, each declared once: screens, the command line, the README and the environment are drawn from it.

Where a value comes from is not known here, but for the environment's names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from subagents.errors import BadSetting
from subagents.language import _

PREFIX = "SUBAGENTS_"
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_YES = frozenset(("1", "true", "yes", "on"))
_NO = frozenset(("0", "false", "no", "off"))


def _setting(
    default: Any,
    title: str,
    text: str,
    *,
    low: float = 0,
    high: float = 0,
    choices: tuple[str, ...] = (),
    later: bool = False,
) -> Any:
    """A field of `Settings`; `low` and `high` bound a number, both included. `later` has no effect yet."""
    about = {"title": title, "help": text, "low": low, "high": high, "choices": choices, "later": later}
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings with a value. Making one with a value that is out of bounds raises `BadSetting`."""

    max_concurrent: int = _setting(
        4,
        "Agents at once",
        "How many agents of this project may work at the same time; the others wait for their turn.",
        low=1,
        high=1024,
    )
    default_max_turns: int = _setting(
        100,
        "Turns an agent has",
        "After so many turns an agent is asked to finish, unless its definition or the caller says otherwise. "
        "0 is no limit; a runaway agent then costs until somebody stops it.",
        low=0,
        high=10_000,
    )
    grace_turns: int = _setting(
        5,
        "Turns to finish in",
        "How many turns an agent has left when it is asked to finish; then it is stopped.",
        low=1,
        high=1000,
    )
    default_max_tokens: int = _setting(
        0,
        "Tokens an agent has",
        "After so many tokens an agent is stopped, and at 80 % of them asked to finish. 0 is no limit.",
        low=0,
        high=10_000_000_000,
    )
    default_max_cost: float = _setting(
        0.0,
        "Dollars an agent has",
        "After so many US dollars an agent is stopped, and at 80 % of them asked to finish. 0 is no limit.",
        low=0,
        high=1_000_000,
    )
    max_depth: int = _setting(
        4,
        "Depth of nesting",
        "How deep agents may start agents: an agent you start is at depth 1, the one it starts at depth 2.",
        low=0,
        high=16,
    )
    max_children: int = _setting(
        8,
        "Children at once",
        "How many agents that one agent started may work at the same time.",
        low=1,
        high=1024,
    )
    max_tree_live: int = _setting(
        50,
        "Agents of a tree at once",
        "How many agents below one that you started may work at the same time.",
        low=1,
        high=10_000,
    )
    max_tree_spawned: int = _setting(
        200,
        "Agents of a tree in all",
        "How many agents may be started below one that you started; more are refused.",
        low=1,
        high=100_000,
    )
    output_transcript: bool = _setting(
        True,
        "Transcripts as files",
        "Writes each agent's transcript as a JSON Lines file beside the session's log.",
    )
    session_max_age_days: int = _setting(
        30,
        "Days a session is kept",
        "Sessions that nobody used for so many days go with `subagents sessions gc`.",
        low=1,
        high=36_500,
    )
    session_max_megabytes: int = _setting(
        2000,
        "Megabytes kept",
        "When the sessions of this project take more space, `subagents sessions gc` removes the oldest.",
        low=1,
        high=10_000_000,
    )
    model: str = _setting(
        "",
        "Model",
        "What answers where neither the caller nor the definition names a model, nor a parent has one.",
    )
    scope_models: bool = _setting(
        False,
        "Restrict models",
        "Lets a model that starts agents choose among `enabled_models` only.",
    )
    enabled_models: tuple[str, ...] = _setting(
        (),
        "Models to choose from",
        "Exact names, provider/id. None is no restriction.",
    )
    model_retries: int = _setting(
        5,
        "Retries of a model request",
        "How often a request is made again that met a rate limit, an overloaded server or a broken connection.",
        low=0,
        high=20,
    )
    fallback_subagent: str = _setting(
        "",
        "Agent for unknown types",
        "What runs when a type is asked for that there is not, with a note. Nothing or `none` refuses.",
    )
    disable_default_agents: bool = _setting(
        False,
        "Hide the built-in agents",
        "Only agents from files of yours and of the project can be started.",
    )
    strict_agent_files: bool = _setting(
        False,
        "Strict agent files",
        "Refuses to start while a definition file cannot be used.",
    )
    wait_timeout_seconds: int = _setting(
        270,
        "Seconds a wait lasts",
        "How long a parent waits for a result before it is told how far the agent is.",
        low=30,
        high=3600,
    )
    default_join_mode: str = _setting(
        "async",
        "Notices of endings",
        "Whether a parent is told of each ending, of several together, or as fits.",
        choices=("async", "smart", "group"),
        later=True,
    )
    background_by_default: bool = _setting(
        True, "In the background", "Whether an agent that a model starts runs in the background.", later=True
    )
    structured_retries: int = _setting(
        2,
        "Corrections of an answer",
        "How often an agent is asked again when its answer does not fit the output schema.",
        low=0,
        high=5,
        later=True,
    )
    tool_description_mode: str = _setting(
        "full",
        "Length of tool descriptions",
        "How much a model is told about the tools that start agents.",
        choices=("full", "compact", "custom"),
        later=True,
    )
    tree_mode: str = _setting(
        "rich",
        "Tree of agents",
        "How much of each agent the tree shows.",
        choices=("auto", "rich", "compact"),
        later=True,
    )
    widget_mode: str = _setting(
        "background",
        "Agents shown in the panel",
        "Which agents the panel shows below a conversation.",
        choices=("all", "background", "off"),
        later=True,
    )
    fleet_view: bool = _setting(
        True, "Fleet view", "Shows every agent of the project in one list.", later=True
    )
    agent_mentions: str = _setting(
        "model",
        "Mentions of agents",
        "Whether `@agent` in a prompt is left to the model, starts the agent at once, or means nothing.",
        choices=("model", "direct", "off"),
        later=True,
    )
    abort_resend_key: str = _setting(
        "f9",
        "Key to stop and ask again",
        "Stops the current turn and puts your last message back.",
        later=True,
    )
    scheduling_enabled: bool = _setting(True, "Schedules", "Lets agents be started by time.", later=True)
    schedule_overlap: str = _setting(
        "skip",
        "Overlapping fires",
        "What a schedule does while its last agent still runs.",
        choices=("skip", "allow"),
        later=True,
    )
    worktree_isolation: bool = _setting(
        True, "Worktrees", "Lets agents work in git worktrees of their own.", later=True
    )
    rollup_child_usage: bool = _setting(
        False,
        "Usage with children",
        "Counts what an agent's children used as its own, where usage is shown.",
        later=True,
    )
    show_cost: bool = _setting(False, "Cost", "Shows the cost beside the tokens.", later=True)

    def __post_init__(self) -> None:
        for each in declared():
            try:
                check(each, getattr(self, each.name))
            except BadSetting as error:
                raise BadSetting(f"{each.name} {error}") from None


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared about one setting. `low` and `high` mean something for numbers only."""

    name: str
    default: bool | int | float | str | tuple[str, ...]
    title: str
    help: str
    low: float
    high: float
    choices: tuple[str, ...] = ()
    later: bool = False

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A value that was dropped; the default, or what was set before, stands. `source` is where it was read."""

    source: str
    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


@cache
def declared() -> tuple[Declared, ...]:
    """Every setting, in the order of declaration."""
    # A field's default is an attribute of the class too, and typed there.
    return tuple(
        Declared(name=each.name, default=getattr(Settings, each.name), **each.metadata)
        for each in fields(Settings)
    )


def check(setting: Declared, value: object) -> None:
    """Raises `BadSetting` when the setting cannot have this value. A boolean is no number, nor a text one."""
    possible, wanted = _possible(setting, value)
    if not possible:
        shown = repr(value)
        raise BadSetting(
            _("must be {wanted}, not {value}").format(
                wanted=wanted, value=shown if len(shown) <= 60 else shown[:60] + "…"
            )
        )


def _possible(setting: Declared, value: object) -> tuple[bool, str]:
    """Whether it can have the value, and what it can have."""
    match setting.default:
        case bool():
            return isinstance(value, bool), _("true or false")
        case int():
            wanted = _("a whole number from {low} to {high}").format(low=setting.low, high=setting.high)
            number = value if isinstance(value, int) and not isinstance(value, bool) else None
            return number is not None and setting.low <= number <= setting.high, wanted
        case float():
            wanted = _("a number from {low:g} to {high:g}").format(low=setting.low, high=setting.high)
            amount = value if isinstance(value, int | float) and not isinstance(value, bool) else None
            return amount is not None and setting.low <= amount <= setting.high, wanted
        case str() if setting.choices:
            return value in setting.choices, _("one of {choices}").format(choices=", ".join(setting.choices))
        case str():
            return isinstance(value, str), _("text")
        case tuple():
            good = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
            return good, _("a list of texts")


def with_values(
    settings: Settings, values: Mapping[str, object], source: str
) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """The settings with these changed; a value that is not possible, or a name that is none, drops only itself."""
    known = {each.name: each for each in declared()}
    good: dict[str, Any] = {}
    problems: list[SettingProblem] = []
    for name, value in values.items():
        try:
            if name not in known:
                raise BadSetting(_("there is no such setting"))
            check(known[name], value)
            good[name] = value
        except BadSetting as error:
            problems.append(SettingProblem(source, name, f"{name} {error}"))
    return replace(settings, **good), tuple(problems)


def from_environment(
    environ: Mapping[str, str], settings: Settings | None = None
) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """The settings with what `SUBAGENTS_<NAME>` says; a bad value drops that one. An empty one says nothing."""
    good: dict[str, Any] = {}
    problems: list[SettingProblem] = []
    for each in declared():
        text = environ.get(each.variable, "").strip()
        if not text:
            continue
        try:
            good[each.name] = _from_text(each, text)
        except BadSetting as error:
            problems.append(SettingProblem(each.variable, each.name, str(error)))
    return replace(settings or Settings(), **good), tuple(problems)


def _from_text(setting: Declared, text: str) -> object:
    value: object = text
    match setting.default:
        case bool():
            value = True if text.lower() in _YES else False if text.lower() in _NO else text
        case int() if _NUMBER.fullmatch(text):
            value = int(text)
        case float():
            with suppress(ValueError):
                value = float(text)
        case tuple():
            value = tuple(item.strip() for item in text.split(",") if item.strip())
        case _:
            pass
    check(setting, value)
    return value
