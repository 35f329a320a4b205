"""Runs as resources: their addresses, the list of them, and what is read there. Nothing is waited for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from subagents.delegation.door import MCP
from subagents.errors import RunNotFound
from subagents.ids import RunId
from subagents.runs.listing import status_words
from subagents.runs.peek import MAX_LINES, PeekQuery, peek_text
from subagents.runs.result import Result, result_json, result_text
from subagents.runs.state import RunState
from subagents.runtime.manager import AgentManager
from subagents.texts import quoted

SCHEME = "subagents://runs/"
PAGE = 50  # runs
MAX_GLANCE = 500  # characters of the latest text
MOST_SHOWN = 200  # characters of a URI that leads nowhere
CUT = "The middle is left out; the transcript has it."


class Part(StrEnum):
    """What there is to read of a run."""

    STATUS = ""
    TRANSCRIPT = "transcript"
    RESULT = "result"

    @property
    def mime_type(self) -> str:
        return "application/json" if self is Part.STATUS else "text/plain"


@dataclass(frozen=True, slots=True)
class Address:
    """A part of a run."""

    run: RunId
    part: Part = Part.STATUS

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.run}/{self.part}" if self.part else f"{SCHEME}{self.run}"


def address_of(uri: str, manager: AgentManager, not_found: int) -> Address:
    """What a URI means in a session. Raises `MCPError` with the code `not_found` where that is nothing."""
    name, _slash, part = uri.removeprefix(SCHEME).partition("/")
    try:
        if not uri.startswith(SCHEME):
            raise ValueError(uri)
        return Address(manager.scope().find(name), Part(part))
    except (ValueError, RunNotFound) as error:
        why = f": {error}" if isinstance(error, RunNotFound) else ""
        known = ", ".join(template.uri_template for template in TEMPLATES)
        said = f"There is no resource {quoted(uri, MOST_SHOWN)}{why}. There are {known}."
        raise MCPError(not_found, said, {"uri": uri[:MOST_SHOWN]}) from None


def addresses_of(run: RunId) -> Sequence[str]:
    """Every URI under which something changes when the run moves."""
    return [Address(run, part).uri for part in Part]


TEMPLATES = (
    ResourceTemplate(
        uri_template=f"{SCHEME}{{id}}",
        name="run",
        title="How a subagent is",
        description="Its status, turns, tokens and times.",
        mime_type=Part.STATUS.mime_type,
    ),
    ResourceTemplate(
        uri_template=f"{SCHEME}{{id}}/transcript",
        name="transcript",
        title="What a subagent did",
        description=f"The last {MAX_LINES} numbered lines of its transcript.",
        mime_type=Part.TRANSCRIPT.mime_type,
    ),
    ResourceTemplate(
        uri_template=f"{SCHEME}{{id}}/result",
        name="result",
        title="What a subagent came to",
        description="Its answer, or its partial work; to read it is to have fetched it.",
        mime_type=Part.RESULT.mime_type,
    ),
)


def templates() -> ListResourceTemplatesResult:
    return ListResourceTemplatesResult(resource_templates=list(TEMPLATES))


def listed(manager: AgentManager, cursor: str | None) -> ListResourcesResult:
    """A page of the session's runs, the newest first; `cursor` is the last run of the page before.

    Raises `MCPError` for a cursor that this did not give.
    """
    runs = manager.scope().runs(cleared=True)
    start = 0
    if cursor is not None:
        ids = [run.id for run in runs]
        if cursor not in ids:
            said = f"The cursor {quoted(cursor)} is not one of this list; list without one."
            raise MCPError(INVALID_PARAMS, said)
        start = ids.index(RunId(cursor)) + 1
    left = [run for run in runs[start:] if not run.cleared]
    page = left[:PAGE]
    return ListResourcesResult(
        resources=[_resource(run) for run in page],
        next_cursor=page[-1].id if len(left) > PAGE else None,
    )


def _resource(run: RunState) -> Resource:
    return Resource(
        uri=Address(run.id).uri,
        name=run.handle,
        title=f"{run.handle}: {run.spec.description}",
        description=f"Subagent {run.id} ({run.spec.agent}), {status_words(run)}.",
        mime_type=Part.STATUS.mime_type,
    )


async def read(manager: AgentManager, address: Address) -> ReadResourceResult:
    """What stands there now."""
    text = await _text(manager, address)
    contents = TextResourceContents(uri=address.uri, mime_type=address.part.mime_type, text=text)
    return ReadResourceResult(contents=[contents])


async def _text(manager: AgentManager, address: Address) -> str:
    match address.part:
        case Part.STATUS:
            return status_text(manager.state.run(address.run), manager.clock.now())
        case Part.TRANSCRIPT:
            seen = await manager.peek(address.run, PeekQuery(lines=MAX_LINES))
            return peek_text(seen, more=f"get_subagent_result with peek shows others of run {address.run}.")
        case Part.RESULT:
            result = await manager.get_result(address.run, to=MCP.reader)
            return result_text(result, now=manager.clock.now(), when_cut=CUT)
        case other:
            assert_never(other)


def status_text(run: RunState, now: float) -> str:
    """The run without its words, as JSON; times are ISO 8601 in UTC."""
    told = result_json(Result(run, ""), now=now)
    for words in ("text", "structured", "session"):
        del told[words]
    more = {
        "parent": run.parent,
        "depth": run.depth,
        "paused": run.paused,
        "read": run.delivered,
        "in_progress": [flight.tool for flight in run.in_flight],
        "latest_text": run.text[-MAX_GLANCE:],
        "resources": list(addresses_of(run.id)),
    }
    return json.dumps({**told, **more}, ensure_ascii=False, indent=1)
