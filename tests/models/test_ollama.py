"""Servers of one's own: Ollama and compatible ones, asked over a loopback server that plays them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.models import ollama
from subagents.models.served import FRESH, MOST_BYTES, Served, asked, is_near
from subagents.testing.clock import FakeClock

TAGS = {
    "models": [
        {"name": "qwen3:8b", "details": {"family": "qwen3"}},
        {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
        {"name": "mxbai-embed-large:latest"},
        {"name": "llama3.2:latest", "details": None},
        {"name": ""},
        "nonsense",
    ]
}
BOUND = 30.0  # seconds; never reached by a server that answers


def patient(clock: FakeClock | None = None) -> Served:
    return Served(clock or FakeClock(), near=BOUND, far=BOUND)


class Playing:
    """What the server answers, by path, and what it was asked."""

    def __init__(self, answers: dict[str, bytes], hangs: threading.Event) -> None:
        self.answers = answers
        self.hangs = hangs
        self.asked: list[tuple[str, str]] = []
        self.port = 0


@contextmanager
def playing(answers: dict[str, object]) -> Iterator[Playing]:
    texts = {
        path: each if isinstance(each, bytes) else json.dumps(each).encode() for path, each in answers.items()
    }
    play = Playing(texts, threading.Event())

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            play.asked.append((self.path, self.headers.get("Authorization", "")))
            body = play.answers.get(self.path)
            if body == b"hang":
                play.hangs.wait(BOUND)
                return
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"nothing here")

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    play.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield play
    finally:
        play.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join(BOUND)


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": "box:9000"}, "http://box:9000"),
        ({"OLLAMA_BASE_URL": "https://box/v1"}, "https://box:443"),
        ({"OLLAMA_BASE_URL": "http://a:1/v1", "OLLAMA_HOST": "b:2"}, "http://a:1"),
        ({"OLLAMA_HOST": "box:port"}, ""),
        ({"OLLAMA_HOST": "http://[bad"}, ""),
    ],
)
def test_where_it_is(environ: dict[str, str], address: str):
    assert ollama.address(environ) == address


def test_models_for_embeddings_answer_nobody():
    assert ollama.models_in(TAGS) == ("qwen3:8b", "llama3.2:latest")


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_any_answer_is_a_list_of_models(answer: object):
    for each in (
        answer,
        {"models": answer},
        {"models": [answer]},
        {"models": [{"name": answer, "details": answer}]},
    ):
        assert all(isinstance(name, str) for name in ollama.models_in(each))


def test_a_name_without_a_tag_means_the_latest():
    models = ("llama3.2:latest", "qwen3:8b")
    assert ollama.tagged("Llama3.2", models) == "llama3.2:latest"
    assert ollama.tagged("qwen3:8b", models) == "qwen3:8b"
    assert ollama.tagged("qwen3", models) == ""


async def test_ollama_is_asked_once_in_a_while():
    clock = FakeClock()
    with playing({"/api/tags": TAGS}) as play:
        served, environ = patient(clock), {"OLLAMA_HOST": f"127.0.0.1:{play.port}"}
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(served.ollama, environ)
        assert await served.ollama(environ) == ("qwen3:8b", "llama3.2:latest")
        assert len(play.asked) == 1
        await clock.advance(FRESH)
        await served.ollama(environ)
        assert play.asked == [("/api/tags", "")] * 2


async def test_a_server_that_is_not_there_or_talks_nonsense_has_no_models():
    with playing({"/api/tags": b"<html>", "/v1/models": b"[" * 100_000}) as play:
        served = patient()
        host = f"127.0.0.1:{play.port}"
        assert await served.ollama({"OLLAMA_HOST": host}) is None
        assert await served.compatible({"OPENAI_BASE_URL": f"http://{host}/v1"}) is None
        assert await served.compatible({"OPENAI_BASE_URL": f"http://{host}/other"}) is None
        assert await served.compatible({"OPENAI_BASE_URL": "no address"}) is None
    assert await served.compatible({}) is None
    assert await patient().ollama({"OLLAMA_HOST": host}) is None
    assert await patient().ollama({"OLLAMA_HOST": "127.0.0.1:1"}) is None
    assert await patient().ollama({"OLLAMA_HOST": "a:b"}) is None


async def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_the_bound():
    with playing({"/api/tags": b"hang"}) as play, anyio.fail_after(BOUND):
        assert await asked(f"http://127.0.0.1:{play.port}/api/tags", "", 0.05) is None


async def test_an_answer_without_end_is_given_up():
    with playing({"/api/tags": b" " * (MOST_BYTES + 1) + b"{}"}) as play:
        assert await asked(f"http://127.0.0.1:{play.port}/api/tags", "", BOUND) is None


async def test_a_compatible_server_is_asked_with_its_key():
    listed = {"object": "list", "data": [{"id": "mine"}, {"id": 3}, {}, {"id": "meta/other"}]}
    with playing({"/v1/models": listed}) as play:
        environ = {"OPENAI_BASE_URL": f"http://127.0.0.1:{play.port}/v1/", "OPENAI_API_KEY": "o"}
        assert await patient().compatible(environ) == ("mine", "meta/other")
        assert play.asked == [("/v1/models", "Bearer o")]


def test_what_is_on_this_machine():
    near = ("http://127.0.0.1:1", "http://localhost/x", "http://[::1]:2")
    assert [is_near(url) for url in (*near, "https://example.org", "http://10.0.0.1", "")] == [True] * 3 + [
        False
    ] * 3
