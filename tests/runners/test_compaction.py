"""What becomes of a conversation that is too long: nothing is torn apart, and what was asked stays word for word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.usage import RequestUsage

from subagents.ids import RunId
from subagents.runners import compaction
from subagents.runners.native_messages import restored, stored_compaction, stored_prompt
from subagents.sessions.messages import StoredMessage

TASK = "Where are retries handled?"
OUTPUT = "a line of what was found\n" * 200


def asks(text: str) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(text)])


def turn(number: int, output: str = OUTPUT, text: str = "I look.") -> list[ModelMessage]:
    call = f"c{number}"
    used = RequestUsage(input_tokens=5_000, output_tokens=10)
    reply = ModelResponse(parts=[TextPart(text), ToolCallPart("grep", {"n": number}, call)], usage=used)
    return [reply, ModelRequest(parts=[ToolReturnPart("grep", output, call)])]


def texts(messages: Sequence[ModelMessage]) -> list[str]:
    return [str(part.content) for each in messages for part in each.parts if isinstance(part, UserPromptPart)]


def calls_and_results(messages: Sequence[ModelMessage]) -> tuple[list[str], list[str]]:
    parts: list[Any] = [part for each in messages for part in each.parts]
    called = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
    return called, [part.tool_call_id for part in parts if isinstance(part, ToolReturnPart)]


def test_the_newest_stay_as_they_are_and_the_rest_is_summed_up():
    messages = [asks(TASK), *turn(1), *turn(2), *turn(3, "b.py:7")]
    parts = compaction.split(messages, [TASK], 400)

    kept = compaction.summed_up(parts, "It is in b.py.", 400)

    assert texts(kept) == [TASK, f"{compaction.SUMMED_UP}It is in b.py."]
    assert calls_and_results(kept) == (["c3"], ["c3"])
    assert kept[-1] == messages[-1]


def test_without_a_summary_old_output_goes_first_and_every_reply_stays():
    messages = [asks(TASK), *turn(1), *turn(2), *turn(3, "b.py:7")]
    kept = compaction.dropped(compaction.split(messages, [TASK], 2_000), 2_000)

    assert calls_and_results(kept) == (["c1", "c2", "c3"],) * 2
    outputs = [part.content for each in kept for part in each.parts if isinstance(part, ToolReturnPart)]
    assert outputs == [compaction.OUTPUT_DROPPED.format(count=len(OUTPUT)), OUTPUT, "b.py:7"]


def test_where_that_is_not_enough_the_oldest_messages_go_and_that_is_said():
    messages = [asks(TASK), *turn(1, text="so " * 2_000), *turn(2, "b.py:7")]
    kept = compaction.dropped(compaction.split(messages, [TASK], 300), 300)

    assert texts(kept) == [TASK, compaction.DROPPED.format(count=3)]
    assert calls_and_results(kept) == (["c2"], ["c2"])


def test_the_summary_of_an_earlier_compaction_is_nobodys_word_and_is_summed_up_again():
    first = compaction.summed_up(compaction.split([asks(TASK), *turn(1), *turn(2)], [TASK], 10), "First.", 10)
    again = compaction.split([*first, *turn(3)], [TASK], 10)

    assert "First." in compaction.told(again.old, 1_000)
    assert texts(compaction.summed_up(again, "Second.", 10)) == [TASK, f"{compaction.SUMMED_UP}Second."]


def test_the_last_prompt_stays_beside_the_task():
    messages = [asks(TASK), *turn(1), asks("And the timeouts?"), *turn(2), *turn(3)]
    kept = compaction.summed_up(compaction.split(messages, [TASK], 10), "…", 10)
    assert texts(kept) == [TASK, f"{compaction.SUMMED_UP}…", "And the timeouts?"]


def test_what_a_provider_counted_is_of_the_longer_conversation_and_forgotten():
    messages = [asks(TASK), *turn(1), *turn(2)]
    assert compaction.counted_length(messages) == 5_010 + compaction.length(messages[-1:])
    kept = compaction.summed_up(compaction.split(messages, [TASK], 10), "…", 10)
    assert compaction.counted_length(kept) is None


def test_a_history_goes_on_from_its_last_compaction():
    kept = [asks(TASK), *turn(1, "b.py:7")]
    rows = [stored_prompt("old"), stored_compaction(kept, "…"), stored_prompt("next")]
    stored = [StoredMessage(RunId("aaaaaaaa"), 1, n, row.kind, row.json) for n, row in enumerate(rows, 1)]

    history = restored(stored)

    assert texts(history) == [TASK, "next"]
    assert calls_and_results(history) == (["c1"], ["c1"])


TURNS = st.lists(
    st.one_of(
        st.builds(turn, st.just(0), st.text(max_size=300), st.text(max_size=80)),
        st.text(min_size=1, max_size=60).map(lambda text: [asks(text)]),
    ),
    max_size=8,
)


@given(TURNS, st.integers(1, 400), st.sampled_from(["summed up", "dropped"]))
def test_no_call_loses_its_result_and_no_result_its_call(
    turns: list[list[ModelMessage]], most: int, how: str
):
    messages = [asks(TASK), *(message for each in turns for message in each), asks("last")]
    parts = compaction.split(messages, [TASK], most)
    kept = compaction.summed_up(parts, "…", most) if how == "summed up" else compaction.dropped(parts, most)

    called, returned = calls_and_results(kept)
    assert called == returned
    assert TASK in texts(kept)
    assert texts(kept)[-1] == "last"
    for before, after in pairwise(kept):
        if any(isinstance(part, ToolReturnPart) for part in after.parts):
            assert before.kind == "response"


@pytest.mark.parametrize("most", [1, 10_000])
def test_what_is_shown_to_whoever_sums_up_is_bounded(most: int):
    told = compaction.told([asks(TASK), *turn(1), *turn(2)], most)
    assert len(told) <= max(20, most * 4)
    assert (TASK in told) == (most > 1)
