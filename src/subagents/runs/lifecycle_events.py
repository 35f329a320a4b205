"""The moments of a run's life as plain objects, for programs that watch: what was created, started, steered, ended.

They are made from facts, and carry what such a program would otherwise have to look up: which agent, how deep, for
whom, what it used. Everything else that happens is in the facts themselves.
"""

from __future__ import annotations

from typing import Any

from subagents.events import (
    AgentDeregistered,
    AgentRegistered,
    ContextCompacted,
    Ending,
    Entry,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunInterrupted,
    RunResumed,
    RunSpawned,
    RunStarted,
    RunSteered,
    RunStopped,
)
from subagents.runs.state import RunState
from subagents.runs.usage_report import as_json
from subagents.spec import AskedBy


def lifecycle_event(entry: Entry, run: RunState) -> dict[str, Any] | None:
    """The event that a fact is, None for one that is none; `run` is its run as it is after the fact.

    Always there are `event` (created, started, steered, compacted, completed, failed), `id`, `type`, `description`,
    `handle`, `parent`, `depth`, `episode`, `status` and `at`, in seconds since the epoch. `created` also comes for each
    resume. `failed` is every ending without an answer; `status` tells which. What comes late, after another ending, is
    none.
    """
    about = _about(entry, run)
    if about is None:
        return None
    name, more = about
    return {
        "event": name,
        "id": run.id,
        "type": run.spec.agent,
        "description": run.spec.description,
        "handle": run.handle,
        "parent": run.parent,
        "depth": run.depth,
        "episode": run.episode,
        "status": str(run.status),
        "at": entry.at,
        **more,
    }


def _about(entry: Entry, run: RunState) -> tuple[str, dict[str, Any]] | None:
    event = entry.event
    if not isinstance(event, RunEvent) or event.episode != run.episode:
        return None
    match event:
        case AgentRegistered():
            return "created", _created(run, run.asked_by)
        case RunSpawned(asked_by=asked_by) | RunResumed(asked_by=asked_by):
            return "created", _created(run, asked_by)
        case RunStarted() if run.started_at == entry.at:  # and not one that goes on after a rest
            return "started", {"model": run.model, "started_at": run.started_at}
        case RunSteered(text=text, steer=steer):
            return "steered", {"message": text, "steer": steer}
        case ContextCompacted() if not run.status.ended:
            return "compacted", _compacted(event)
        case Ending() if run.outcome is None or run.outcome.seq != entry.seq:
            return None  # it came late: another one stands
        case RunCompleted(text=text):
            return "completed", {"result": text, **_spent(event, run)}
        case AgentDeregistered(partial=partial):
            return "completed", {"result": partial, **_spent(event, run)}
        case Ending(partial=partial):
            return "failed", {"error": _reason(event), "result": partial, **_spent(event, run)}
        case _:
            return None


def _created(run: RunState, asked_by: AskedBy) -> dict[str, Any]:
    """`invocation` is what it was begun with, after everything was decided."""
    limits = run.spec.limits
    return {
        "is_background": run.spec.background,
        "started_at": run.started_at,
        "invocation": {
            "prompt": run.prompt,
            "asked_by": str(asked_by),
            "model": run.spec.model,
            "thinking": run.spec.thinking,
            "max_turns": limits.max_turns,
            "max_seconds": limits.max_seconds,
            "max_tokens": limits.max_tokens,
            "max_cost": limits.max_cost,
            "inherit_context": run.spec.inherited is not None,
            "cwd": run.spec.cwd,
        },
    }


def _compacted(event: ContextCompacted) -> dict[str, Any]:
    return {
        "reason": event.reason,
        "tokens_before": event.tokens_before,
        "tokens_after": event.tokens_after,
        "count": event.count,
    }


def _spent(event: Ending, run: RunState) -> dict[str, Any]:
    """`duration` is in seconds, of this episode; the counts are sums over all of them, its children's not included."""
    return {
        "duration": event.seconds,
        "turns": run.turns,
        "tool_uses": run.tool_uses,
        "tokens": run.usage.total.tokens,
        "usage": as_json(run.usage),
    }


def _reason(event: Ending) -> str:
    match event:
        case RunFailed(reason=reason) | RunInterrupted(reason=reason):
            return reason
        case RunStopped(by=by, reason=reason):
            return f"stopped by {by}: {reason}" if reason else f"stopped by {by}"
        case _:
            return ""
