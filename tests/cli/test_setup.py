"""`subagents setup`: what is asked, what is kept, and where no key ever goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.doors.program import SOURCE, Program, Terminal
from tests.settings.conftest import LIBRARY

from subagents.cli.asking import Check, anything
from subagents.cli.setup import set_up
from subagents.errors import SettingsFileError
from subagents.settings.files import user_file

OPENAI, GOOGLE, SERVER, OLLAMA, OFFLINE = (
    "OpenAI",
    "Google",
    "Another server",
    "Ollama",
    "None: the offline model",
)
NOWHERE = "http://127.0.0.1:9/v1"  # the port of the discard protocol, where nobody listens


@dataclass
class Person:
    """Somebody who answers: a choice by its beginning, a line, "" for what is offered. What was "
    "said is kept."""

    answers: list[str]
    heard: list[str] = field(default_factory=list)

    def one_of(self, question: str, choices: Sequence[str], preferred: int = 0) -> int:
        self.heard.append(question)
        wanted = self.answers.pop(0)
        return next(n for n, text in enumerate(choices) if text.startswith(wanted)) if wanted else preferred

    def line(self, question: str, preferred: str = "", check: Check = anything) -> str:
        self.heard.append(f"{question} [{preferred}]")
        while why := check(answer := self.answers.pop(0) or preferred):
            self.heard.append(why)
        return answer

    def secret(self, question: str) -> str:
        self.heard.append(f"{question} (not shown)")
        return self.answers.pop(0)

    def tell(self, text: str) -> None:
        self.heard.append(text)


class Kept:
    """A keyring in memory."""

    def __init__(self, *, called: str = "a test's keyring", trouble: str = "", forgets: bool = False) -> None:
        self.texts: dict[str, str] = {}
        self._called, self._trouble, self._forgets = called, trouble, forgets

    def name(self) -> str:
        return self._called

    def get(self, variable: str) -> str:
        return "" if self._forgets else self.texts.get(variable, "")

    def put(self, variable: str, text: str) -> None:
        if self._trouble:
            raise SettingsFileError(self._trouble)
        self.texts[variable] = text


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def talk(
    *answers: str, keyring: Kept | None = None, ollama: str = "127.0.0.1:9", **environ: str
) -> list[str]:
    """What was said to somebody who gives these answers."""
    person = Person(list(answers))
    set_up(person, keyring or Kept(called=""), {"OLLAMA_HOST": ollama, **environ})
    assert person.answers == []
    return [text.replace(str(user_file().parent), "/srv/home") for text in person.heard]


def kept() -> str:
    return user_file().read_text(encoding="utf-8")


def test_a_key_in_the_environment_is_used_and_not_kept():
    said = talk("", "", ANTHROPIC_API_KEY="sk-secret")
    assert said == snapshot(
        [
            "Which model is to answer?",
            "ANTHROPIC_API_KEY is set in the environment; that key is used.",
            "Model [claude-sonnet-5-5]",
            "",
            "anthropic:claude-sonnet-5-5 answers from now on; this is in /srv/home/settings.toml",
            "Try it:",
            '  subagents run "what is in this folder?"',
        ]
    )
    assert kept() == snapshot('model = "anthropic:claude-sonnet-5-5"\n')


def test_who_has_a_key_in_the_environment_is_offered_its_provider():
    talk("", "", OPENAI_API_KEY="sk-secret")
    assert kept().startswith('model = "openai:')


