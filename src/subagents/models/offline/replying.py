"""The next reply of the offline model, from the messages and what is offered with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from anyio import to_thread
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.usage import RequestUsage

from subagents.errors import NeedsLanguageModel
from subagents.language import _
from subagents.models.offline import LABEL, intent
from subagents.models.offline.answer import answer, no_tools, nothing_asked
from subagents.models.offline.conversation import Conversation, instructions_of, read_conversation
from subagents.models.offline.delegating import joined, next_delegation, places_in
from subagents.models.offline.evidence import Evidence
from subagents.models.offline.findings import Finding, findings
from subagents.models.offline.output_request import requested_schema
from subagents.models.offline.plan import plan
from subagents.models.offline.question import read_question
from subagents.models.offline.schema_filling import fill
from subagents.models.offline.schema_limits import Schema, Unfillable
from subagents.models.offline.searches import Call, next_calls
from subagents.runs.output_schema import judge

_SEARCH_TOOLS = frozenset(("grep", "find", "read"))


async def reply(messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
    """Text, or the next tool calls. It takes up to some tenths of a second of thinking, so in a thread."""
    said = await to_thread.run_sync(_next, messages, parameters)
    # There is no model behind it: nothing was read, nothing is charged.
    usage = RequestUsage(cost=Decimal(0))
    if isinstance(said, str):
        return ModelResponse(parts=[TextPart(said)], usage=usage)
    number = sum(message.kind == "response" for message in messages) + 1
    return ModelResponse(
        parts=[
            ToolCallPart(call.tool, dict(call.arguments), tool_call_id=f"offline-{number}-{n}")
            for n, call in enumerate(said, 1)
        ],
        usage=usage,
    )


def _next(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> str | list[Call]:
    tools = {tool.name: tool.parameters_json_schema for tool in parameters.function_tools}
    offered = frozenset(tools)
    said = read_conversation(messages)
    instructions = instructions_of(messages)
    schema = requested_schema(instructions, said.prompt)
    planning = intent.plans(instructions)
    if not planning:
        _refuse_work([said.prompt, *said.additions], offered)
    if intent.delegates(said.prompt, instructions, offered):
        return _delegate(said, tools["Agent"], schema)
    return _search(said, offered, schema, planning=planning)


def _refuse_work(prompts: Sequence[str], offered: frozenset[str]) -> None:
    """Raises `NeedsLanguageModel` if any of these wants more than a search."""
    asks_for_change = intent.asks_for_change if intent.may_change(offered) else intent.clearly_asks_for_change
    for prompt in prompts:
        if asks_for_change(prompt):
            raise _needs_language_model(
                _("The offline model only searches, and {prompt!r} asks for a change."), prompt
            )
        if intent.asks_to_run(prompt):
            raise _needs_language_model(
                _("The offline model only searches, and {prompt!r} asks to run something."), prompt
            )


def _needs_language_model(why: str, prompt: str) -> NeedsLanguageModel:
    needs = _("needs a language model: set ANTHROPIC_API_KEY, OPENAI_API_KEY or another provider's key.")
    return NeedsLanguageModel(f"{needs} {why.format(prompt=_shortened(prompt))}")


def _search(
    said: Conversation, offered: frozenset[str], schema: Schema | None, *, planning: bool
) -> str | list[Call]:
    question = read_question(said.prompt, *said.additions)
    if not question:
        return nothing_asked()
    if not offered & _SEARCH_TOOLS:
        return no_tools()
    evidence = Evidence()
    for exchange in said.exchanges:
        evidence.add(exchange.tool, exchange.arguments, exchange.result)
    if not said.wrap_up:
        done = {Call(exchange.tool, exchange.arguments).key for exchange in said.exchanges}
        if calls := next_calls(said.replies, question, evidence, offered, done):
            return calls
    found = findings(question, evidence)
    if schema is not None:
        return filled(schema, question.text, found)
    return plan(question, found, evidence) if planning else answer(question, found, evidence)


def _delegate(said: Conversation, agent_tool: Mapping[str, Any], schema: Schema | None) -> str | list[Call]:
    prompt = "\n".join((said.prompt, *said.additions))
    if not prompt.strip():
        return nothing_asked()
    following = next_delegation(prompt, said.exchanges, agent_tool, wrap_up=said.wrap_up)
    calls = [one for one in following if isinstance(one, Call)]
    if calls:
        return calls
    parts = [one for one in following if not isinstance(one, Call)]
    if schema is not None:
        return filled(schema, prompt, [place for part in parts for place in places_in(part.answer)])
    return joined(parts)


def filled(schema: Schema, question: str, found: Sequence[Finding]) -> str:
    """The answer as JSON for `schema`, or a text that says why it cannot be given."""
    try:
        value = fill(schema, question, found)
    except Unfillable as error:
        return _unfilled(str(error))
    # Nothing around it, not even the label: whoever asks for JSON reads it as that.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    problems = judge(text, schema).problems if not isinstance(schema, bool) else ()
    return _unfilled(problems[0]) if problems else text


def _unfilled(why: str) -> str:
    text = _(
        "the output schema cannot be filled from what was found: {why}. Nothing was made up; it takes a language model."
    )
    return f"{LABEL}: {text.format(why=why)}"


def _shortened(prompt: str) -> str:
    text = " ".join(prompt.split())
    return text if len(text) <= 80 else text[:79] + "…"
