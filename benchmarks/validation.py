"""What it costs to hold an answer to a schema, beside the library by itself and beside reading the JSON alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from jsonschema import Draft202012Validator

from subagents.runs.output_schema import judge, parse_schema

ROUNDS = 200
ITEMS = 20
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "line", "reason"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "pattern": r"^[\w./-]+$"},
                    "line": {"type": "integer", "minimum": 1},
                    "reason": {"type": "string", "minLength": 1},
                },
            },
        }
    },
}
ANSWER = json.dumps(
    {"files": [{"path": f"src/a{n}.py", "line": n + 1, "reason": "here"} for n in range(ITEMS)]}
)


def milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        work()
        taken.append((time.perf_counter() - before) * 1000)
    return median(taken)


def table() -> list[str]:
    schema = parse_schema(SCHEMA)
    assert schema is not None
    bare = Draft202012Validator(schema)
    ways: dict[str, Callable[[], object]] = {
        "read the JSON, no schema": lambda: json.loads(ANSWER),
        "jsonschema alone": lambda: list(bare.iter_errors(json.loads(ANSWER))),
        "ours: found in the text, judged, bounded": lambda: judge(ANSWER, schema),
        "ours, around it prose and a fence": lambda: judge(
            f"Here it is:\n```json\n{ANSWER}\n```\nDone.", schema
        ),
    }
    assert judge(ANSWER, schema).fits
    lines = [f"An answer of {ITEMS} items, median of {ROUNDS}:", "", "| Way | ms |", "|---|---|"]
    return [*lines, *(f"| {name} | {milliseconds(way):.2f} |" for name, way in ways.items())]
