"""The messages of a run that is a program, as stored rows; and what they tell the program's next run.

Their JSON is that of the native runner's rows, written without importing the model library, so that whatever reads
the messages of a run reads these too. Each reply keeps how the program calls its session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from subagents.language import _
from subagents.sessions.messages import MessageKind, NewMessage, StoredMessage
from subagents.usage import ModelUsage

OURS = "subagents_command"  # the key of a reply's metadata
LONGEST_EARLIER = (
    60_000  # characters of an earlier conversation that are told to a program that does not know it
)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the program stands: its session, and what it said was used in all of it, by model."""

    program: str
    session: str = ""
    totals: Mapping[str, ModelUsage] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` is their JSON."""

    id: str
    tool: str
    arguments: str


@dataclass(frozen=True)
class Earlier:
    """What the history of a run tells. `said` is who said what, in order, in words."""

    standing: Standing | None = None
    said: Sequence[tuple[str, str]] = field(default_factory=list)

    def told(self) -> str:
        """As text for a program that does not remember it; the end of it, when it is long."""
        parts = [f"{who}: {text}" for who, text in self.said]
        text = "\n\n".join(parts)
        return text if len(text) <= LONGEST_EARLIER else f"[…]\n{text[-LONGEST_EARLIER:]}"


def prompt_row(text: str) -> NewMessage:
    return _row(MessageKind.PART, {"part_kind": "user-prompt", "content": text, "timestamp": _now()})


def reply_row(text: str, calls: Sequence[Call], model: str, standing: Standing) -> NewMessage:
    parts: list[dict[str, Any]] = [{"part_kind": "text", "content": text}] if text else []
    parts += [
        {"part_kind": "tool-call", "tool_name": call.tool, "args": call.arguments, "tool_call_id": call.id}
        for call in calls
    ]
    reply = {
        "kind": "response",
        "parts": parts,
        "model_name": model or None,
        "timestamp": _now(),
        "metadata": {OURS: msgspec.to_builtins(standing)},
    }
    return _row(MessageKind.REPLY, reply)


def result_row(call: Call, text: str, *, ok: bool) -> NewMessage:
    part = {
        "part_kind": "tool-return",
        "tool_name": call.tool,
        "content": text,
        "tool_call_id": call.id,
        "timestamp": _now(),
        "outcome": "success" if ok else "failed",
    }
    return _row(MessageKind.PART, part)


def earlier(history: Sequence[StoredMessage]) -> Earlier:
    """What was said before, and where the program stands since. What cannot be read is passed over."""
    standing: Standing | None = None
    said: list[tuple[str, str]] = []
    for row in history:
        message = _read(row)
        standing = _standing(message) or standing
        said.extend(_said(message))
    return Earlier(standing, said)


def _standing(message: Mapping[str, Any]) -> Standing | None:
    kept = (message.get("metadata") or {}).get(OURS)
    try:
        return msgspec.convert(kept, Standing) if kept else None
    except msgspec.ValidationError:
        return None


def _said(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in message.get("parts") or [message]:
        match part:
            case {"part_kind": "user-prompt", "content": str(text)} if text.strip():
                yield _("User"), text
            case {"part_kind": "text", "content": str(text)} if text.strip():
                yield _("You"), text
            case _:
                pass  # what tools said it can look up again


def _read(row: StoredMessage) -> Mapping[str, Any]:
    try:
        read = msgspec.json.decode(row.json)
    except msgspec.DecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _row(kind: MessageKind, message: Mapping[str, Any]) -> NewMessage:
    return NewMessage(kind, msgspec.json.encode(message))


def _now() -> str:
    return datetime.now(UTC).isoformat()
