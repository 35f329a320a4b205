"""What becomes of a program's output and end, whatever it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from tests.runners.playing import BOUND, HELLO, TABLE, Talk, command, do, say

from subagents.errors import RunnerError
from subagents.runners.base import Called, CommandBegan, Replied, SteerRead, TextArrived, TurnDone
from subagents.runners.command import WRAP_UP
from subagents.runners.native_messages import restored
from subagents.runtime.supervisor import WRAP_UP_STEER
from subagents.usage import ModelUsage

pytestmark = pytest.mark.anyio


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path)


async def failing(talk: Talk, *steps: dict[str, object], **parts: Any) -> str:
    """The reason with which a run of these steps fails."""
    with anyio.fail_after(BOUND), pytest.raises(RunnerError) as raised:
        await talk.ask(command(talk.folder, *steps, **parts))
    return str(raised.value)


def tool(result: str = "seen", ok: bool = True, **arguments: object) -> dict[str, object]:
    return do("tool", {"name": "look", "arguments": arguments, "result": result, "ok": ok})


# --- an answer


async def test_what_it_says_and_does_is_reported_while_it_runs(talk: Talk):
    used: dict[str, Any] = {"in": 10, "out": 2, "usd": 0.5}
    steps = [
        HELLO,
        say("text", "I look."),
        tool("a.py", at="src"),
        say("used", **used),
        say("text", "There."),
        say("used", **used),
    ]
    assert await talk.ask(command(talk.folder, *steps)) == "There."
    calls = [update for update in talk.reports.updates if isinstance(update, Called)]
    assert [(call.tool, call.arguments) for call in calls] == [("look", '{"at":"src"}')]
    assert [(result.text, result.ok) for result in talk.results] == [("a.py", True)]
    assert talk.replies == ["I look.", "There."]
    assert talk.usage.models == {"parrot-2": ModelUsage(requests=2, input=20, output=4, cost=1.0)}


async def test_a_turn_ends_before_the_next_thing_is_said(talk: Talk):
    await talk.ask(command(talk.folder, HELLO, tool(), tool(), say("text", "There.")))
    turns = [update.more for update in talk.reports.updates if isinstance(update, TurnDone)]
    assert turns == [True, True, False]


async def test_what_the_program_says_is_its_answer_beats_its_last_words(talk: Talk):
    assert await talk.ask(command(talk.folder, say("text", "well"), say("end", "42"))) == "42"


async def test_plain_output_is_the_answer(talk: Talk):
    line = command(talk.folder, do("raw", "caf\u00e9 \u2713\n".encode().hex()), output="text")
    assert await talk.ask(line) == "café ✓"
    assert talk.reports.kinds() == ["PromptSent", "Replied", "TurnDone"]


async def test_one_object_over_several_lines_is_read_as_one(talk: Talk):
    text = json.dumps({"said": "42", "id": "s-9"}, indent=2)
    table = {"format": "json", "rules": [{"answer": "said", "session": "id"}]}
    assert await talk.ask(command(talk.folder, do("raw", text.encode().hex()), output=table)) == "42"


async def test_a_call_while_another_is_open_is_stored_after_its_result(talk: Talk):
    steps = [
        do("print", {"kind": "call", "id": "a", "name": "look", "with": {}}),
        do("print", {"kind": "call", "id": "b", "name": "find", "with": {}}),
        say("back", "two", id="b", ok=True),
        say("back", "one", id="a", ok=True),
        say("text", "There."),
    ]
    await talk.ask(command(talk.folder, *steps))
    messages = restored(talk.history)
    parts = [(part.part_kind, getattr(part, "content", "")) for message in messages for part in message.parts]
    assert ("tool-return", "one") in parts
    assert ("tool-return", "two") in parts
    assert not any("Interrupted" in str(content) for _kind, content in parts)


# --- no answer


async def test_an_exit_code_is_a_failure_with_the_last_words_and_keeps_what_was_said(talk: Talk):
    reason = await failing(talk, say("piece", "half a"), do("errors", "no key\nlog in first"), do("exit", 3))
    assert (
        reason == f"the program {Path(sys.executable).name!r} ended with exit code 3: no key / log in first"
    )
    assert [update.text for update in talk.reports.updates if isinstance(update, TextArrived)][-1] == "half a"
    assert not any(isinstance(update, Replied) for update in talk.reports.updates)


async def test_a_reason_has_no_colours(talk: Talk):
    reason = await failing(talk, do("errors", "\x1b[31mnot trusted\x1b[0m\x07"), do("exit", 55))
    assert reason.endswith("ended with exit code 55: not trusted\\x07")


async def test_no_answer_is_a_failure_although_the_exit_code_is_0(talk: Talk):
    assert "ended without an answer" in await failing(talk, HELLO)
    assert "ended without an answer" in await failing(talk, do("errors", "nothing to say"), output="text")


async def test_an_error_of_its_own_is_a_failure_although_the_exit_code_is_0(talk: Talk):
    reason = await failing(talk, say("text", "fine"), say("broken", why="the quota is used up"))
    assert reason.endswith("failed: the quota is used up")


async def test_a_program_that_is_missing_is_said_by_name(talk: Talk):
    line = command(talk.folder)
    missing = type(line)(command=("no-such-agent", "-p"))
    with pytest.raises(RunnerError, match="'no-such-agent', which the agent 'parrot' runs, is not installed"):
        await talk.ask(missing)
    inside = type(line)(command=("./tools/agent",))
    with pytest.raises(RunnerError, match="is not there or may not be executed"):
        await talk.ask(inside)


async def test_a_failed_run_keeps_its_usage_and_its_text(talk: Talk):
    used = do("print", {"kind": "used", "in": 10, "out": 2, "usd": 0.5})
    await failing(talk, HELLO, say("piece", "half"), used, do("exit", 1))
    assert talk.usage.total.tokens == 12
    # The usage does not end the text that was arriving: it has neither text nor messages.
    assert [update.text for update in talk.reports.updates if isinstance(update, TextArrived)] == ["half"]
    assert not any(update.messages for update in talk.reports.updates if isinstance(update, Replied))


# --- output that is no such output


@pytest.mark.parametrize(
    "garbage",
    [
        b"Warning: no colour\n",
        b"\0\0\0\n",
        b"\xff\xfe\n",
        b'{"kind": "text", "sa\n',
        b"[1, 2]\n",
        b"null\n",
        b'"text"\n',
    ],
    ids=["words", "nul", "not utf-8", "half a line", "a list", "null", "a text"],
)
async def test_a_strange_line_is_told_and_breaks_nothing(talk: Talk, garbage: bytes):
    steps = [HELLO, do("raw", garbage.hex()), say("text", "There.")]
    assert await talk.ask(command(talk.folder, *steps)) == "There."
    notes = [reply for reply in talk.replies if reply.startswith("[1 line of what")]
    assert len(notes) == (0 if garbage.strip(b"\0\n") == b"" else 1)


async def test_a_last_line_that_nothing_ends_counts(talk: Talk):
    assert await talk.ask(command(talk.folder, do("raw", b'{"kind": "end", "said": "x"}'.hex()))) == "x"


async def test_texts_that_are_no_utf8_are_mended(talk: Talk):
    line = b'{"kind": "end", "said": "\\ud800 \xff and more"}\n'
    assert await talk.ask(command(talk.folder, do("raw", line.hex()))) == "? \ufffd and more"


async def test_megabytes_of_noise_are_counted_and_not_kept(talk: Talk):
    answer = await talk.ask(command(talk.folder, do("much", 20), say("end", "There.")))
    assert answer == "There."
    (note,) = [reply for reply in talk.replies if reply != "There."]
    assert note.startswith("[20,000 lines of what")
    assert len(note) < 1_000


async def test_megabytes_of_plain_output_are_an_answer_of_its_two_ends(talk: Talk):
    answer = await talk.ask(command(talk.folder, do("much", 20), output="text"))
    assert len(answer) < 1_100_000
    assert "characters left out" in answer


async def test_a_line_of_megabytes_is_read_and_one_of_too_many_is_left_out(talk: Talk):
    assert len(await talk.ask(command(talk.folder, do("long", 5)))) == 1_000_000 + len(
        "\n[… 4,000,000 characters left out …]\n"
    )
    second = Talk(talk.folder)
    assert await second.ask(command(second.folder, do("long", 40), say("end", "There."))) == "There."
    assert any("1 line of what" in reply for reply in second.replies)


async def test_half_a_character_pair_in_what_a_tool_is_told_is_mended(talk: Talk):
    line = b'{"kind": "call", "id": "\\ud83d", "name": "\\ud83d", "with": {"a\\ud83d": "echo \\ud83d"}}\n'
    steps = [do("raw", line.hex()), say("back", "x", id="?", ok=True), say("text", "There.")]
    assert await talk.ask(command(talk.folder, *steps)) == "There."
    (call,) = [update for update in talk.reports.updates if isinstance(update, Called)]
    assert (call.tool, json.loads(call.arguments)) == ("?", {"a?": "echo ?"})


async def test_numbers_that_are_too_large_and_nests_that_are_too_deep_are_told_somehow(talk: Talk):
    large = b'{"kind": "call", "id": "a", "name": "look", "with": {"n": ' + b"9" * 30 + b"}}\n"
    deep = b'{"kind": "end", "said": ' + b'[{"text": ' * 150 + b'"x"' + b"}]" * 150 + b"}\n"
    assert "x" in await talk.ask(command(talk.folder, do("raw", large.hex()), do("raw", deep.hex())))
    (call,) = [update for update in talk.reports.updates if isinstance(update, Called)]
    assert call.arguments == '{"n":' + "9" * 30 + "}"


async def test_what_a_program_calls_its_tools_and_tells_them_is_bounded(talk: Talk):
    line = {"kind": "call", "id": "i" * 5_000, "name": "n" * 5_000, "with": {"a": "x" * 500_000}}
    await talk.ask(command(talk.folder, do("print", line), say("text", "There.")))
    (call,) = [update for update in talk.reports.updates if isinstance(update, Called)]
    assert (len(call.call) < 200, len(call.tool)) == (True, 200)
    assert json.loads(call.arguments)["characters_left_out"] > 300_000
    assert max(len(row.json) for row in talk.history) < 250_000


@pytest.mark.parametrize("name", ["-s1", "--all", "s\0", "s\n1", "\x1b[2J", "x" * 2_000])
async def test_a_session_that_nobody_could_name_again_has_no_name(talk: Talk, name: str):
    line = command(talk.folder, say("hello", session=name), say("text", "one"))
    both = type(line)(command=line.command, resume=(*line.command, "--resume", "{session}"), output=TABLE)
    await talk.ask(both, "first")
    second = Talk(talk.folder)
    assert await second.ask(both, "second", history=talk.history) == "one"
    assert "[the program does not remember what was said before; it was told]" in second.replies


# --- its end


ENDING: Any = {"rules": [*TABLE["rules"], {"when": {"kind": "done"}, "ends": True}]}


async def test_where_a_program_tells_its_end_an_output_without_it_is_no_answer(talk: Talk):
    assert await talk.ask(command(talk.folder, say("text", "There."), say("done"), output=ENDING)) == "There."
    reason = await failing(talk, say("text", "I will begin."), output=ENDING)
    assert reason.endswith("ended before it had finished")
    reason = await failing(talk, say("text", "I begin."), do("errors", "connection lost"), output=ENDING)
    assert reason.endswith("ended before it had finished: connection lost")


async def test_whoever_keeps_its_output_open_does_not_hold_it_up(talk: Talk):
    with anyio.fail_after(BOUND):
        answer = await talk.ask(command(talk.folder, say("end", "There."), do("leave")))
    assert answer == "There."


@pytest.mark.parametrize("how", ["", "deaf"])
async def test_a_program_that_hangs_is_ended_with_what_it_had_said(talk: Talk, how: str):
    said = anyio.Event()
    report = talk.reports.report

    async def listening(update: object) -> None:
        await report(update)  # type: ignore[arg-type]
        if isinstance(update, TextArrived):
            said.set()

    talk.reports.report = listening  # type: ignore[method-assign]
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(talk.ask, command(talk.folder, say("piece", "so far"), do("hang", how)))
            await said.wait()
            tasks.cancel_scope.cancel()
    (began,) = [update for update in talk.reports.updates if isinstance(update, CommandBegan)]
    with pytest.raises(ProcessLookupError):
        os.killpg(began.group, 0)


# --- what it is told


async def test_a_command_that_asks_for_no_prompt_gets_it_on_standard_input(talk: Talk):
    told = await talk.told(command(talk.folder, do("echo")), "do it", instructions="Be brief.")
    assert (told["stdin"], told["arguments"]) == ("Be brief.\n\ndo it", [])
    assert told["folder"] == str(talk.folder)


async def test_a_prompt_may_be_an_argument_or_a_file(talk: Talk):
    by_argument = command(talk.folder, do("echo"), arguments=["--say", "{prompt}"])
    told = await talk.told(by_argument, "a 'b' $HOME; ls")
    assert (told["arguments"], told["stdin"]) == (["--say", "a 'b' $HOME; ls"], "")
    by_file = command(talk.folder, do("echo"), arguments=["{prompt_file}"])
    assert (await Talk(talk.folder).told(by_file, "x" * 500_000))["files"] == ["x" * 500_000]


async def test_a_role_that_has_a_place_is_not_in_the_prompt(talk: Talk):
    line = command(talk.folder, do("echo"), arguments=["--role", "{role}"])
    told = await talk.told(line, "do it", instructions="Be brief.")
    assert (told["arguments"], told["stdin"]) == (["--role", "Be brief."], "do it")


async def test_what_has_no_value_goes_with_its_flag(talk: Talk):
    line = command(talk.folder, do("echo"), arguments=["--model", "{model}", "--as={model}", '{"a": 1}'])
    assert (await talk.told(line))["arguments"] == ['{"a": 1}']
    assert (await Talk(talk.folder).told(line, model="opus"))["arguments"] == [
        *("--model", "opus", "--as=opus", '{"a": 1}')
    ]


async def test_a_schema_is_told_with_the_prompt_unless_it_has_a_place(talk: Talk):
    schema = {"type": "object"}
    told = await talk.told(command(talk.folder, do("echo")), "do it", output_schema=schema)
    assert "one JSON value that fits the JSON Schema" in told["stdin"]
    line = command(talk.folder, do("echo"), arguments=["{schema_file}"])
    told = await Talk(talk.folder).told(line, "do it", output_schema=schema)
    assert (told["stdin"], told["files"]) == ("do it", ['{"type": "object"}'])


async def test_it_sees_the_variables_that_are_named_and_no_other_secret(tmp_path: Path):
    outer = {
        **os.environ,
        "PARROT_KEY": "k",
        "OTHER_KEY": "secret",
        "HTTPS_PROXY": "http://u:p@proxy.invalid",
    }
    talk = Talk(tmp_path, outer=outer)
    seen = (await talk.told(command(tmp_path, do("echo"), environment=("PARROT_KEY",))))["environment"]
    assert seen["PARROT_KEY"] == "k"
    assert "OTHER_KEY" not in seen
    assert "HTTPS_PROXY" not in seen
    assert (seen["SUBAGENTS_RUN"], seen["SUBAGENTS_DEPTH"]) == ("aaaaaaaa", "1")
    assert {"PATH", "HOME"} <= seen.keys()


async def test_what_no_argument_can_hold_is_said_before_anything_begins(talk: Talk):
    line = command(talk.folder, do("echo"), arguments=["{prompt}"])
    for text, why in (("x" * 200_000, "over 128 KiB"), ("a\0b", "NUL")):
        with pytest.raises(RunnerError, match=why):
            await talk.ask(line, text)
    assert not any(isinstance(update, CommandBegan) for update in talk.reports.updates)


# --- going on


async def test_it_is_gone_on_with_by_its_own_name_for_the_session(talk: Talk):
    line = command(talk.folder, HELLO, say("text", "one"))
    line = type(line)(command=line.command, resume=(*line.command, "--resume", "{session}"), output=TABLE)
    await talk.ask(line, "first", instructions="Be brief.")
    again = command(talk.folder, do("echo"), arguments=["--resume", "{session}"])
    again = type(again)(command=line.command, resume=again.command, output=TABLE)
    told = await Talk(talk.folder).told(again, "second", history=talk.history, instructions="Be brief.")
    assert (told["arguments"], told["stdin"]) == (["--resume", "s-1"], "second")


async def test_what_it_does_not_remember_it_is_told(talk: Talk):
    await talk.ask(command(talk.folder, say("text", "it is red")), "which colour?")
    second = Talk(talk.folder)
    told = await second.told(command(talk.folder, do("echo")), "and now?", history=talk.history)
    assert "User: which colour?\n\nYou: it is red" in told["stdin"]
    assert told["stdin"].endswith("and now?")
    assert "[the program does not remember what was said before; it was told]" in second.replies


async def test_a_steer_is_its_next_prompt(talk: Talk):
    talk.reports.holding = anyio.Event()
    line = command(talk.folder, HELLO, tool(), do("echo"))
    answers: list[str] = []
    with anyio.fail_after(BOUND):
        async with talk.open(line) as conversation, anyio.create_task_group() as tasks:

            async def ask() -> None:
                answers.append(await conversation.prompt("go"))

            tasks.start_soon(ask)
            await talk.reports.held.wait()
            assert conversation.steer("s", "look in docs too")
            talk.reports.holding.set()
    assert json.loads(answers[0])["stdin"].endswith("look in docs too")
    assert [update.steer for update in talk.reports.updates if isinstance(update, SteerRead)] == ["s"]
    turns = [update.more for update in talk.reports.updates if isinstance(update, TurnDone)]
    assert turns[-1] is False
    assert turns.count(False) == 1


async def test_a_program_stands_still_while_its_run_rests(talk: Talk):
    talk.reports.holding = anyio.Event()
    with anyio.fail_after(BOUND):
        opened = talk.open(command(talk.folder, tool(), do("spin"), say("text", "There.")))
        async with opened as conversation, anyio.create_task_group() as tasks:
            tasks.start_soon(conversation.prompt, "go")
            await talk.reports.held.wait()
            (group,) = [each.group for each in talk.reports.updates if isinstance(each, CommandBegan)]
            stands_still = partial(_until_it_stands_still, group)
            await anyio.to_thread.run_sync(stands_still, abandon_on_cancel=True)
            (talk.folder / "enough").touch()
            talk.reports.holding.set()
    assert talk.replies == ["There."]


def _until_it_stands_still(pid: int) -> None:
    """Asks `ps`, which takes its time."""
    while not subprocess.check_output(["ps", "-o", "stat=", "-p", str(pid)]).startswith(b"T"):
        pass


async def test_a_program_that_has_finished_is_not_asked_to_finish(talk: Talk):
    talk.reports.holding = anyio.Event()
    with anyio.fail_after(BOUND):
        opened = talk.open(command(talk.folder, tool(), say("text", "There.")))
        async with opened as conversation, anyio.create_task_group() as tasks:
            tasks.start_soon(conversation.prompt, "go")
            await talk.reports.held.wait()
            assert conversation.steer("wrap-up", "finish now")
            talk.reports.holding.set()
    assert talk.replies == ["There."]
    assert "SteerRead" not in talk.reports.kinds()


async def test_its_messages_are_those_of_a_native_run_too(talk: Talk):
    await talk.ask(command(talk.folder, HELLO, say("text", "I look."), tool("a.py"), say("text", "There.")))
    kinds = [[part.part_kind for part in message.parts] for message in restored(talk.history)]
    assert kinds == [["user-prompt"], ["text", "tool-call"], ["tool-return"], ["text"]]


async def test_a_result_of_megabytes_is_kept_by_its_two_ends(talk: Talk):
    await talk.ask(command(talk.folder, tool("x" * 3_000_000), say("text", "There.")))
    (result,) = talk.results
    assert len(result.text) < 201_000
    assert "2,800,000 characters left out" in result.text


def test_the_request_to_finish_is_called_what_the_supervisor_calls_it():
    assert WRAP_UP == WRAP_UP_STEER


# --- tables


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("clod", "no table 'clod'"),
        ({}, "no `rules`"),
        ({"rules": []}, "no `rules`"),
        ({"rules": [{"session": "id"}]}, "no rule with `text` or `answer`"),
        ({"rules": [{"text": "said", "speed": "x"}]}, "speed"),
        ({"rules": [{"text": 1}]}, r"rules\[0\]\.text"),
        ({"format": "xml", "rules": [{"text": "x"}]}, "xml"),
        ({"rules": "text"}, "rules"),
        ({"rules": [{"text": "x"}] * 101}, "101 rules"),
    ],
)
async def test_a_table_that_cannot_be_used_is_said_before_anything_begins(
    talk: Talk, table: object, why: str
):
    with pytest.raises(RunnerError, match=why):
        await talk.ask(command(talk.folder, HELLO, output=table))
