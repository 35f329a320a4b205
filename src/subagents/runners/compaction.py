"""What becomes of a conversation that is too long: a function of its messages and of how long it may be.

A reply and the results of its calls stay together or go together, the newest stay as they are, and what the model was
asked stays word for word. Lengths are in tokens, estimated. What sums up, and when, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from subagents.runs.result import bounded
from subagents.sessions.messages import WAS_TOO_LONG
from subagents.texts import about_tokens

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart

PICTURE = 1_000  # tokens that a part which is no text counts as
SHORT = 200  # characters of a tool's output that is not worth being left out
LEAST_SHARE = 5  # where what is older than the newest is less than a fifth of all, nothing is gained
TOLD_RESULT = 2_000  # characters of a tool's output that whoever sums up is shown

SUMMED_UP = f"{WAS_TOO_LONG}. What was said and done before, summed up:)\n"
DROPPED = f"{WAS_TOO_LONG}, and its oldest part was left out: {{count}} messages.)"
OUTPUT_DROPPED = "(old output, left out: {count:,} characters; call the tool again where you need it)"


@dataclass(frozen=True, slots=True)
class Split:
    """A conversation in two: `old` may be made shorter, `new` stays. `prompts` stand in `old` and stay as well."""

    old: tuple[ModelMessage, ...]
    new: tuple[ModelMessage, ...]
    prompts: tuple[UserPromptPart, ...]

    @property
    def worthwhile(self) -> bool:
        """Whether enough would be gained."""
        old = length(self.old) - sum(_part_length(part) for part in self.prompts)
        return old * LEAST_SHARE >= length((*self.old, *self.new))


def length(messages: Sequence[ModelMessage]) -> int:
    """About how many tokens they are."""
    return sum(_part_length(part) for message in messages for part in message.parts)


def counted_length(messages: Sequence[ModelMessage]) -> int | None:
    """The same by what the provider counted for the last reply, and what came after it; None where it did not."""
    for at in range(len(messages) - 1, -1, -1):
        message = messages[at]
        if message.kind == "response" and message.usage.input_tokens:
            known = message.usage.input_tokens + message.usage.output_tokens
            return known + length(messages[at + 1 :])
    return None


def split(messages: Sequence[ModelMessage], asked: Sequence[str], most: int) -> Split:
    """`new` has at most half of `most` tokens, or the last step. Of the prompts, those that hold what was `asked` stay,
    and the last one."""
    steps = list(_steps(messages))
    new: list[ModelMessage] = []
    for step in reversed(steps):
        if new and length((*step, *new)) * 2 > most:
            break
        new[:0] = step
    old = tuple(messages[: len(messages) - len(new)])
    return Split(old, tuple(new), tuple(_kept(old, new, asked)))


def summed_up(parts: Split, summary: str, most: int) -> list[ModelMessage]:
    """The conversation with a summary in place of what is old."""
    return _joined(parts, SUMMED_UP + summary, most)


def dropped(parts: Split, most: int) -> list[ModelMessage]:
    """The conversation without the output of old tool calls, the oldest first; and where that is not enough, without
    the oldest messages."""
    kept, left = list(parts.old), length((*parts.old, *parts.new)) - most
    for at, message in enumerate(kept):
        if left <= 0:
            break
        kept[at] = _without_output(message)
        left -= length((message,)) - length((kept[at],))
    if left <= 0:
        return [*kept, *_shortened(parts.new, most)]
    return _joined(parts, DROPPED.format(count=len(parts.old)), most)


def told(messages: Sequence[ModelMessage], most: int) -> str:
    """The messages as text for whoever sums them up: the end of it, of at most `most` tokens."""
    text = "\n\n".join(line for message in messages for part in message.parts if (line := _told(part)))
    return text if about_tokens(text) <= most else f"[…]\n{text[-most * 3 :]}"


# --- steps


def _steps(messages: Sequence[ModelMessage]) -> Iterator[tuple[ModelMessage, ...]]:
    """What must not be torn apart: a reply with the results of its calls, or a prompt."""
    step: list[ModelMessage] = []
    for message in messages:
        if step and not _answers(message):
            yield tuple(step)
            step = []
        step.append(message)
    if step:
        yield tuple(step)


def _answers(message: ModelMessage) -> bool:
    return message.kind == "request" and any(getattr(part, "tool_call_id", None) for part in message.parts)


def _kept(
    old: Sequence[ModelMessage], new: Sequence[ModelMessage], asked: Sequence[str]
) -> Iterator[UserPromptPart]:
    """In their order, each once."""
    prompts = list(_prompts(old))
    last = [] if any(_prompts(new)) else prompts[-1:]
    wanted = [*(_first_with(text, prompts) for text in asked if text.strip()), *last]
    yield from (part for part in prompts if any(part is each for each in wanted))


def _prompts(messages: Sequence[ModelMessage]) -> Iterator[UserPromptPart]:
    for message in messages:
        if message.kind == "request":
            yield from (
                part for part in message.parts if part.part_kind == "user-prompt" and not _is_note(part)
            )


def _is_note(part: UserPromptPart) -> bool:
    """Whether it is of an earlier compaction, and nobody's word."""
    return isinstance(part.content, str) and part.content.startswith(WAS_TOO_LONG)


