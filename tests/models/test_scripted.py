"""A script is played turn by turn, each run from its own place, through a plain agent."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot
from pydantic_ai import Agent, ModelMessagesTypeAdapter, ModelResponse, UsageLimits
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

import subagents
from subagents.errors import InvalidScript, ScriptEnded
from subagents.models.playing import scripted_model
from subagents.models.script_file import load_script, parse
from subagents.models.selection import exact_model

pytestmark = pytest.mark.anyio


def agent(script: str, **settings: Any) -> Agent[None, str]:
    playing: Agent[None, str] = Agent(scripted_model(parse(script, "s.yaml")), **settings)

    @playing.tool_plain
    async def bash(command: str) -> str:
        return f"ran {command}"

    return playing


TWO_TURNS = """
turns:
  - text: "I'll look."
    tool_calls:
      - {name: bash, arguments: {command: ls}}
      - {name: bash, arguments: {command: pwd}}
  - text: done
"""


async def test_turns_are_played_in_order_with_text_and_tool_calls_together():
    result = await agent(TWO_TURNS).run("go")

    assert result.output == "done"
    assert [
        (part.part_kind, getattr(part, "content", None) or getattr(part, "args", None))
        for message in result.all_messages()
        for part in message.parts
    ] == snapshot(
        [
            ("user-prompt", "go"),
            ("text", "I'll look."),
            ("tool-call", {"command": "ls"}),
            ("tool-call", {"command": "pwd"}),
            ("tool-return", "ran ls"),
            ("tool-return", "ran pwd"),
            ("text", "done"),
        ]
    )


@pytest.mark.parametrize("number", ["1e-3", "1E-3", ".1e-2", "1.e-3", "+1e-3", "0.001"])
def test_a_number_is_one_as_yaml_1_2_writes_it(number: str):
    script = parse(f"turns: [{{text: a, delay: {number}}}]", "s.yaml")
    assert script.turns[0].delay == 0.001


@pytest.mark.parametrize("text", ["1e", "e3", "1e-3x", "0x1e3z"])
def test_what_only_begins_like_a_number_is_a_text(text: str):
    assert parse(f"turns: [{{text: {text}}}]", "s.yaml").turns[0].text == text


async def test_a_reply_is_streamed_in_a_few_pieces():
    script = "turns: [{text: one two three four five six}]"
    pieces = []
    async with agent(script).run_stream_events("go") as events:
        async for event in events:
            match event:
                case (
                    PartStartEvent(part=TextPart(content=text))
                    | PartDeltaEvent(delta=TextPartDelta(content_delta=text))
                ):
                    pieces.append(text)
                case _:
                    pass

    assert len(pieces) == 4
    assert "".join(pieces) == "one two three four five six"


async def test_streamed_tool_calls_are_executed_and_every_reply_is_marked_once():
    playing = agent(TWO_TURNS)
    async with playing.iter("go") as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as stream:
                    async for _ in stream:
                        pass

    assert run.result is not None
    assert run.result.output == "done"
    assert marks(run.result.all_messages()) == [0, 1]


async def test_a_turn_with_a_match_waits_for_its_message():
    script = """
    turns:
      - {match: 'ran (ls|pwd)', text: saw the listing}
      - tool_calls: [{name: bash, arguments: {command: ls}}]
    """
    assert (await agent(script).run("go")).output == "saw the listing"


async def test_many_runs_share_the_model_and_each_has_its_own_place():
    playing, outputs = agent(TWO_TURNS), []

    async def run_one() -> None:
        outputs.append((await playing.run("go")).output)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(run_one)

    assert outputs == ["done"] * 50


async def test_a_resumed_run_goes_on_where_it_was_even_in_another_process():
    script = "turns: [{text: first}, {text: second}, {text: third}]"
    first = await agent(script).run("a")
    stored = ModelMessagesTypeAdapter.validate_json(first.all_messages_json())
    second = await agent(script).run("b", message_history=stored)

    assert (first.output, second.output) == ("first", "second")


async def test_replies_of_another_script_in_the_messages_do_not_count():
    inherited = await agent("turns: [{text: parent}]").run("a")
    child: Agent[None, str] = Agent(scripted_model(parse("turns: [{text: child}]", "child.yaml")))

    assert (await child.run("b", message_history=inherited.all_messages())).output == "child"


FAILS_FIRST = """
turns:
  - error: {status: 429, retry_after: 1.5, message: slow down}
  - text: done
