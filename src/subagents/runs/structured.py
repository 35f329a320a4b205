"""What is answered about a structured result: the value, or why there is none. The shape is the one that users of
pi-subagents know."""

from __future__ import annotations

import json
from typing import Any

from subagents.runs.result import Result
from subagents.runs.state import RunStatus
from subagents.texts import digest

MAX_PREVIEW = 500  # characters of a text that is shown beside the value, or in its place
MAX_ERRORS = 20


def structured_reply(result: Result) -> dict[str, Any] | None:
    """The reply about an ended run of which an output schema was asked; None where none was, or it has not ended.

    `{"ok": true, "data", "preview", "sha256"}`, or
    `{"ok": false, "error", "validationErrors", "rawPreview", "sha256"}`.

    Each validation error has `path`, `message` and `schemaPath`; both paths are JSON Pointers. `preview` is the
    beginning of the answer as it was written. `sha256` is that of the value's JSON, or of the answer that does not fit.
    """
    run = result.run
    if run.spec.output_schema is None or run.outcome is None:
        return None
    if result.structured is not None:
        return {
            "ok": True,
            "data": json.loads(result.structured),
            "preview": result.text[:MAX_PREVIEW],
            "sha256": digest(result.structured),
        }
    return {
        "ok": False,
        "error": _error(result),
        "validationErrors": [
            {"path": fault.path, "message": fault.message, "schemaPath": fault.schema_path}
            for fault in run.faults[:MAX_ERRORS]
        ],
        "rawPreview": result.text[:MAX_PREVIEW],
        "sha256": digest(result.text),
    }


def _error(result: Result) -> str:
    """Which of the two it was: an answer that does not fit, or no answer."""
    run = result.run
    if run.outcome is not None and (
        run.outcome.schema_valid is False or (run.status is RunStatus.FAILED and run.faults)
    ):
        return "The output did not match the schema."
    return f"The run is {run.status}, so there is no answer to judge."
