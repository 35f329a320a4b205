"""Keys: the environment first, then what setup kept, and never an error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.settings.conftest import LIBRARY, Write

from subagents.errors import SettingsFileError
from subagents.settings.keyring import SystemKeyring
from subagents.settings.keys import opened


class Kept:
    """A keyring in memory, which remembers what it was asked."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def name(self) -> str:
        return "a test's keyring"

    def get(self, variable: str) -> str:
        self.asked.append(variable)
        return self.texts.get(variable, "")

    def put(self, variable: str, text: str) -> None:
        self.texts[variable] = text


def test_the_environment_goes_before_the_keyring(own: Write):
    own('keys_in_keyring = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GONE_API_KEY"]\n')
    keyring = Kept(OPENAI_API_KEY="kept", GEMINI_API_KEY="of somebody else's")

    found = opened({"ANTHROPIC_API_KEY": "exported", "OPENAI_API_KEY": " ", "HOME": "/srv"}, keyring)

    names = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GONE_API_KEY", "GEMINI_API_KEY", "HOME")
    assert {name: found.get(name) for name in names} == {
        "ANTHROPIC_API_KEY": "exported",
        "OPENAI_API_KEY": "kept",
        "GONE_API_KEY": None,
        "GEMINI_API_KEY": None,
        "HOME": "/srv",
    }
    assert keyring.asked == ["OPENAI_API_KEY", "GONE_API_KEY"]
    assert dict(found) == {"ANTHROPIC_API_KEY": "exported", "OPENAI_API_KEY": "kept", "HOME": "/srv"}


def test_an_address_of_one_s_own_stands_in_for_the_variable(own: Write):
    own('openai_base_url = "http://localhost:1234/v1"\n')
    assert opened({})["OPENAI_BASE_URL"] == "http://localhost:1234/v1"
    assert opened({"OPENAI_BASE_URL": "http://other.test"})["OPENAI_BASE_URL"] == "http://other.test"
    assert "ANTHROPIC_BASE_URL" not in opened({})


def test_a_project_can_name_neither(own: Write, shared: Write, monkeypatch: pytest.MonkeyPatch):
    path = shared('openai_base_url = "http://elsewhere.test"\nkeys_in_keyring = ["AWS_SECRET"]\n')
    monkeypatch.chdir(path.parents[1])
    keyring = Kept(AWS_SECRET="secret")
    assert (opened({}, keyring).get("OPENAI_BASE_URL"), opened({}, keyring).get("AWS_SECRET")) == (None, None)


def test_without_an_environment_it_is_this_process_s(own: Write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a key")
    assert (opened().get("ANTHROPIC_API_KEY"), opened().get("OPENAI_API_KEY")) == ("a key", None)


# --- the real thing, with a library that stands in for it


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "keyring.py").write_text(LIBRARY, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_the_system_s_keyring_keeps_any_text_by_name(library: Path):
    keyring = SystemKeyring()
    assert (keyring.name(), keyring.get("A_KEY")) == ("Folder", "")
    keyring.put("A_KEY", "schlüssel ✓ ")
    assert (keyring.get("A_KEY"), keyring.get("B_KEY")) == ("schlüssel ✓ ", "")
    assert (library / "subagents.A_KEY").exists()
    assert "keyring" not in sys.modules


def test_one_that_breaks_has_nothing_and_says_why(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BREAKS", "1")
    assert SystemKeyring().get("A_KEY") == ""
    with pytest.raises(SettingsFileError, match=r"The keyring did not take A_KEY: for good"):
        SystemKeyring().put("A_KEY", "x")


def test_a_library_that_does_not_even_load_is_no_error(library: Path, own: Write):
    (library / "keyring.py").write_text("raise ImportError('half installed')", encoding="utf-8")
    own('keys_in_keyring = ["OPENAI_API_KEY"]\n')
    assert SystemKeyring().name() == ""
    assert opened({}).get("OPENAI_API_KEY") is None
    with pytest.raises(SettingsFileError, match="ImportError: half installed"):
        SystemKeyring().put("OPENAI_API_KEY", "x")


def test_one_that_cannot_be_used_is_none(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRIORITY", "0")
    assert SystemKeyring().name() == ""


def test_a_keyring_in_the_working_folder_is_not_the_library(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trap = tmp_path / "shop"
    trap.mkdir()
    (trap / "keyring.py").write_text("import pathlib; pathlib.Path(__file__).unlink()", encoding="utf-8")
    monkeypatch.chdir(trap)
    SystemKeyring().put("A_KEY", "x")
    assert SystemKeyring().get("A_KEY") == "x"
    assert (trap / "keyring.py").exists()
