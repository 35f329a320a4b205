"""Answers that must fit a schema: asked for again, a bounded number of times, with the evidence kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot

from subagents.definitions.model import AgentDefinition
from subagents.errors import InvalidSchema
from subagents.events import OutputRejected, RunCompleted, StoppedBy
from subagents.runs.result import result_json
from subagents.runs.state import RunStatus
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.testing.builders import PLAIN, open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Step, Tool, Wait

pytestmark = pytest.mark.anyio

#: Schema Q of the cases.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "reason"],
                "additionalProperties": False,
                "properties": {"path": {"type": "string"}, "reason": {"type": "string"}},
            },
        }
    },
}
GOOD = '{"files": [{"path": "a", "reason": "b"}]}'
BAD = '{"files": [{"path": 3, "reason": "b"}]}'


class Answers(ScriptedRunner):
    """Plays the next of these scripts, or says the next of these texts, for each prompt; the last again and again."""

    def __init__(self, *answers: str | Sequence[Step]) -> None:
        super().__init__(scripts=_Next([(Say(each),) if isinstance(each, str) else each for each in answers]))


class _Next(dict[str, Sequence[Step]]):
    """A script for every prompt, in the order of the asking."""

    def __init__(self, scripts: list[Sequence[Step]]) -> None:
        self.left = scripts

    def get(self, _prompt: str, _default: object = None) -> Sequence[Step]:
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


def rejected(store: MemoryStore) -> list[OutputRejected]:
    return [entry.event for entry in store.entries() if isinstance(entry.event, OutputRejected)]


async def test_an_answer_that_does_not_fit_is_asked_for_again_with_what_is_wrong_and_where():
    store, runner = MemoryStore(), Answers(BAD, GOOD)
    async with open_manager(runner, store=store) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA)
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.value) == (RunStatus.COMPLETED, json.loads(GOOD))
    assert runner.said[1] == snapshot("""\
Your answer does not fit the JSON Schema that was asked for:
- /files/0/path: 3 is not of type 'string'

