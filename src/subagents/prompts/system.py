"""The system prompt of a run: its role, where it is, and what its answer must look like. Reads nothing itself.

Nothing in it but its end differs between two runs of one agent in one place, so that a provider's cache is hit: what
the definition and its skills say comes before the memory, which other runs add to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from subagents.prompts.environment import Environment, GitState
from subagents.prompts.memory import Memory, memory_block
from subagents.spec import PromptMode, RunSpec
from subagents.texts import as_name

#: What the line begins with that announces the output schema; the offline model looks for it.
FINAL_ANSWER = "Your final answer must be"

_HEADER = (
    "You are a subagent. You were given one task; work on it by yourself until it is done, for nobody answers\n"
    "questions meanwhile. Your last message is handed back as the result, and nothing else of what you write is:\n"
    "it must stand on its own."
)

_BASE = (
    "You are a software agent. You work with the tools you have in the folder below, read before you change\n"
    "anything, and say what you did and what you could not do."
)


def system_prompt(
    spec: RunSpec,
    environment: Environment,
    project_instructions: str = "",
    identity: str = "",
    *,
    parent_prompt: str = "",
    skills: str = "",
    memory: Memory | None = None,
    place: str = "",
) -> str:
    """The system prompt. `identity` is the name in the tag, the agent's when empty; `skills` is what it is told of
    them; `place` is where a nested run stands in its tree, which comes last because it differs from run to run.

    In `replace` mode the definition's text is the whole role: neither the parent's prompt nor the project's
    instructions are in it. In `append` mode the prompt begins with the parent's, byte for byte, where there is one,
    and the project's instructions follow where they do not stand in it.
    """
    tag = f"<active_agent name={_attribute(identity or spec.agent)}/>"
    if spec.prompt_mode is PromptMode.REPLACE:
        parts = [tag, _HEADER, _environment(environment), spec.instructions]
    else:
        own = f"<agent_instructions>\n{spec.instructions}\n</agent_instructions>" if spec.instructions else ""
        start = [parent_prompt] if parent_prompt else [_BASE]
        shared = "" if project_instructions in parent_prompt else project_instructions
        parts = [*start, _HEADER, tag, _environment(environment), shared, own]
    parts += [skills, own_end(spec, memory, place)]
    return "\n\n".join(part for part in parts if part)


def own_end(spec: RunSpec, memory: Memory | None, place: str) -> str:
    """What is a run's own alone, the least constant last; "" where there is nothing."""
    return "\n\n".join(filter(None, (memory_block(memory), final_answer(spec.output_schema), place)))


def _attribute(name: str) -> str:
    return quoteattr(name, {'"': "&quot;"})


def _environment(environment: Environment) -> str:
    lines = [
        f"Platform: {environment.platform}",
        f"Folder: {as_name(environment.folder)}",
        f"Git: {_git(environment.git, known=environment.git_known)}",
        f"Date: {environment.date}",
    ]
    return "\n".join(("<environment>", *lines, "</environment>"))


def _git(git: GitState | None, *, known: bool) -> str:
    if git is None:
        return "not a repository" if known else "not known"
    head = f"branch {as_name(git.branch)}" if git.branch else f"detached at {git.commit}"
    if not git.commit:
        head += ", no commit yet"
    return head if git.changed is None else f"{head}, {_changes(git.changed)}"


def _changes(changed: int) -> str:
    return "clean" if not changed else f"{changed} changed file{'' if changed == 1 else 's'}"


def final_answer(schema: Mapping[str, Any] | None) -> str:
    """What a run is told of the output schema its answer must fit; "" when there is none."""
    if schema is None:
        return ""
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    return (
        f"{FINAL_ANSWER} one JSON value that fits the JSON Schema below, and nothing else: no fence around it, no "
        f"words before or after it.\n\n```json\n{text}\n```"
    )