"""


async def test_an_error_is_the_providers_and_says_when_to_retry():
    with pytest.raises(ModelHTTPError) as raised:
        await agent(FAILS_FIRST).run("go")

    error = raised.value
    assert (error.status_code, error.retry_after, error.model_name) == (429, 1.5, "s.yaml")
    assert error.body == {"message": "slow down"}


async def test_an_error_is_raised_from_a_stream_as_well():
    with pytest.raises(ModelHTTPError):
        async with agent(FAILS_FIRST).run_stream("go") as streamed:
            await streamed.get_output()


async def test_a_reply_that_is_cut_short_holds_what_was_played():
    async with agent("turns: [{text: one two three four five six}]").iter("go") as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as stream:
                    async for event in stream:
                        if isinstance(event, PartDeltaEvent):
                            break
                    assert stream.response.text == "one two three "
                break


async def test_after_an_error_the_same_conversation_gets_the_next_turn_and_another_its_own():
    playing = agent(FAILS_FIRST)
    with pytest.raises(ModelHTTPError):
        await playing.run("go", conversation_id="one")
    with pytest.raises(ModelHTTPError):
        await playing.run("go", conversation_id="two")

    done = await playing.run("go", conversation_id="one")
    assert done.output == "done"
    with pytest.raises(ScriptEnded, match="2 of its 2 turns"):  # also where the error was raised is unknown
        await agent(FAILS_FIRST).run("more", message_history=done.all_messages())


async def test_runs_that_were_steered_at_once_have_places_of_their_own():
    playing = agent(FAILS_FIRST)
    for _ in range(2):
        async with playing.iter("go") as run:
            run.enqueue("and this")
            with pytest.raises(ModelHTTPError):
                async for _node in run:
                    pass


async def test_a_script_that_repeats_starts_again():
    script = "turns: [{text: a}, {text: b}]\nrepeat: true"
    playing, outputs = agent(script), []
    history: list[ModelMessage] = []
    for _ in range(5):
        result = await playing.run("go", message_history=history)
        history = result.all_messages()
        outputs.append(result.output)

    assert outputs == ["a", "b", "a", "b", "a"]


async def test_a_script_without_a_turn_left_ends_the_run_and_counts():
    script = "turns: [{tool_calls: [{name: bash, arguments: {command: ls}}]}]"
    with pytest.raises(ScriptEnded) as raised:
        await agent(script).run("go")
    assert str(raised.value) == snapshot(
        "the script s.yaml has ended after 1 of its 1 turns. Add a turn, or `repeat: true`."
    )

    with pytest.raises(ScriptEnded) as raised:
        await agent("turns: [{match: never, text: x}]\nrepeat: true").run("go")
    assert str(raised.value) == snapshot(
        "the script s.yaml stopped after 0 of its 1 turns: the others wait for 'never'. Add a turn, or `repeat: true`."
    )


async def test_usage_and_cost_reach_the_run_streamed_or_not():
    script = """
    turns:
      - tool_calls: [{name: bash, arguments: {command: ls}}]
        usage: {input_tokens: 900, output_tokens: 30, cost: 0.01}
      - text: done
        usage: {input_tokens: 100, cost: 0.002}
    """
    playing = agent(script)
    usage = (await playing.run("go")).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (1000, 30, Decimal("0.012"))

    async with playing.run_stream("go") as streamed:
        await streamed.get_output()
    assert streamed.usage.cost == Decimal("0.012")


async def test_usage_that_a_script_does_not_give_is_unknown_not_invented():
    usage = (await agent("turns: [{text: a}]").run("go", usage_limits=UsageLimits(request_limit=None))).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (0, 0, None)


async def test_a_delay_is_waited_for_and_can_be_cancelled():
    with anyio.move_on_after(0.01) as scope:
        await agent("turns: [{text: late, delay: 3600}]").run("go")
    assert scope.cancelled_caught


async def test_the_example_of_the_documentation_loads(tmp_path: Path):
    from subagents.models import script_file

    assert script_file.__doc__ is not None
    file = tmp_path / "example.yaml"
    file.write_text(script_file.__doc__.split("\n\n", 1)[1])
    script = load_script(file)

    assert [(turn.text, turn.delay) for turn in script.turns] == [
        ("looking", 0.2),
        (None, 0.0),
        ("done", 0.0),
    ]
    assert scripted_model(script).model_id == f"script:{file}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("turns: [{txt: a}]", "s.yaml, turn 1: `txt` is not a key here; did you mean `text`?"),
        (
            "turns: [{text: a}, {zzzzzz: 1}]",
            "s.yaml, turn 2: `zzzzzz` is not a key here; there are `text`, `tool_calls`, `delay`, `error`, "
            "`match`, `usage`.",
        ),
        ("turn: []", "s.yaml: `turn` is not a key here; did you mean `turns`?"),
        ("turns: []", "s.yaml: `turns` must be a list with at least one turn."),
        ("[]", "s.yaml: must be a mapping with `turns`, `repeat`."),
        ("", "s.yaml: must be a mapping with `turns`, `repeat`."),
        (
            "turns: [1]",
            "s.yaml, turn 1: must be a mapping with `text`, `tool_calls`, `delay`, `error`, `match`, `usage`.",
        ),
        ("turns: [{delay: 1}]", "s.yaml, turn 1: needs `text`, `tool_calls` or `error`."),
        ("turns: [{text: 42}]", "s.yaml, turn 1: `text` must be text, not 42: put it in quotes."),
        (
            "turns: [{text: a, delay: soon}]",
            "s.yaml, turn 1: `delay` must be a number from 0 up, not 'soon'.",
        ),
        ("turns: [{text: a, delay: -1}]", "s.yaml, turn 1: `delay` must be a number from 0 up, not -1."),
        (
            "turns: [{text: a, usage: {input_token: 1}}]",
            "s.yaml, turn 1, `usage`: `input_token` is not a key here; did you mean `input_tokens`?",
        ),
        (
            "turns: [{text: a, usage: {input_tokens: 1.5}}]",
            "s.yaml, turn 1, `usage`: `input_tokens` must be a whole number, not 1.5.",
        ),
        ("turns: [{error: {}}]", "s.yaml, turn 1, `error`: `status` must be an HTTP status from 400 to 599."),
        (
            "turns: [{error: {status: 500}, text: a}]",
            "s.yaml, turn 1: a turn with `error` has no other reply.",
        ),
        (
            "turns: [{tool_calls: [{name: ls, args: {}}]}]",
            "s.yaml, turn 1, `tool_calls` 1: `args` is not a key here; did you mean `arguments`?",
        ),
        (
            "turns: [{tool_calls: [{arguments: {}}]}]",
            "s.yaml, turn 1, `tool_calls` 1: `name` must name a tool.",
        ),
        ("turns: [{tool_calls: {name: ls}}]", "s.yaml, turn 1: `tool_calls` must be a list."),
        (
            "turns: [{text: a, match: '('}]",
            "s.yaml, turn 1: `match` '(' is not a regular expression: missing ): (.",
        ),
        ("turns: [{text: a}]\nrepeat: often", "s.yaml: `repeat` must be true or false, not 'often'."),
        ("turns: " + "[" * 50_000, "s.yaml, line 1: is nested more than 50 deep."),
        ("turns: " + "{a: " * 50_000, "s.yaml, line 1: is nested more than 50 deep."),
        (
            "a: &a [x, x]\nturns: [{text: *a}]",
            "s.yaml, line 2: aliases (*name) are not supported; put a text that begins with * in quotes.",
        ),
        ("turns: [" + "{}," * 60_000 + "]", "s.yaml, line 1: there are more than 100,000 values."),
        ("# " + "x" * 5_000_000, "s.yaml: is longer than 5,000,000 bytes."),
        (
            f"turns: [{{text: [{'x' * 1000}]}}]",
            f"s.yaml, turn 1: `text` must be text, not ['{'x' * 57}…: put it in quotes.",
        ),
        (
            f"turns: [{{text: 0x{'f' * 9000}}}]",
            "s.yaml, turn 1: `text` must be text, not such a long number: put it in quotes.",
        ),
        (
            f"turns: [{{text: a, delay: 0x{'f' * 9000}}}]",
            "s.yaml, turn 1: `delay` must be at most 1,000,000,000.",
        ),
        ("turns: [{text: 2026-13-01}]", "s.yaml: is not YAML: month must be in 1..12."),
        ("turns:\n- text: [a}", "s.yaml, line 2: is not YAML: did not find expected ',' or ']'."),
    ],
)
def test_a_mistake_in_a_script_is_one_sentence_with_its_place(text: str, sentence: str):
    with pytest.raises(InvalidScript) as raised:
        parse(text, "s.yaml")
    assert str(raised.value) == sentence


def test_a_script_that_cannot_be_read_says_so(tmp_path: Path):
    with pytest.raises(InvalidScript, match="cannot be read: No such file"):
        load_script(tmp_path / "missing.yaml")


def test_a_file_that_does_not_end_is_refused_before_it_is_all_read():
    with pytest.raises(InvalidScript, match="is longer than"):
        load_script("/dev/zero")


def test_a_script_that_cannot_be_played_is_refused_when_its_model_is_chosen(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text("turns: [{txt: a}]")
    with pytest.raises(InvalidScript, match="did you mean `text`"):
        exact_model(f"script:{file}")

    file.write_text("turns: [{text: mended}]")
    assert exact_model(f"script:{file}") == f"script:{file}"


def test_choosing_a_script_does_not_import_the_model_library(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text("turns: [{text: a}]")
    code = (
        f"import sys; sys.path.insert(0, {str(Path(subagents.__file__).parent.parent)!r});"
        f"from subagents.models.selection import exact_model; exact_model({f'script:{file}'!r});"
        "sys.exit('pydantic_ai' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_models_package_does_not_import_the_model_library():
    code = (
        f"import sys; sys.path.insert(0, {str(Path(subagents.__file__).parent.parent)!r});"
        "import subagents.models.scripted, subagents.models.offline;"
        "sys.exit(any(name.split('.')[0] == 'pydantic_ai' for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def marks(messages: Any) -> list[int]:
    return [
        message.provider_details["turn"]
        for message in messages
        if isinstance(message, ModelResponse) and message.provider_details
    ]
