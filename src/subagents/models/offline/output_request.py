"""Whether an answer has to be JSON: finds the schema in the instructions, however exactly they put it."""

from __future__ import annotations

import json
import re

from subagents.models.offline.schema_limits import Schema

ANNOUNCED = "Your final answer must be"
"""A line that begins so announces the schema, in a fenced block of JSON after it."""

_ANNOUNCED = re.compile(rf"^[^\w\n]*{ANNOUNCED}\b", re.I | re.M)
_BLOCK = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*(?:json\w*)?[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.S | re.M | re.I
)


def requested_schema(*texts: str) -> Schema | None:
    """The JSON Schema that the last announcement in `texts` is followed by; None when there is none."""
    found: Schema | None = None
    for text in texts:
        for announced in _ANNOUNCED.finditer(text):
            schema = _first_schema(text[announced.end() :])
            found = schema if schema is not None else found
    return found


def _first_schema(text: str) -> Schema | None:
    block = _BLOCK.search(text)
    if block is None:
        return None
    try:
        schema = json.loads(block[2])
    except ValueError:
        return None
    return schema if isinstance(schema, dict | bool) else None
