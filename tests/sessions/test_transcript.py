"""The lines of a run: whole, numbered the same for everybody, and harmless to a terminal."""

from __future__ import annotations

import json
import stat
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.errors import RunNotFound
from subagents.ids import RunId
from subagents.sessions.messages import MessageKind, NewMessage
from subagents.sessions.store import MemoryStore, Write
from subagents.sessions.transcript import call_line, export_jsonl, reply_lines, result_lines
from subagents.testing.facts import RUN, spawned, state_after
from subagents.testing.store_contract import Writing


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("one", ("one",)),
        ("one\n", ("one",)),
        ("one\n\n", ("one", "")),
        ("\none\r\n\r\ntwo", ("", "one", "", "two")),
        ("\n", ("",)),
        ("a\tb  ", ("a\tb  ",)),
    ],
)
def test_a_reply_is_split_at_its_line_breaks_and_nowhere_else(text: str, lines: tuple[str, ...]):
    assert reply_lines(text) == lines


def test_what_other_programs_take_for_a_line_break_is_spelled_out():
    assert reply_lines("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\rh") == (
        r"a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\rh",
    )


def test_nothing_reaches_a_terminal_that_it_would_act_on():
    assert reply_lines("\x1b[2J\x1b]0;title\x07 \x00 \x7f \x9b31m") == (
        r"\x1b[2J\x1b]0;title\x07 \x00 \x7f \x9b31m",
    )
    assert reply_lines("evil\u202etxt.exe \u2066x\u2069") == (r"evil\u202etxt.exe \u2066x\u2069",)
    assert reply_lines("caf\udce9") == (r"caf\udce9",)


def test_colours_go_and_words_stay():
    assert reply_lines("\x1b[1;31mFAILED\x1b[0m tests/x.py") == ("FAILED tests/x.py",)


@given(st.text())
def test_no_line_can_be_split_further_or_steer_a_terminal(text: str):
    for line in (*reply_lines(text), *result_lines(text), call_line("bash", text)):
        assert line.splitlines() in ([line], [])
        assert all(character == "\t" or unicodedata.category(character) != "Cc" for character in line)
        line.encode("utf-8")


@given(st.text(st.characters(blacklist_categories=["C", "Z"], whitelist_characters=" \n")))
def test_plain_text_comes_back_whole(text: str):
    assert "\n".join(reply_lines(text)) == text.removesuffix("\n")


@pytest.mark.parametrize(
    ("tool", "arguments", "line"),
    [
        ("bash", '{"command": "make test", "timeout": 60}', "▸ bash make test"),
        ("bash", '{"timeout": 60, "command": "cd x &&\\n  make"}', "▸ bash cd x && make"),
        ("read", '{"path": "src/a.py", "offset": 1}', "▸ read src/a.py"),
        ("grep", '{"path": "src", "pattern": "retry"}', "▸ grep retry"),
        ("Agent", '{"description": "look", "prompt": "where are retries?"}', "▸ Agent where are retries?"),
        ("edit", '{"old": "", "new": "x"}', "▸ edit x"),
        ("count", '{"n": 3}', "▸ count"),
        ("ask", "{}", "▸ ask"),
        ("odd", "not JSON", "▸ odd not JSON"),
        ("odd", '["a"]', '▸ odd ["a"]'),
        ("bash", r'{"command": "printf \u001b[2J"}', r"▸ bash printf \x1b[2J"),
        ("bash", '{"command": "caf\udce9"}', r'▸ bash {"command": "caf\udce9"}'),
    ],
)
def test_a_call_is_one_line_with_what_says_most(tool: str, arguments: str, line: str):
    assert call_line(tool, arguments) == line


def test_a_long_call_is_cut():
    line = call_line("bash", json.dumps({"command": "echo " + "x" * 5_000}))
    assert (len(line), line[:14], line[-2:]) == (200, "▸ bash echo xx", "x…")


def test_a_short_result_is_whole():
    text = "\n".join(f"line {number}" for number in range(200))
    assert result_lines(text) == tuple(text.split("\n"))


def test_from_a_long_result_the_middle_is_left_out_and_said():
    lines = result_lines("".join(f"line {number}\n" for number in range(5_000)))
    assert len(lines) == 200
    assert lines[:2] == ("line 0", "line 1")
    assert lines[99:102] == ("line 99", "… 4,801 lines left out …", "line 4901")
    assert lines[-1] == "line 4999"


def test_from_a_long_line_the_end_is_left_out_and_said():
    (line,) = result_lines("x" * 10_000)
    assert len(line) == 2_000
    assert line.endswith("x… (8,000 more characters)")
    (exact,) = result_lines("x" * 2_000)
    assert exact == "x" * 2_000


@given(st.text(), st.integers(1, 20))
def test_a_result_never_takes_more_lines_than_it_may(text: str, most: int):
    lines = result_lines(text, most)
    assert len(lines) <= most
    assert all(len(line) <= 2_000 for line in lines)


# --- for people and other tools


def store_with(*messages: bytes) -> MemoryStore:
    store = MemoryStore()
    for number, message in enumerate(messages):
        kind = MessageKind.PART if number % 2 else MessageKind.REPLY
        Writing(store).keep(Write(run=RUN, episode=1 + number // 2, messages=(NewMessage(kind, message),)))
    return store


def test_a_transcript_has_one_message_a_line(tmp_path: Path):
    path = tmp_path / "transcripts" / f"{RUN}.jsonl"
    store = store_with(b'{"text": "a\\nb"}', b'{\n  "result": [1,\n 2]\n}', b'"ok"')
    export_jsonl(store, state_after(spawned()), RUN, path)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows == [
        {"run": RUN, "episode": 1, "n": 1, "kind": "reply", "message": {"text": "a\nb"}},
        {"run": RUN, "episode": 1, "n": 2, "kind": "part", "message": {"result": [1, 2]}},
        {"run": RUN, "episode": 2, "n": 3, "kind": "reply", "message": "ok"},
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_transcript_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "t.jsonl"
    path.write_text("older and longer than what follows " * 100)
    export_jsonl(store_with(b"1"), state_after(spawned()), RUN, path)
    assert len(path.read_text().splitlines()) == 1


def test_where_it_cannot_be_written_everything_stays_as_it_was(tmp_path: Path):
    path = tmp_path / "t.jsonl"
    path.mkdir()
    with pytest.raises(OSError, match=r"t\.jsonl"):
        export_jsonl(store_with(b"1"), state_after(spawned()), RUN, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_run_that_is_not_there_has_no_transcript(tmp_path: Path):
    with pytest.raises(RunNotFound):
        export_jsonl(MemoryStore(), state_after(spawned()), RunId("nope"), tmp_path / "t.jsonl")
    assert list(tmp_path.iterdir()) == []
