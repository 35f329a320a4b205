"""What can be set, each declared once: screens, the command line, the README and the environment are drawn from it.

Where a value comes from is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from subagents.errors import BadSetting
from subagents.settings.possible import Declared, Guard, Value, fitting
from subagents.spec import Base

#: What a worktree may begin with.
BASES = tuple(map(str, Base))

#: What a worktree's ignored files are worth nothing by: made again by whoever needs it.
DISPOSABLE = (
    *("__pycache__", "*.pyc", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox"),
    *(".venv", "venv", "node_modules", ".next", ".gradle", "target", "*.egg-info", ".DS_Store"),
)


def _setting(default: Value, title: str, text: str, **about: Any) -> Any:
    """A field of `Settings`; `about` is the rest of `Declared`."""
    return field(default=default, metadata={"title": title, "help": text, **about})


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
        unlimited=True,
        guard=Guard.STRICTER,
    )
    grace_turns: int = _setting(
        5,
        "Turns to finish in",
        "How many turns an agent has left when it is asked to finish; then it is stopped.",
        low=1,
        high=1000,
        guard=Guard.STRICTER,
    )
    default_max_tokens: int = _setting(
        0,
        "Tokens an agent has",
        "After so many tokens an agent is stopped, and at 80 % of them asked to finish. 0 is no limit.",
        low=0,
        high=10_000_000_000,
        unlimited=True,
        guard=Guard.STRICTER,
    )
    default_max_cost: float = _setting(
        0.0,
        "Dollars an agent has",
        "After so many US dollars an agent is stopped, and at 80 % of them asked to finish. 0 is no limit.",
        low=0,
        high=1_000_000,
        unlimited=True,
        guard=Guard.STRICTER,
    )
    max_depth: int = _setting(
        4,
        "Depth of nesting",
        "How deep agents may start agents: an agent you start is at depth 1, the one it starts at depth 2.",
        low=0,
        high=16,
        guard=Guard.STRICTER,
    )
    max_children: int = _setting(
        8,
        "Children at once",
        "How many agents that one agent started may work at the same time.",
        low=1,
        high=1024,
        guard=Guard.STRICTER,
    )
    max_tree_live: int = _setting(
        50,
        "Agents of a tree at once",
        "How many agents below one that you started may work at the same time.",
        low=1,
        high=10_000,
        guard=Guard.STRICTER,
    )
    max_tree_spawned: int = _setting(
        200,
        "Agents of a tree in all",
        "How many agents may be started below one that you started; more are refused.",
        low=1,
        high=100_000,
        guard=Guard.STRICTER,
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
        guard=Guard.USER,
    )
    session_max_megabytes: int = _setting(
        2000,
        "Megabytes kept",
        "When the sessions of this project take more space, `subagents sessions gc` removes the oldest.",
        low=1,
        high=10_000_000,
        guard=Guard.USER,
    )
    model: str = _setting(
        "",
        "Model",
        "What answers where neither the caller nor the definition names a model, nor a parent has one: provider:id, "
        "a part of a name, or `offline`.",
    )
    openai_base_url: str = _setting(
        "",
        "Server for OpenAI's models",
        "Where a server that speaks as OpenAI's does is to be found, a local one perhaps. OPENAI_BASE_URL wins.",
        guard=Guard.USER,
    )
    keys_in_keyring: tuple[str, ...] = _setting(
        (),
        "Keys in the keyring",
        "Variables such as OPENAI_API_KEY whose value `subagents setup` put into the system's keyring.",
        guard=Guard.USER,
    )
    scope_models: bool = _setting(
        False,
        "Restrict models",
        "Lets a model that starts agents choose among `enabled_models` only.",
        guard=Guard.STRICTER,
    )
    enabled_models: tuple[str, ...] = _setting(
        (),
        "Models to choose from",
        "Exact names such as anthropic/claude-opus-4-6, provider/id. None is no restriction.",
        guard=Guard.STRICTER,
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
        filled=True,
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
        guard=Guard.STRICTER,
    )
    wait_timeout_seconds: int = _setting(
        270,
        "Seconds a wait lasts",
        "How long a parent waits for a result before it is told how far the agent is.",
        low=30,
        high=3600,
    )
    client_gone_seconds: int = _setting(
        14_400,
        "Seconds without a client",
        "How long the agents of an MCP client go on when it has gone away; 0 stops them at once. What they came to is "
        "kept and told when the client comes back.",
        low=0,
        high=2_592_000,
    )
    host_idle_seconds: int = _setting(
        600,
        "Seconds the host waits",
        "How long the background process of a project stays when nothing runs in it and nobody is connected.",
        low=1,
        high=604_800,
    )
    default_join_mode: str = _setting(
        "async",
        "Notices of endings",
        "Whether a parent is told of each ending, of several together, or as fits.",
        choices=("async", "smart", "group"),
    )
    background_by_default: bool = _setting(
        True, "In the background", "Whether an agent that a model starts runs in the background."
    )
    detach_children: bool = _setting(
        False,
        "Children outlive their parent",
        "Lets agents in the background go on when the agent that started them has ended. Otherwise they are stopped.",
        guard=Guard.USER,
    )
    structured_retries: int = _setting(
        2,
        "Corrections of an answer",
        "How often an agent is asked again when its answer does not fit the output schema.",
        low=0,
        high=5,
    )
    inherit_max_tokens: int = _setting(
        40_000,
        "Tokens inherited",
        "How much of its parent's conversation an agent begins with that inherits it; of more, the oldest is left out.",
        low=100,
        high=10_000_000,
    )
    compaction_percent: int = _setting(
        80,
        "Compaction",
        "How full a model's window may be before the conversation is made shorter; 0 only does so when the model "
        "refused it as too long.",
        low=0,
        high=95,
    )
    compaction_model: str = _setting(
        "",
        "Model for summaries",
        "What sums up a conversation that is made shorter: a model's exact name, nothing for the agent's own, `none` "
        "to drop the oldest without a summary.",
        guard=Guard.USER,
    )
    context_window: int = _setting(
        128_000,
        "Tokens a model can read",
        "Where it is not known how many tokens a model can read at once, as of local ones.",
        low=1000,
        high=100_000_000,
    )
    tool_description_mode: str = _setting(
        "full",
        "Length of tool descriptions",
        "How much a model is told about the tools that start agents.",
        choices=("full", "compact", "custom"),
    )
    tree_mode: str = _setting(
        "rich",
        "Tree of agents",
        "How much of each agent the tree shows.",
        choices=("auto", "rich", "compact"),
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
    )
    abort_resend_key: str = _setting(
        "f9",
        "Key to stop and ask again",
        "Stops the current turn and puts your last message back.",
        later=True,
        filled=True,
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
        True, "Worktrees", "Lets agents work in git worktrees of their own; off, nobody does."
    )
    default_isolation: str = _setting(
        "off",
        "Where agents work",
        "Whether an agent works in the folder itself or in a worktree, where neither its file nor the caller says.",
        choices=("off", "worktree"),
    )
    worktree_base: str = _setting(
        "head",
        "What a worktree begins with",
        "The commit that is checked out, the newest of the default branch, or all that you have, uncommitted too.",
        choices=BASES,
    )
    worktree_disposable: tuple[str, ...] = _setting(
        DISPOSABLE,
        "Worth nothing in a worktree",
        "Ignored files that go with a worktree: patterns for any part of their path. Others are archived.",
        guard=Guard.USER,
    )
    worktree_archived_megabytes: int = _setting(
        50,
        "Megabytes archived",
        "Ignored files of a worktree are archived in the session's folder up to so many megabytes; more keep it.",
        low=0,
        high=1_000_000,
    )
    worktree_max_age_days: int = _setting(
        30,
        "Days a worktree is kept",
        "A worktree that had to stay is looked at again after so many days, and goes if nothing would be lost.",
        low=0,
        high=36_500,
        guard=Guard.USER,
    )
    worktree_quota_megabytes: int = _setting(
        0,
        "Megabytes of worktrees",
        "When those of this project take more, they are looked at again whatever their age, the oldest first. "
        "0 is no quota.",
        low=0,
        high=100_000_000,
        unlimited=True,
        guard=Guard.USER,
    )
    shared_edits: str = _setting(
        "refuse",
        "Edits of one file",
        "What becomes of an agent's write to a file that another has changed since it was read: done with a warning, "
        "refused, or refused only when the other has ended or a minute has passed.",
        choices=("warn", "refuse", "wait"),
    )
    fetch_private: bool = _setting(
        False,
        "Private addresses",
        "Lets the tool `fetch` reach this machine and private networks too.",
        guard=Guard.STRICTER,
        allows=True,
    )
    rollup_child_usage: bool = _setting(
        False,
        "Usage with children",
        "Counts what an agent's children used as its own, where usage is shown.",
    )
    show_cost: bool = _setting(False, "Cost", "Shows the cost beside the tokens.")

    def __post_init__(self) -> None:
        """Puts each value into the form that `fitting` gives it."""
        for each in declared():
            value = getattr(self, each.name)
            try:
                fits = (
                    value
                    if (type(value), value) == (type(each.default), each.default)
                    else fitting(each, value)
                )
            except BadSetting as error:
                raise BadSetting(f"{each.name} {error}") from None
            object.__setattr__(self, each.name, fits)


@cache
def declared() -> tuple[Declared, ...]:
    """Every setting, in the order of declaration."""
    # A field's default is an attribute of the class too, and typed there.
    return tuple(
        Declared(name=each.name, default=getattr(Settings, each.name), **each.metadata)
        for each in fields(Settings)
    )
