"""A prompt for each agent, for people who choose from a menu: it has the model delegate to that agent."""

from __future__ import annotations

from collections.abc import Mapping

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptResult,
    ListPromptsResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import AgentDefinition
from subagents.errors import UnknownAgent

TASK = PromptArgument(name="task", description="What the agent is to do.", required=True)

DELEGATE = """\
Delegate this to the subagent {name}: call Agent with subagent_type: "{name}". Put the task below into its prompt, \
with all that it must know, since it sees nothing of this conversation. Go on with what else there is to do, then get \
its result with get_subagent_result and wait: true, and tell me what it came to.

The task:
{task}"""


def listed(catalog: AgentCatalog) -> ListPromptsResult:
    return ListPromptsResult(prompts=[_prompt(agent) for agent in catalog.listed()])


def get(catalog: AgentCatalog, name: str, arguments: Mapping[str, str] | None) -> GetPromptResult:
    """Raises `MCPError` for an agent that there is not, and without a task."""
    try:
        agent = catalog.find(name)
    except UnknownAgent as error:
        raise MCPError(INVALID_PARAMS, str(error)) from None
    task = (arguments or {}).get(TASK.name, "").strip()
    if not task:
        raise MCPError(
            INVALID_PARAMS, f"The prompt {agent.name!r} needs the argument {TASK.name!r}: what it is to do."
        )
    text = TextContent(type="text", text=DELEGATE.format(name=agent.name, task=task))
    return GetPromptResult(description=agent.description, messages=[PromptMessage(role="user", content=text)])


def _prompt(agent: AgentDefinition) -> Prompt:
    return Prompt(
        name=agent.name,
        title=f"Delegate to {agent.name}",
        description=agent.description,
        arguments=[TASK],
    )
