"""What a provider's tool answered, as it can be told to a model and kept: text or JSON, and never endless."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ToolReturn, ToolReturnPart

from subagents.texts import mended, storable
from subagents.toolsets.coding.bounded import ANSWER_LIMIT


def bounded(name: str, answer: Any) -> Any:
    """The answer, as long as our own tools' may be. Raises for one that has no end, and what the library does for one
    that is not JSON."""
    if not isinstance(answer, ToolReturn):
        return _value(name, answer)
    # What it holds for a program that uses the model library itself is read by nobody here.
    return replace(
        answer,
        return_value=_value(name, answer.return_value),
        content=_content(answer.content),
        metadata=None,
    )


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Iterator | AsyncIterator):
        raise TypeError(f"it returned a {type(value).__name__}, of which the end is not known; return a list")
    value = mended(value)
    if isinstance(value, str):
        return _cut(value, ANSWER_LIMIT)
    part = ToolReturnPart(tool_name=name, content=value)
    text = part.model_response_str()
    if len(text) > ANSWER_LIMIT and not part.files:
        return _cut(text, ANSWER_LIMIT)
    return value


def _content(content: Any) -> Any:
    """What is sent beside the answer: its texts as long as an answer together, its files as they are."""
    if isinstance(content, str):
        return _cut(storable(content), ANSWER_LIMIT)
    if not isinstance(content, Sequence):
        return content
    left, kept = ANSWER_LIMIT, []
    for each in content:
        if isinstance(each, str):
            kept.append(_cut(storable(each), left))
            left = max(0, left - len(each))
        else:
            kept.append(each)
    return kept


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[{len(text) - most:,} more characters left out; ask for less]"