def test_a_key_goes_into_the_keyring_and_into_no_file():
    keyring = Kept()
    said = talk("Anthropic", "sk-secret", "claude-x", keyring=keyring)
    assert said == snapshot(
        [
            "Which model is to answer?",
            "The key goes into a test's keyring; it is not shown while you type. Enter leaves it out.",
            "Key (not shown)",
            "Model [claude-sonnet-5-5]",
            "",
            "anthropic:claude-x answers from now on; this is in /srv/home/settings.toml",
            "Try it:",
            '  subagents run "what is in this folder?"',
        ]
    )
    assert keyring.texts == {"ANTHROPIC_API_KEY": "sk-secret"}
    assert kept() == snapshot("""\
model = "anthropic:claude-x"
keys_in_keyring = ["ANTHROPIC_API_KEY"]
""")

    again = talk("Anthropic", "", "", keyring=keyring)
    assert (
        "The key goes into a test's keyring; it is not shown while you type. Enter keeps the one that is there."
        in again
    )
    assert 'keys_in_keyring = ["ANTHROPIC_API_KEY"]' in kept()


@pytest.mark.parametrize(
    ("keyring", "answers"),
    [
        (Kept(called=""), ()),
        (Kept(), ("",)),
        (Kept(trouble="The keyring did not take it: locked"), ("sk-secret",)),
        (Kept(forgets=True), ("sk-secret",)),
    ],
    ids=["there is none", "nothing was typed", "it refuses", "it forgets"],
)
def test_without_a_keyring_one_is_told_what_to_export(keyring: Kept, answers: tuple[str, ...]):
    said = talk(OPENAI, *answers, "gpt-x", keyring=keyring)
    assert said[-3:] == [
        "Now, and in your shell's profile:",
        "  export OPENAI_API_KEY=…",
        '  subagents run "what is in this folder?"',
    ]
    assert kept() == 'model = "openai:gpt-x"\n'


def test_a_server_of_one_s_own_needs_an_address_and_perhaps_a_key():
    keyring = Kept()
    said = talk(SERVER, "localhost:1", f"{NOWHERE}/", "", "two words", "my/model", keyring=keyring)
    assert said == snapshot(
        [
            "Which model is to answer?",
            "Its address [http://localhost:8000/v1]",
            "An address begins with http:// or https://, for example http://localhost:8000/v1.",
            "The key goes into a test's keyring; it is not shown while you type. Enter if it needs none.",
            "Key (not shown)",
            "Nothing answers there at the moment.",
            "Model []",
            "Give the model's name as its server has it, without blanks.",
            "",
            "openai:my/model answers from now on; this is in /srv/home/settings.toml",
            "Try it:",
            '  subagents run "what is in this folder?"',
        ]
    )
    assert kept() == snapshot("""\
model = "openai:my/model"
openai_base_url = "http://127.0.0.1:9/v1"
""")
    assert keyring.texts == {}


def test_openai_s_own_server_takes_the_address_out_again():
    talk(SERVER, NOWHERE, "my/model")
    talk(OPENAI, "gpt-x", OPENAI_API_KEY="sk-secret")
    assert kept() == 'model = "openai:gpt-x"\n'


@pytest.mark.parametrize("answers", [(SERVER, NOWHERE, "my/model"), (OLLAMA, "qwen3:8b"), (OPENAI, "gpt-x")])
def test_what_was_decided_is_what_is_offered_next_time(answers: tuple[str, ...]):
    talk(*answers)
    before = kept()
    talk(*["" for _ in answers], ANTHROPIC_API_KEY="sk-secret")
    assert kept() == before


def test_an_address_in_the_environment_is_offered_and_not_written():
    talk("", "", "my/model", OPENAI_BASE_URL=f"{NOWHERE}/")
    assert kept() == 'model = "openai:my/model"\n'


def test_one_is_told_what_goes_before_it(shop: Path):
    (shop / ".subagents").mkdir()
    (shop / ".subagents/settings.toml").write_text('model = "openai:gpt-y"\n', encoding="utf-8")
    said = talk(SERVER, NOWHERE, "my/model", OPENAI_BASE_URL="http://127.0.0.1:10")
    assert [text for text in said if text.startswith("But")] == [
        f"But here {shop}/.subagents/settings.toml goes before it, with 'openai:gpt-y'.",
        "But OPENAI_BASE_URL is set to http://127.0.0.1:10 and goes before it; unset it.",
    ]


