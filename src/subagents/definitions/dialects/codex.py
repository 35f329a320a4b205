"""Codex: `.codex/agents/*.toml`, each a layer of its configuration with a name, a description and instructions.

Source: Codex documentation, "Subagents" (custom agent file schema) and "Configuration reference". What a file leaves
out is inherited from the session that starts the agent. There is no list of tools: the sandbox and the approval
policy are what restricts an agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from subagents.definitions.dialects import toml
from subagents.definitions.dialects.base import Translated, Translation, Vocabulary, thinking_level
from subagents.definitions.model import SHOWN, Sandbox
from subagents.definitions.tool_names import CHANGING, tool_called
from subagents.definitions.values import both
from subagents.language import _


def translated(text: str) -> Translated:
    translation = Translation(toml.read(text))
    translation.by(CODEX)
    body = translation.text("developer_instructions")
    if not body:
        key = "developer_instructions"
        message = _("there are no `developer_instructions`, so the agent has no role of its own")
        translation.tell(key, message)
    return Translated(translation.front, body, tuple(translation.problems), None)


def _approval(translation: Translation) -> None:
    """What somebody has to approve is not done; two policies leave that to the model, and one to nobody."""
    policy = translation.text("approval_policy")
    if policy in ("on-request", "on-failure"):
        translation.lose("approval_policy", "nobody is asked here, and a command that fails has failed")
    elif policy != "never":
        _take(translation, "approval_policy", CHANGING, providers=True)


def _sandbox(translation: Translation) -> None:
    """One of Codex' three; what is none of them is the narrowest, also `off`, which is ours and not its."""
    mode = translation.text("sandbox_mode")
    if mode.lower() in ("", "off", "none", "false"):
        message = _("`sandbox_mode` is none of Codex' modes; it is taken for read-only")
        translation.tell("sandbox_mode", message)
        translation.put("sandbox_mode", str(Sandbox.READ_ONLY), "sandbox_mode")
    else:
        translation.keep("sandbox_mode", "sandbox_mode")


def _profile(key: str, translation: Translation) -> None:
    _take(translation, key, CHANGING, providers=True)


def _environment(translation: Translation) -> None:
    _take(translation, "shell_environment_policy", ("bash",))


def _take(translation: Translation, key: str, tools: Sequence[str], *, providers: bool = False) -> None:
    names = [*tools, *([_("providers' tools")] if providers else [])]
    if providers:
        translation.put("extensions", False, key)
    message = _("`{key}` is not enforced yet, so it goes without {names}")
    translation.tell(key, message.format(key=key, names=both(names)))
    translation.deny(tools, key)


def _thinking(translation: Translation) -> None:
    level = thinking_level(translation.text("model_reasoning_effort"))
    translation.put("thinking", level, "model_reasoning_effort")


def _provider(translation: Translation) -> None:
    """`model_provider` and `model` are one name here; without a model it says nothing."""
    provider, model = translation.text("model_provider"), translation.text("model")
    if provider and model and "/" not in model:
        translation.put("model", f"{provider}/{model}", "model")
    else:
        translation.lose("model_provider", "name the provider with the model, as provider/model")


def _features(translation: Translation) -> None:
    """Codex' own switches; those that count here are of its tools."""
    features = translation.value("features")
    rest = _switched(translation, "features", features) if isinstance(features, dict) else features
    if rest:
        translation.lose("features", "they switch parts of Codex")


def _tools(translation: Translation) -> None:
    """Codex' own switches; a list of names would be meant as one of ours."""
    tools = translation.value("tools")
    if not isinstance(tools, dict):
        translation.refuse("tools", _("`tools` must be a table of Codex' switches, not a list of tools"))
    elif _switched(translation, "tools", tools):
        translation.lose("tools", "they are switches of Codex' own tools")


def _switched(translation: Translation, key: str, switches: Mapping[str, Any]) -> Mapping[str, Any]:
    """Takes away the tools that are switched off; returns the switches that are about none of ours, or on."""
    off = {name: tool for name, on in switches.items() if on is not True and (tool := tool_called(name))}
    for name, tool in off.items():
        translation.deny(("write", "edit") if tool == "edit" else (tool,), key)  # a patch makes files too
        if switches[name] is not False:
            message = _("{name!r} in `{key}` must be true or false; it is taken for false")
            translation.tell(key, message.format(name=name[:SHOWN], key=key))
    return {name: on for name, on in switches.items() if name not in off}


def _search(translation: Translation) -> None:
    if translation.text("web_search") not in ("disabled", "false"):
        translation.lose("web_search", "an MCP server or a tool of your own can do it")


CODEX = Vocabulary(
    tool="Codex",
    ours={
        "name": "name",
        "description": "description",
        "model": "model",
        "mcp_servers": "mcp_servers",
        "hooks": "hooks",
    },
    read={
        "model_provider": _provider,
        "model_reasoning_effort": _thinking,
        "approval_policy": _approval,
        "shell_environment_policy": _environment,
        "permissions": partial(_profile, "permissions"),
        "default_permissions": partial(_profile, "default_permissions"),
        "sandbox_mode": _sandbox,
        "features": _features,
        "tools": _tools,
        "web_search": _search,
    },
    lost={
        "skills": "name skills in `skills` of a file of ours",
        "sandbox_workspace_write": "a sandbox here is all of the workspace, and no more",
        "model_instructions_file": "the role is what stands in `developer_instructions`",
        "instructions": "the role is what stands in `developer_instructions`",
        "model_verbosity": "how long an answer is, the instructions say",
        "model_reasoning_summary": "reasoning is not summed up here",
        "model_context_window": "it is known for each model",
        "model_auto_compact_token_limit": "it is known for each model",
        "service_tier": "it is the provider's usual one",
        "personality": "the instructions say how an agent speaks",
        "profile": "there are no profiles here",
        "agents": "how many agents there may be, and how deep, are settings here",
        "apps": "there are no apps here",
        "plugins": "there are no plug-ins here",
        "notify": "nobody is notified here",
    },
    idle=("nickname_candidates", "$schema"),
    elsewhere=("developer_instructions",),  # the body
    restricting=(
        "sandbox_mode",
        "sandbox_workspace_write",
        "approval_policy",
        "shell_environment_policy",
        "permissions",
        "default_permissions",
        "features",
        "tools",
        "hooks",
    ),
    harmless=("tool_output_token_limit", "tools_view_image", "approvals_reviewer", "allow_login_shell"),
    others_lost="Codex' settings are not ours",
)
