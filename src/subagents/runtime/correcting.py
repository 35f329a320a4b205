"""An answer that must fit an output schema: judged, and asked for again while corrections are left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import anyio.to_thread

from subagents.events import Event
from subagents.runs import lifecycle
from subagents.runs.output_schema import Judgement, correction, judge
from subagents.runs.state import RunState

#: An answer that was accepted, with its value; or that is the last one, with what is wrong with it.
Judged = tuple[str, Judgement | None]
#: Keeps what happened to a run: looks at it and answers the facts.
Keep = Callable[[Callable[[RunState], Event | Sequence[Event] | None]], Awaitable[object]]
#: Says something to the agent, as soon as it may go on, and returns its answer.
Ask = Callable[[str], Awaitable[str]]


async def judged(run: RunState, answer: str, ask: Ask, keep: Keep) -> Judged:
    """The answer that counts. One that does not fit is kept with what is wrong with it, and that is told to the agent,
    as often as its spec allows; what `ask` raises passes through."""
    schema = run.spec.output_schema
    if schema is None:
        return answer, None
    for left in range(run.spec.corrections, -1, -1):
        # A large answer takes up to a second to be checked, which is too long for everybody else to stand still.
        verdict = await anyio.to_thread.run_sync(judge, answer, schema)
        if verdict.fits or not left or not verdict.checkable:
            return answer, verdict
        await keep(partial(lifecycle.reject, answer=answer, faults=verdict.found))
        answer = await ask(correction(verdict.found, left))
    raise AssertionError("the last answer is returned whatever it is")
