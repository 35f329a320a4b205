"""An agent written by an agent: what it is to do in a sentence, and a draft of its definition as the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from subagents.cli.place import folder_at
from subagents.cli.streams import say
from subagents.definitions.tool_names import OWN_TOOLS
from subagents.errors import SubagentsError
from subagents.language import _
from subagents.places import Project, project_at

if TYPE_CHECKING:
    from subagents.runs.result import Result
    from subagents.spec import SpawnRequest

WRITER = "general-purpose"
MAX_TURNS = 5

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
            "maxLength": 40,
            "description": "What it is called by: one to three words, with hyphens.",
        },
        "description": {
            "type": "string",
            "minLength": 1,
            "maxLength": 400,
            "description": "When to use it, in one or two sentences; models choose by this.",
        },
        "capabilities": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 40},
            "maxItems": 8,
            "description": "What it can do, in single words such as python_testing.",
        },
        "tools": {
            "type": "array",
            "items": {"enum": list(OWN_TOOLS)},
            "uniqueItems": True,
            "description": "The tools that it needs, and no others.",
        },
        "prompt": {
            "type": "string",
            "minLength": 1,
            "description": "What it is told about its role, in Markdown: what to do, in which order, what to leave "
            "alone, and what its answer looks like.",
        },
    },
    "required": ["name", "description", "capabilities", "tools", "prompt"],
    "additionalProperties": False,
}

# For the model that writes; the person's words come last, so that nothing of ours can be taken for theirs.
_PROMPT = """\
Write the definition of an agent, which another model will start for tasks like the one below. Change no file and run
no command; look into this project only as far as the definition depends on it. The agent sees neither this
conversation nor its starter's, so its prompt must stand alone. Give it the fewest tools that do.

The agent is to do this:

"""


def generated(wish: str) -> dict[str, Any]:
    """The keys of `SCHEMA`, written by an agent. Raises `SubagentsError` where no language model is configured, or it
    did not come to an answer."""
    import anyio

    from subagents.spec import AskedBy, SpawnRequest

    if not wish.strip():
        raise SubagentsError(_('Say what the agent is to do: --generate "…"'))
    folder = folder_at()
    project = project_at(folder)
    if not anyio.run(_has_language_model, project):
        raise SubagentsError(
            _(
                "Writing an agent takes a language model, and none is configured; `subagents setup` chooses one."
            )
        )
    say(_("{agent} is writing it…").format(agent=WRITER))
    request = SpawnRequest(
        agent=WRITER,
        prompt=_PROMPT + wish.strip(),
        description=_("write an agent"),
        max_turns=MAX_TURNS,
        output_schema=SCHEMA,
        cwd=str(folder),
        asked_by=AskedBy.PERSON,
    )
    return _value(anyio.run(_answer, project, request))


async def _has_language_model(project: Project) -> bool:
    from subagents.models.selection import OFFLINE
    from subagents.models.wishes import default_here
    from subagents.settings.layers import layered

    return (await default_here(layered(project).settings)).model != OFFLINE


async def _answer(project: Project, request: SpawnRequest) -> Result:
    from subagents.bootstrap import AgentManager

    async with AgentManager.open(project.root) as manager:
        run = await manager.spawn(request)
        return await manager.get_result(run, wait=True, timeout=None, to="terminal")


def _value(result: Result) -> dict[str, Any]:
    if result.structured is None:
        text = _("It came to no definition: {why} See `subagents log {run}`.")
        outcome = result.run.outcome
        why = (outcome.reason if outcome is not None else "") or str(result.run.status)
        raise SubagentsError(text.format(why=f"{why}.".replace("..", "."), run=result.run.id))
    value: dict[str, Any] = json.loads(result.structured)
    return value
