"""What is answered about a structured result."""

from __future__ import annotations

from typing import Any

from inline_snapshot import snapshot

from subagents.events import (
    Event,
    OutputFault,
    OutputRejected,
    RunCompleted,
    RunFailed,
    RunStopped,
    StoppedBy,
)
from subagents.runs.result import Result
from subagents.runs.structured import structured_reply
from subagents.testing.facts import RUN, spawned, spec, started, state_after

HERE: dict[str, Any] = {"run": RUN, "episode": 1}
SCHEMA = {"type": "object", "required": ["files"]}
FAULT = OutputFault(
    "/files/0/path", "3 is not of type 'string'", "/properties/files/items/properties/path/type"
)


def result(*events: Event, text: str = "", structured: str | None = None, schema: object = SCHEMA) -> Result:
    state = state_after(spawned(spec=spec(output_schema=schema)), started(), *events)
    return Result(state.run(RUN), text, structured)


def test_a_value_that_fits_is_there_with_what_was_written_and_its_hash():
    value = '{"files": []}'
    done = RunCompleted(**HERE, text=value, structured=value, schema_valid=True)
    assert structured_reply(result(done, text=value, structured=value)) == snapshot(
        {
            "ok": True,
            "data": {"files": []},
            "preview": '{"files": []}',
            "sha256": "4a95ea1226cabb898264b4a4018edf3e1881acbbc93050dc9384c94ec08c3ef9",
        }
    )


def test_n9_an_answer_that_does_not_fit_is_refused_with_the_places():
    text = '{"files": [{"path": 3, "reason": "b"}]}'
    rejected = OutputRejected(**HERE, problems=(str(FAULT),), text=text, faults=(FAULT,))
    failed = RunFailed(**HERE, reason="the answer does not fit", partial=text)
    assert structured_reply(result(rejected, failed, text=text)) == snapshot(
        {
            "ok": False,
            "error": "The output did not match the schema.",
            "validationErrors": [
                {
                    "path": "/files/0/path",
                    "message": "3 is not of type 'string'",
                    "schemaPath": "/properties/files/items/properties/path/type",
                }
            ],
            "rawPreview": '{"files": [{"path": 3, "reason": "b"}]}',
            "sha256": "0fcdf1e892c2fe7faa7187f46ac391245f9b0bd739040581ad587dfbdff9c0f3",
        }
    )


def test_n35_of_a_long_answer_the_first_500_characters_are_shown():
    rejected = OutputRejected(**HERE, problems=("no",), text="x", faults=(OutputFault("", "no"),))
    reply = structured_reply(result(rejected, RunFailed(**HERE, reason="no"), text="x" * 10_000))
    assert reply is not None
    assert reply["rawPreview"] == "x" * 500


def test_an_answer_that_is_kept_though_it_does_not_fit_says_so():
    rejected = OutputRejected(**HERE, problems=("no",), text="x", faults=(FAULT,))
    kept = RunCompleted(**HERE, text="x", schema_valid=False, faults=(FAULT,))
    reply = structured_reply(result(rejected, kept, text="x"))
    assert reply is not None
    assert (reply["ok"], reply["error"]) == (False, "The output did not match the schema.")


def test_a_run_that_did_not_come_to_an_answer_is_not_judged():
    reply = structured_reply(result(RunStopped(**HERE, by=StoppedBy.USER), text="half"))
    assert reply is not None
    assert (reply["ok"], reply["error"], reply["validationErrors"]) == (
        False,
        "The run is stopped, so there is no answer to judge.",
        [],
    )


def test_n16_without_a_schema_there_is_no_reply_and_none_before_the_end():
    assert structured_reply(result(RunCompleted(**HERE, text="free"), text="free", schema=None)) is None
    assert structured_reply(result()) is None
