"""What the values of options mean."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from subagents.cli.options import MOST_SCHEMA, schema_of, seconds_of
from subagents.cli.run import agent_and_prompt
from subagents.errors import InvalidSchema, UnknownAgent
from subagents.runs.output_schema import parse_schema


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("0.5s", 0.5),
        ("2H", 7200),
        ("1.5m", 90),
    ],
)
def test_times(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "soon", "5x", "-5", "5m-", "m", "1e3", "inf", "nan", "٥m", "9" * 400]
)
def test_what_is_no_time(text: str):
    with pytest.raises(typer.BadParameter, match="not a time above 0"):
        seconds_of(text)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_none(text: str):
    try:
        seconds = seconds_of(text)
    except typer.BadParameter:
        return
    assert 0 < seconds < float("inf")


def test_a_schema_is_json_or_a_file(tmp_path: Path):
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    assert schema_of(str(tmp_path / "schema.json")) == '{"type": "object"}'
    assert schema_of(' {"type": "array"}') == ' {"type": "array"}'
    with pytest.raises(typer.BadParameter, match="neither JSON nor a file that can be read: No such file"):
        schema_of("nowhere.json")
    with pytest.raises(typer.BadParameter, match="not a regular file"):
        schema_of(str(tmp_path))
    with pytest.raises(InvalidSchema, match="it must be an object"):
        parse_schema(schema_of("true"))


@pytest.mark.parametrize(
    ("words", "agent", "prompt"),
    [
        (["explore", "where?"], "Explore", "where?"),
        (["Explore", "where", "are", "they?"], "Explore", "where are they?"),
        (["where are retries handled?"], "Explore", "where are retries handled?"),
        (["where are retries", "handled?"], "Explore", "where are retries handled?"),
        (["-"], "Explore", "-"),
        (["Plan", "-"], "Plan", "-"),
    ],
)
def test_the_first_word_is_the_agent_unless_it_is_the_prompt(
    words: list[str], agent: str, prompt: str, tmp_path: Path
):
    assert agent_and_prompt(words, tmp_path, "") == (agent, prompt)


def test_with_a_model_the_general_agent_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert agent_and_prompt(["do it now"], tmp_path, "openai:gpt-9")[0] == "general-purpose"
    assert agent_and_prompt(["do it now"], tmp_path, "offline")[0] == "Explore"
    monkeypatch.setenv("SUBAGENTS_MODEL", "openai:gpt-9")
    assert agent_and_prompt(["do it now"], tmp_path, "")[0] == "general-purpose"


def test_a_word_that_is_no_agent_is_not_taken_for_a_prompt(tmp_path: Path):
    with pytest.raises(UnknownAgent, match="Did you mean Explore"):
        agent_and_prompt(["Exlpore", "where?"], tmp_path, "")
    with pytest.raises(typer.BadParameter, match="What is Explore to do"):
        agent_and_prompt(["Explore"], tmp_path, "")


def test_a_schema_is_read_from_a_regular_file_within_a_bound(tmp_path: Path):
    (tmp_path / "long.json").write_bytes(b" " * (MOST_SCHEMA + 1))
    with pytest.raises(typer.BadParameter, match="longer than 1,000,000 bytes"):
        schema_of(str(tmp_path / "long.json"))
    with pytest.raises(typer.BadParameter, match="not a regular file"):
        schema_of("/dev/zero")