Answer again, with one JSON value that fits and nothing else: no fence around it, no words before or after it.
You can answer 2 more times.\
""")
    [first] = rejected(store)
    assert (first.text, first.correction, [fault.path for fault in first.faults]) == (
        BAD,
        0,
        ["/files/0/path"],
    )
    assert len(first.digest) == 64


async def test_when_no_correction_is_left_it_failed_and_all_it_said_is_kept():
    store, runner = MemoryStore(), Answers(BAD, "no json", "{}")
    async with open_manager(runner, store=store) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA)
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.text, len(runner.said)) == (RunStatus.FAILED, "{}", 3)
    assert result.run.outcome is not None
    assert result.run.outcome.reason == snapshot(
        "the answer does not fit the output schema: the answer: 'files' is a required property"
    )
    assert [each.text for each in rejected(store)] == [BAD, "no json", "{}"]
    assert result_json(result)["schema_valid"] is False


async def test_n31_with_one_correction_the_errors_of_the_second_answer_count():
    store = MemoryStore()
    async with open_manager(Answers(BAD, "{}"), store=store) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=1)
        result = await manager.get_result(run, wait=True)
    assert [fault.message for fault in result.run.faults] == ["'files' is a required property"]


async def test_an_answer_may_be_kept_though_it_does_not_fit():
    store = MemoryStore()
    async with open_manager(Answers(BAD), store=store) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=0, on_invalid="keep")
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.text, result.structured) == (RunStatus.COMPLETED, BAD, None)
    assert (result_json(result)["schema_valid"], result_json(result)["structured"]) == (False, None)
    [completed] = [entry.event for entry in store.entries() if isinstance(entry.event, RunCompleted)]
    assert [fault.path for fault in completed.faults] == ["/files/0/path"]


@pytest.mark.parametrize(("corrections", "asked"), [(0, 1), (1, 2), (5, 6)])
async def test_it_is_asked_as_often_as_was_said(corrections: int, asked: int):
    runner = Answers(BAD)
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=corrections)
        await manager.get_result(run, wait=True)
    assert len(runner.said) == asked


async def test_the_setting_and_the_agents_file_say_how_often():
    runner = Answers(BAD)
    strict = AgentDefinition(name="strict", description="x", corrections=1, output_schema=SCHEMA)
    async with open_manager(
        runner, agents=(PLAIN, strict), settings=Settings(structured_retries=4)
    ) as manager:
        await manager.get_result(await manager.spawn("plain", "go", output_schema=SCHEMA), wait=True)
        assert len(runner.said) == 5
        await manager.get_result(await manager.spawn("strict", "go"), wait=True)
        assert len(runner.said) == 7


async def test_a_stop_in_the_middle_of_a_correction_is_a_stop():
    far = anyio.Event()
    runner = Answers(BAD, [Reach(far), Wait(anyio.Event())])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA)
        await far.wait()
        await manager.stop(run, by=StoppedBy.USER)
        await settled()
        state = manager.state.run(run)
    assert (state.status, state.rejections) == (RunStatus.STOPPED, 1)


async def test_corrections_are_turns_and_their_limit_holds():
    runner = Answers(BAD)
    async with open_manager(runner, settings=Settings(grace_turns=1)) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=5, max_turns=2)
        result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.run.outcome and result.run.outcome.by) == (
        RunStatus.STOPPED,
        StoppedBy.LIMIT,
    )
    assert result.run.turns == 3


async def test_n25_an_answer_that_was_wrapped_up_and_fits_is_a_completion():
    scripts: dict[str, Sequence[Step]] = {"go": [Tool(), Tool(), Say(GOOD)]}
    async with open_manager(ScriptedRunner(scripts)) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, max_turns=2)
        result = await manager.get_result(run, wait=True)
    assert result.run.outcome is not None
    assert (result.run.status, result.run.outcome.wrapped_up, result.value) == (
        RunStatus.COMPLETED,
        True,
        json.loads(GOOD),
    )


async def test_n27_after_a_resume_only_the_new_answer_is_judged():
    scripts: dict[str, Sequence[Step]] = {"go": [Say(GOOD)], "again": [Say('{"files": []}')]}
    async with open_manager(ScriptedRunner(scripts)) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA)
        await manager.get_result(run, wait=True)
        await manager.resume(run, "again")
        result = await manager.get_result(run, wait=True)
    assert (result.value, result.run.rejections) == ({"files": []}, 0)


async def test_n23_the_callers_schema_goes_before_the_files():
    file = AgentDefinition(name="lister", description="x", output_schema={"type": "array"})
    async with open_manager(Answers(GOOD), agents=(file,)) as manager:
        run = await manager.spawn("lister", "go", output_schema=SCHEMA)
        assert (await manager.get_result(run, wait=True)).value == json.loads(GOOD)


@pytest.mark.parametrize("schema", [None, ""], ids=["n16", "n17"])
async def test_without_a_schema_any_text_is_an_answer(schema: str | None):
    runner = Answers("just words")
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", output_schema=schema)
        result = await manager.get_result(run, wait=True)
    assert (result.text, result.structured, len(runner.said)) == ("just words", None, 1)


async def test_n19_a_schema_that_is_none_is_refused_before_anything_begins():
    async with open_manager() as manager:
        with pytest.raises(InvalidSchema, match="cannot be used"):
            await manager.spawn("plain", "go", output_schema="{bad")
        assert manager.state.runs == {}


async def test_n33_a_program_gets_the_data_and_where_they_are_asked_for_an_object():
    async with open_manager(Answers(GOOD)) as manager:
        run = await manager.spawn("plain", "go", output_schema=json.dumps(SCHEMA))
        result = await manager.get_result(run, wait=True)
    assert result_json(result)["structured"] == json.loads(GOOD)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"files": []}', {"files": []}, id="n1"),
        pytest.param('```\r\n{"files": []}\r\n```', {"files": []}, id="n3"),
        pytest.param('{"files": []}\nHope that helps.', {"files": []}, id="n5"),
        pytest.param(GOOD, json.loads(GOOD), id="n7"),
        pytest.param(
            f'First I thought {{"files": []}}, but:\n{GOOD}', json.loads(GOOD), id="the last counts"
        ),
    ],
)
async def test_the_last_value_of_an_answer_is_taken(text: str, value: object):
    async with open_manager(Answers(text)) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=0)
        assert (await manager.get_result(run, wait=True)).value == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="n11"),
        pytest.param("", id="n13"),
        pytest.param('{"files": [NaN]}', id="n15"),
        pytest.param(f"{GOOD}\nNo, rather:\n{BAD}", id="the last counts although an earlier one would fit"),
    ],
)
async def test_what_does_not_fit_is_no_answer(text: str):
    async with open_manager(Answers(text)) as manager:
        run = await manager.spawn("plain", "go", output_schema=SCHEMA, corrections=0)
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.FAILED


async def test_n21_a_list_is_an_answer_where_one_was_asked_for():
    async with open_manager(Answers("[1, 2]")) as manager:
        run = await manager.spawn("plain", "go", output_schema={"type": "array"})
        assert (await manager.get_result(run, wait=True)).value == [1, 2]


async def test_a_schema_that_no_answer_could_be_checked_against_fails_at_once():
    multiplying = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(26)}
    schema = {"$defs": {**multiplying, "a26": {}}, "properties": {"x": {"$ref": "#/$defs/a0"}}}
    runner = Answers('{"x": 1}')
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", output_schema=schema)
        outcome = (await manager.get_result(run, wait=True)).run.outcome
    assert outcome is not None
    assert outcome.reason == snapshot(
        "the answer cannot be held to the output schema: the answer: it cannot be checked, because this schema takes "
        "too many steps even for a short answer: its references multiply, or refer to themselves; give a simpler one"
    )
    assert len(runner.said) == 1
