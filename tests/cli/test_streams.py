"""What is written to standard output: in characters that it has, and nothing that a terminal acts upon."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from subagents.cli.streams import answer, draw, json_for, tell

TEXT = json.dumps({"text": 'grüße 🎉 \\ "'}, ensure_ascii=False)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-16"])
def test_json_is_escaped_where_the_output_is_not_utf_8(encoding: str):
    written = json_for(io.TextIOWrapper(io.BytesIO(), encoding=encoding), TEXT)
    assert written.isascii()
    assert json.loads(written) == json.loads(TEXT)


NAME = "bad\x1b]0;pwned\x07\x9b2J\u202e\u2066\n::error::x\r.md"


@pytest.mark.parametrize("write", [tell, draw])
def test_a_line_is_one_line_and_steers_no_terminal_also_in_a_pipe(
    write: Callable[[list[str]], None], capsys: pytest.CaptureFixture[str]
):
    write([NAME, "\x1b[31mred\x1b[0m", "grüße 🎉"])

    assert capsys.readouterr().out == (
        r"bad\x1b]0;pwned\x07\x9b2J\u202e\u2066\n::error::x\r.md" + "\nred\ngrüße 🎉\n"
    )


def test_an_agents_words_stay_as_they_are_in_a_pipe(capsys: pytest.CaptureFixture[str]):
    answer(NAME)

    assert capsys.readouterr().out == f"{NAME}\n"


def test_json_holds_nothing_that_a_terminal_acts_upon_and_says_the_same():
    text = json.dumps({NAME: "grüße \x7f"}, ensure_ascii=False, indent=2)
    written = json_for(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), text)
    assert written.replace("\n", "").isprintable()
    assert "grüße" in written
    assert json.loads(written) == json.loads(text)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf_8"])
def test_json_is_left_as_it_is_where_it_is(encoding: str):
    assert json_for(io.TextIOWrapper(io.BytesIO(), encoding=encoding), TEXT) == TEXT