def _first_with(text: str, prompts: Sequence[UserPromptPart]) -> UserPromptPart | None:
    return next((part for part in prompts if isinstance(part.content, str) and text in part.content), None)


# --- shorter


def _joined(parts: Split, note: str, most: int) -> list[ModelMessage]:
    """The prompts around what is to be known of the rest: what was asked first stands first."""
    from pydantic_ai.messages import ModelRequest, UserPromptPart

    head: ModelMessage = ModelRequest(parts=[*parts.prompts[:1], UserPromptPart(note), *parts.prompts[1:]])
    return [head, *_shortened(parts.new, most)]


def _shortened(new: Sequence[ModelMessage], most: int) -> list[ModelMessage]:
    """What stays, with its tools' outputs bounded where it alone is too long. What a reply of it had used is forgotten:
    it was of a longer conversation."""
    from pydantic_ai.usage import RequestUsage

    outputs = sum(part.part_kind == "tool-return" for message in new for part in message.parts)
    share = max(TOLD_RESULT, most * 2 // max(1, outputs))  # half of it, at four characters a token
    too_long = length(new) > most
    return [
        replace(message, usage=RequestUsage())
        if message.kind == "response"
        else (_bounded(message, share) if too_long else message)
        for message in new
    ]


def _bounded(message: ModelRequest, most: int) -> ModelRequest:
    return _with_outputs(message, lambda text: bounded(text, most=most))


def _without_output(message: ModelMessage) -> ModelMessage:
    if message.kind != "request":
        return message
    return _with_outputs(
        message, lambda text: OUTPUT_DROPPED.format(count=len(text)) if len(text) > SHORT else text
    )


def _with_outputs(message: ModelRequest, changed: Any) -> ModelRequest:
    parts = [
        replace(part, content=text)
        if part.part_kind == "tool-return"
        and (text := changed(before := part.model_response_str())) != before
        else part
        for part in message.parts
    ]
    return replace(message, parts=parts)


# --- one part


def _part_length(part: Any) -> int:
    content = getattr(part, "content", None)
    if isinstance(content, list | tuple) and part.part_kind == "user-prompt":
        return sum(about_tokens(each) if isinstance(each, str) else PICTURE for each in content)
    return about_tokens(_text(part))


def _text(part: Any) -> str:
    match part.part_kind:
        case "tool-call" | "builtin-tool-call":
            return f"{part.tool_name} {part.args_as_json_str()}"
        case "tool-return":
            return str(part.model_response_str())
        case "retry-prompt":
            return str(part.model_response())
        case _:
            content = getattr(part, "content", "")
            return content if isinstance(content, str) else ""


def _told(part: Any) -> str:
    text = _text(part)
    match part.part_kind:
        case "user-prompt" if text:
            return f"Asked: {text}"
        case "text" if text:
            return f"Agent: {text}"
        case "tool-call":
            return f"Calls {bounded(text, most=TOLD_RESULT)}"
        case "tool-return" | "retry-prompt":
            return f"{part.tool_name or 'It'} answered: {bounded(text, most=TOLD_RESULT)}"
        case _:
            return ""
