"""An answer's data as a model may be shown it: many clients show that and no text.

So it is bounded as the text is, what the text alone says stands in it as well, and so do the notices that ride along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from subagents.delegation.registry import FOR_CLIENTS, answers_of
from subagents.delegation.tool import Answer
from subagents.runs.result import MAX_BODY, bounded

CUT = "The middle is left out; get_subagent_result with peek shows it."
_RIDING = {"message": {"type": "string"}, "notices": {"type": "array", "items": {"type": "string"}}}
_GOING = ("queued", "running")


@cache
def data_schema(tool: str) -> dict[str, Any]:
    """What the data of a tool's answers fits. Not to be changed."""
    schema = answers_of(FOR_CLIENTS[tool])
    return {**schema, "properties": {**schema["properties"], **_RIDING}}


def shown(answer: Answer, notices: Sequence[str] = ()) -> dict[str, Any]:
    """The data with `notices`, and with the text as `message` where it tells how to go on with a run in progress."""
    data = _bounded(answer.data)
    if data.get("status") in _GOING:
        data["message"] = answer.text
    if notices:
        data["notices"] = list(notices)
    return data


def fits(tool: str, data: Mapping[str, Any]) -> bool:
    """Whether a client that checks what it is sent would take this."""
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(data_schema(tool)).is_valid(dict(data)))


def _bounded(data: Mapping[str, Any], most: int = MAX_BODY) -> dict[str, Any]:
    """With results of at most `most` characters, all of them together where there are several."""
    made = dict(data)
    if isinstance(text := made.get("text"), str):
        made["text"] = bounded(text, CUT, most)
    if agents := made.get("agents"):
        made["agents"] = [_bounded(each, most // len(agents)) for each in agents]
    return made