def test_ollama_and_the_offline_model_need_no_key():
    talk(OLLAMA, "qwen3:8b")
    assert kept() == 'model = "ollama:qwen3:8b"\n'
    talk(OFFLINE)
    assert kept() == 'model = "offline"\n'


# --- a server that says what it has


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        keyed = self.headers.get("Authorization") == "Bearer sk-secret"
        answers = {
            "/v1/models": {"data": [{"id": "my/model"}, {"id": "x\x1b[2J"}]} if keyed else {"data": []}
        }
        answers["/api/tags"] = {"models": [{"name": f"m{n}:8b"} for n in range(15)]}
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


def test_the_models_of_a_server_are_told_and_the_first_is_offered(server: str):
    said = talk(SERVER, f"{server}/v1", "sk-secret", "", keyring=Kept())
    assert "It has my/model, x [2J." in said
    assert 'model = "openai:my/model"' in kept()


def test_and_those_of_ollama(server: str):
    said = talk(OLLAMA, "", ollama=server)
    assert any(text.endswith("m11:8b and 3 more.") for text in said)
    assert kept() == 'model = "ollama:m0:8b"\n'


# --- at a terminal


Sit = Callable[..., Terminal]


@pytest.fixture
def sit(shop: Path) -> Iterator[Sit]:
    started: list[Terminal] = []

    def begin(**environment: str) -> Terminal:
        started.append(Terminal(("setup",), shop, **environment))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.clean_up()


def test_it_is_asked_in_plain_lines_that_fit(sit: Sit):
    terminal = sit(NO_COLOR="1")
    terminal.shows("Number [1]: ")
    terminal.types("nine\n")
    terminal.shows("Type a number from 1 to 6.\r\nNumber [1]: ")
    terminal.types("2\n")
    terminal.shows("Model [")
    terminal.types("gpt-x\n")
    assert terminal.ends() == 0
    assert "\x1b" not in terminal.seen
    assert [line for line in terminal.seen.replace("\r", "").splitlines() if len(line) > 80] == []
    assert kept() == 'model = "openai:gpt-x"\n'


def test_a_key_is_not_shown_while_it_is_typed(sit: Sit, shop: Path):
    # A library in the place of the real one, which keeps texts in files beside it.
    (shop / "library").mkdir()
    (shop / "library/keyring.py").write_text(LIBRARY, encoding="utf-8")
    terminal = sit(PYTHONPATH=f"{SOURCE}:{shop}/library")
    terminal.shows("Number [1]: ")
    terminal.types("1\n")
    terminal.shows("Key: ")
    terminal.types("sk-secret\n")
    terminal.shows("Model [")
    terminal.types("\n")
    assert terminal.ends() == 0
    assert "sk-secret" not in terminal.seen
    assert (shop / "library/subagents.ANTHROPIC_API_KEY").read_text(encoding="utf-8") == "sk-secret"
    assert 'keys_in_keyring = ["ANTHROPIC_API_KEY"]' in kept()


@pytest.mark.parametrize("key", ["\x04", "\x03"], ids=["end of file", "Ctrl-C"])
def test_who_leaves_has_changed_nothing(sit: Sit, key: str):
    terminal = sit()
    terminal.shows("Number [1]: ")
    terminal.types("2\n")
    terminal.shows("Model [")
    terminal.insists(key, "Aborted")
    assert terminal.ends() == 1
    assert "bug" not in terminal.seen
    assert not user_file().exists()


def test_without_a_terminal_it_says_what_to_set(shop: Path):
    program = Program(("setup",), shop)
    done = program.ends()
    program.clean_up()
    assert (done.code, done.out) == (2, "")
    assert done.err == snapshot(
        "Error: setup asks questions, and nobody is at a terminal to answer them. Set one of "
        "ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, GOOGLE_API_KEY (and OPENAI_BASE_URL for a "
        "server of your own), and name a model: subagents settings set model provider:id --user.\n"
    )
    assert not user_file().exists()
