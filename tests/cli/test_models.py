"""`subagents models`: what opens each provider, what it has, and what answers when nothing is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subagents.cli.app import commands
from subagents.cli.models import lines
from subagents.models.known import Known
from subagents.models.names import Named
from subagents.models.providers import OLLAMA
from subagents.models.shelves import Shelf, Shelves


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".subagents").mkdir()
    return tmp_path


def called(*arguments: str) -> str:
    done = CliRunner().invoke(commands, ["models", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_without_any_key_it_says_what_to_set():
    assert called() == (
        "Anthropic: closed; set ANTHROPIC_API_KEY for anthropic:claude-sonnet-5-5 and others\n"
        "OpenAI: closed; set OPENAI_API_KEY or OPENAI_BASE_URL for openai:gpt-6.1-sol and others\n"
        "Google: closed; set GEMINI_API_KEY or GOOGLE_API_KEY for google:gemini-3.8-flash and others\n"
        "Ollama: http://127.0.0.1:1: nothing answers\n"
        "\n"
        "When nothing is said, offline (no language model) answers. Set one of ANTHROPIC_API_KEY, OPENAI_API_KEY, "
        "OPENAI_BASE_URL, GEMINI_API_KEY, GOOGLE_API_KEY, or start Ollama.\n"
    )


def test_with_a_key_it_lists_the_newest_with_their_prices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a")
    lines = called().splitlines()
    assert lines[0] == "Anthropic: ANTHROPIC_API_KEY is set"
    assert lines[1].split() == ["*", "anthropic:claude-sonnet-5-5", "1M", "$2", "in,", "$10", "out"]
    assert lines[2].split()[0].startswith("anthropic:claude-")
    assert lines[9].startswith("    and ")
    assert lines[-1] == "When nothing is said, anthropic:claude-sonnet-5-5 answers."
    every = called("--provider", "Anthropic").splitlines()
    assert len(every) > len(lines)
    assert not any(line.startswith(("OpenAI", "    and ")) for line in every)


def test_what_is_secret_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:secret@127.0.0.1:1/v1?key=secret")
    assert "OpenAI: http://127.0.0.1:1/v1: it does not say which models it has\n" in called()
    assert "secret" not in called() + called("--json")


@pytest.mark.parametrize(
    ("variable", "text"),
    [("OPENAI_BASE_URL", "http://[::1"), ("OLLAMA_HOST", "box:port"), ("OPENAI_API_KEY", "é")],
)
def test_a_variable_that_cannot_be_used_is_said_where_its_provider_stands(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
):
    monkeypatch.setenv(variable, text)
    label = "Ollama" if variable == "OLLAMA_HOST" else "OpenAI"
    line = next(line for line in called().splitlines() if line.startswith(f"{label}: "))
    assert f"in {variable} " in line
    shelf = next(
        each
        for each in json.loads(called("--json"))["providers"]
        if each["problem"] and variable in each["problem"]
    )
    assert (shelf["open"], shelf["server"]) == (False, None)


def test_a_restriction_that_names_no_model_is_said(project: Path):
    (project / ".subagents" / "settings.toml").write_text('scope_models = true\nenabled_models = ["opus"]\n')
    assert "The setting enabled_models restricts nothing" in called()


def test_for_programs_it_is_one_object(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "o")
    found: dict[str, Any] = json.loads(called("--json"))
    assert found["answers"] == "openai:gpt-6.1-sol"
    assert found["problem"] is None
    anthropic, openai, _google, ollama = found["providers"]
    assert (anthropic["open"], anthropic["opened_by"], anthropic["default"]) == (
        False,
        None,
        "claude-sonnet-5-5",
    )
    assert (openai["open"], openai["opened_by"]) == (True, "OPENAI_API_KEY")
    assert openai["models"][0].keys() == {"name", "id", "label", "window", "input_price", "output_price"}
    assert (ollama["open"], ollama["problem"], ollama["models"]) == (False, "nothing answers", [])


def test_a_server_of_ones_own_that_says_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    out = called("--provider", "openai")
    assert out.startswith("OpenAI: http://127.0.0.1:1/v1: it does not say which models it has\n")
    assert out.endswith(
        "http://127.0.0.1:1/v1 does not say which models it has, so openai:gpt-6.1-sol is asked for; name another "
        "with the setting `model`.\nWhen nothing is said, openai:gpt-6.1-sol answers.\n"
    )


def test_a_local_server_has_what_it_has():
    found = [Known(Named("ollama", id)) for id in ("qwen3:8b", "llama3.2:latest")]
    ollama = Shelf(OLLAMA, True, "", "http://127.0.0.1:11434", "llama3.2:latest", found)
    assert "\n".join(lines(Shelves([ollama], "ollama:qwen3:8b", (), "", ()), few=True)) == (
        "Ollama: http://127.0.0.1:11434 has 2 models\n"
        "  * ollama:llama3.2:latest\n"
        "    ollama:qwen3:8b\n"
        "\n"
        "When nothing is said, ollama:qwen3:8b answers."
    )


def test_a_setting_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUBAGENTS_MODEL", "opus")
    why = "The model 'opus' needs a key: set ANTHROPIC_API_KEY."
    problem = f"The setting `model` is 'opus', which cannot be used. {why}"
    assert called().endswith(f"\n{problem}\n")
    assert json.loads(called("--json"))["problem"] == problem


def test_the_scope_is_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a")
    monkeypatch.setenv("SUBAGENTS_SCOPE_MODELS", "yes")
    assert "may choose" not in called()
    monkeypatch.setenv("SUBAGENTS_ENABLED_MODELS", "anthropic/claude-opus-5-5, opus")
    assert called().endswith("\nA model that starts agents may choose: anthropic/claude-opus-5-5.\n")


def test_a_provider_that_there_is_not():
    done = CliRunner().invoke(commands, ["models", "--provider", "acme"])
    assert done.exit_code == 2
    assert "There is no provider 'acme'; name one of anthropic, openai, google, ollama." in done.output
