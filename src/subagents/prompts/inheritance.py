"""What a run inherits of a conversation: its parent's stored messages, or a text, as the first messages of its own.

The parent's role, its thinking and the seals of its provider are left behind, so that every provider takes what is
left. Whose messages they are and where they are kept is not known here; their JSON is that of the native runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from subagents.sessions.messages import INHERITED_SO_FAR, MessageKind, NewMessage, StoredMessage
from subagents.texts import about_tokens

HEADING = "(What was said before you began, by the agent that started you and to it:)"
LEFT_OUT = "(The oldest part of it is left out: {what}.)"
ENDING = (
    f"{INHERITED_SO_FAR} You are another agent, started for the task that follows; do that, and nothing else of what "
    "was asked for above.)"
)

#: Whether the run that inherits has the tool of this name.
HasTool = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The messages that a run begins with, about how many tokens they are, and how many messages are left out.

    No messages where there was nothing to inherit.
    """

    messages: tuple[NewMessage, ...] = ()
    tokens: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    """A tool call with its `result`; None while there is none. `told` where it is inherited as text."""

    tool: str
    arguments: str
    result: str | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that was said, with what it called for: torn apart, no provider would take it."""

    by_model: bool
    text: str
    calls: tuple[_Call, ...] = ()

    @property
    def tokens(self) -> int:
        whole = (f"{call.tool}{call.arguments}{call.result}" for call in self.calls)
        return about_tokens("".join((self.text, *whole)))

    @property
    def count(self) -> int:
        """How many messages it is."""
        return 1 + len(self.calls)


def inherited(rows: Sequence[StoredMessage], most: int, has_tool: HasTool) -> Inheritance:
    """The conversation that `rows` are, as far as `most` tokens go; of more, the oldest is left out, which is said.

    Calls of tools that the run has not, and those of the last reply, become text; unanswered ones are left behind.
    """
    said = _told_as_text(_usable(_read(rows)), has_tool)
    kept = _newest(said, most)
    dropped = sum(each.count for each in said[: len(said) - len(kept)])
    notes = [LEFT_OUT.format(what=f"{dropped} message{'' if dropped == 1 else 's'}")] if dropped else []
    return _inheritance(kept, notes, dropped)


def inherited_text(text: str, most: int) -> Inheritance:
    """The same of a conversation that somebody wrote down."""
    kept = _end_of(text.strip(), most)
    left = len(text.strip()) - len(kept)
    notes = [LEFT_OUT.format(what=f"{left:,} characters")] if left else []
    return _inheritance([_Said(False, kept)] if kept else [], notes, min(left, 1))


# --- what was said


def _read(rows: Sequence[StoredMessage]) -> list[_Said]:
    said: list[_Said] = []
    for row in rows:
        message = _decoded(row.json)
        if row.kind is MessageKind.COMPACTED:
            said = []
            for each in _parts(message, "messages"):
                _add(said, each, by_model=each.get("kind") == "response")
        else:
            _add(said, message, by_model=row.kind is MessageKind.REPLY)
    return said


def _decoded(json: bytes) -> Mapping[str, Any]:
    """What is no message says nothing; a bare text is what runners keep that have nothing but the words."""
    try:
        message = msgspec.json.decode(json)
    except msgspec.DecodeError:
        return {}
    if isinstance(message, str):
        return {"part_kind": "text", "content": message}
    return message if isinstance(message, dict) else {}


def _add(said: list[_Said], message: Mapping[str, Any], *, by_model: bool) -> None:
    """Adds what a reply said and called for, or to what was called for its answers."""
    parts = _parts(message, "parts") or [message]
    if by_model:
        texts = [text for part in parts if (text := _words(part, "text"))]
        called = tuple(_call(part) for part in parts if part.get("part_kind") == "tool-call")
        said.append(_Said(True, "\n\n".join(texts), called))
        return
    for part in parts:
        if (call := part.get("tool_call_id")) is not None:
            _answer(said, str(call), part)
        elif text := _words(part, "user-prompt", "retry-prompt", "text"):
            said.append(_Said(False, text))


def _parts(message: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = message.get(name)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _words(part: Mapping[str, Any], *kinds: str) -> str:
    """The words of a part of these kinds; of one that has pictures too, the words."""
    content = part.get("content") if part.get("part_kind") in kinds else ""
    if isinstance(content, list):
        content = "\n".join(each for each in content if isinstance(each, str))
    return content.strip() if isinstance(content, str) else ""


def _call(part: Mapping[str, Any]) -> _Call:
    # Until its answer comes, the result of a call is what it is answered by.
    return _Call(f"{part.get('tool_name')}", _json(part.get("args") or {}), f"\0{part.get('tool_call_id')}")


def _answer(said: list[_Said], call: str, part: Mapping[str, Any]) -> None:
    for at in range(len(said) - 1, -1, -1):
        answered = tuple(
            replace(each, result=_json(part.get("content"))) if each.result == f"\0{call}" else each
            for each in said[at].calls
        )
        if answered != said[at].calls:
            said[at] = replace(said[at], calls=answered)
            return


def _json(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


# --- what of it is inherited


def _usable(said: Sequence[_Said]) -> list[_Said]:
    """Without calls that nothing answered, and without what then says nothing."""
    answered = (
        replace(each, calls=tuple(call for call in each.calls if not f"{call.result}".startswith("\0")))
        for each in said
    )
    return [each for each in answered if each.text or each.calls]


def _told_as_text(said: Sequence[_Said], has_tool: HasTool) -> list[_Said]:
    """With each call marked that is told as text. The last reply's are: a provider whose model thought before it called
    wants that thinking back for as long as the answers are the last that was said."""
    last = max((at for at, each in enumerate(said) if each.by_model), default=-1)
    return [
        replace(
            each,
            calls=tuple(replace(call, told=at == last or not has_tool(call.tool)) for call in each.calls),
        )
        for at, each in enumerate(said)
    ]


def _newest(said: Sequence[_Said], most: int) -> list[_Said]:
    """The last ones that have no more than `most` tokens together; where the very last has more, its end."""
    kept: list[_Said] = []
    left = most
    for each in reversed(said):
        if each.tokens > left:
            break
        left -= each.tokens
        kept.append(each)
    if said and not kept:
        kept.append(_shortened(said[-1], most))
    return kept[::-1]


def _shortened(each: _Said, most: int) -> _Said:
    share = max(1, most // (1 + len(each.calls)))
    calls = (
        replace(
            call, arguments=_end_of(call.arguments, share), result=_end_of(f"{call.result}", share), told=True
        )
        for call in each.calls
    )
    return replace(each, text=_end_of(each.text, share), calls=tuple(calls))


def _end_of(text: str, most: int) -> str:
    """Its last characters that have no more than `most` tokens."""
    return text.encode("utf-8", "replace")[-4 * most :].decode("utf-8", "ignore")


# --- as messages


def _inheritance(kept: Sequence[_Said], notes: Sequence[str], left_out: int) -> Inheritance:
    if not kept:
        return Inheritance()
    numbers = iter(range(1, 1 + sum(each.count for each in kept)))
    body = [row for each in kept for row in _rows(each, numbers)]
    head = _prompt("\n".join((HEADING, *notes)))
    return Inheritance((head, *body, _prompt(ENDING)), sum(each.tokens for each in kept), left_out)


def _rows(said: _Said, numbers: Iterator[int]) -> Iterator[NewMessage]:
    """A reply with the answers to its calls, which get ids that every provider takes; or a prompt."""
    if not said.by_model:
        yield _prompt(said.text)
        return
    texts = [said.text, *(_called(call) for call in said.calls if call.told)]
    called = [(call, f"inherited_{next(numbers)}") for call in said.calls if not call.told]
    parts: list[dict[str, Any]] = [{"part_kind": "text", "content": text} for text in texts if text]
    parts += [
        {"part_kind": "tool-call", "tool_name": call.tool, "args": call.arguments, "tool_call_id": number}
        for call, number in called
    ]
    yield _row(MessageKind.REPLY, {"kind": "response", "parts": parts})
    for call, number in called:
        yield _row(
            MessageKind.PART,
            {
                "part_kind": "tool-return",
                "tool_name": call.tool,
                "content": call.result,
                "tool_call_id": number,
            },
        )
    for call in said.calls:
        if call.told:
            yield _prompt(f"({call.tool} answered:)\n{call.result}")


def _called(call: _Call) -> str:
    return f"(Calls {call.tool}: {call.arguments})"


def _prompt(text: str) -> NewMessage:
    return _row(MessageKind.PART, {"part_kind": "user-prompt", "content": text})


def _row(kind: MessageKind, message: Mapping[str, Any]) -> NewMessage:
    return NewMessage(kind, msgspec.json.encode(message))
