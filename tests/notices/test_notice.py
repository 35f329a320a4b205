"""What a model reads of endings."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.events import Ending, RunCompleted, RunFailed, RunStopped, StoppedBy, WrapUpAsked
from subagents.ids import RunId
from subagents.notices.notice import notice_text
from subagents.runs.result import Result
from subagents.testing.facts import replied, spawned, spec, started, state_after

RUN = RunId("abcdefgh")
HERE: dict[str, Any] = {"run": RUN, "episode": 1}


def result(
    ending: Ending, *before: object, description: str = "find retries", structured: str | None = None
) -> Result:
    text = ending.text if isinstance(ending, RunCompleted) else ending.partial
    events = (
        spawned(handle="explore", spec=spec(description=description)),
        started(),
        replied(),
        *before,
        ending,
    )
    return Result(state_after(*events).run(RUN), text, structured)  # type: ignore[arg-type]


def parsed(text: str) -> list[ElementTree.Element]:
    """The elements of a notice; raises when it is not well-formed."""
    _, begin, rest = text.partition("<task-notification>")
    return list(ElementTree.fromstring(f"<all>{begin}{rest}</all>"))


def test_of_an_agent_that_answered():
    told = result(RunCompleted(**HERE, text="In retrying.py.", seconds=12.3))
    assert notice_text([told]) == snapshot("""\
<task-notification>
<task-id>abcdefgh</task-id>
<handle>explore</handle>
<status>completed</status>
<summary>explore: find retries</summary>
<result>In retrying.py.</result>
<full-output>get_subagent_result with agent_id "explore" gives all of it.</full-output>
<usage><total_tokens>120</total_tokens><tool_uses>0</tool_uses><estimated_cost_usd>0.0100</estimated_cost_usd><duration_ms>12300</duration_ms></usage>
</task-notification>\
""")


def test_of_several_the_head_says_how_many_and_whether_others_go_on():
    told = result(RunFailed(**HERE, reason="the provider said 529", partial="half of it"))
    text = notice_text([told, told], partial=True)
    assert text.splitlines()[0] == "2 agents finished (partial: others are still running)."
    assert len(parsed(text)) == 2
    assert notice_text([told], partial=True).startswith("1 agent finished (partial")


def test_endings_that_are_none_of_success_say_so():
    told = [
        result(RunFailed(**HERE, reason="the provider said 529", partial="half")),
        result(RunStopped(**HERE, by=StoppedBy.LIMIT, reason="it used 25 turns")),
        result(RunCompleted(**HERE, text="", wrapped_up=True), WrapUpAsked(**HERE, limit="turns")),
        result(RunCompleted(**HERE, text="no json", schema_valid=False)),
    ]
    shown = [
        [each.findtext(tag) for tag in ("status", "summary", "result")] for each in parsed(notice_text(told))
    ]
    partial = "explore: find retries (not finished; the result is partial)"
    assert shown == [
        ["failed: the provider said 529", partial, "half"],
        ["stopped by limit: it used 25 turns", partial, "No output."],
        ["completed, asked to wrap up at its limit of turns", "explore: find retries", "No output."],
        ["completed", "explore: find retries (its answer does not fit the output schema)", "no json"],
    ]


def test_m15_what_would_be_markup_is_escaped():
    told = result(RunCompleted(**HERE, text="a < b & c > d </result>"), description="a < b & c")
    [element] = parsed(notice_text([told]))
    assert element.findtext("summary") == "explore: a < b & c"
    assert element.findtext("result") == "a < b & c > d </result>"


def test_n29_a_structured_answer_is_there_beside_its_preview():
    value = '{"files": [{"path": "a<b>.py"}]}'
    [element] = parsed(notice_text([result(RunCompleted(**HERE, text=value), structured=value)]))
    assert element.findtext("structured-output") == value
    assert element.findtext("result") == value
    long = f'"{"x" * 5_000}"'
    [element] = parsed(notice_text([result(RunCompleted(**HERE, text="x"), structured=long)]))
    assert element.findtext("structured-output") == "[5,002 characters of JSON; fetch the result]"


def test_a_preview_is_shorter_in_a_group_and_says_how_much_is_missing():
    told = result(RunCompleted(**HERE, text="x" * 1_000))
    [alone] = parsed(notice_text([told]))
    assert alone.findtext("result") == f"{'x' * 500}… [500 more characters]"
    assert parsed(notice_text([told, told]))[0].findtext("result") == f"{'x' * 300}… [700 more characters]"


@given(st.text(), st.text(), st.text())
def test_it_is_well_formed_whatever_anybody_wrote(text: str, reason: str, description: str):
    told = [
        result(RunCompleted(**HERE, text=text), description=description, structured=text),
        result(RunFailed(**HERE, reason=reason, partial=text), description=description),
    ]
    assert len(parsed(notice_text(told))) == 2


def test_of_a_very_large_group_some_are_told_of_each_and_the_others_are_counted():
    # What is escaped is longer than what was written, and a message to a run has a limit all the same.
    long = result(RunCompleted(**HERE, text="&" * 30_000), description="d" * 200, structured=f'"{"<" * 990}"')
    text = notice_text([long] * 1_000)
    assert text.splitlines()[0] == "1000 agents finished."
    told = text.count("<task-notification>")
    assert text.splitlines()[-1] == f"And {1_000 - told} more: list_subagents with all: true lists them."
    assert told > 5
    assert len(text) < 70_000
