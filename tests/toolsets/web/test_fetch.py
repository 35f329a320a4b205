"""Getting pages: what a model reads of them, where they send it, and where it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.settings.model import Settings
from subagents.toolsets.coding.failures import ToolFailed
from subagents.toolsets.web import getting
from subagents.toolsets.web.fetch import fetched, read, text_of

pytestmark = pytest.mark.anyio

PAGE = """<!doctype html><html><head><title>A  page</title><style>p {}</style></head><body>
<h1>Heading</h1><p>Some <b>bold</b> text with <a href="/more?a=1">a link</a>.<script>alert(1)</script>
<ul><li>one<li>two</ul><table><tr><th>a<th>b<tr><td>1<td>2</table><pre>  kept
   as it is</pre><p>last"""


#: Pages of about a megabyte in which nothing ends, or everything does.
HOSTILE = {
    name: "<p>before</p>" + text
    for name, text in {
        "comments": "<!--" * 240_000,
        "openings": "<" * 980_000,
        "quotes": '<a href="' * 100_000,
        "sections": "<![" * 320_000,
        "scripts": "<script>" * 120_000,
        "attributes": "<a " + "x " * 490_000,
        "references": f"&#{'9' * 900_000};",
        "links": "<a href=x>" * 60_000 + "x" + "</a>" * 60_000,
        "cells": "<td> " * 190_000,
        "depth": "<div>" * 190_000,
    }.items()
}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name, _, rest = self.path.strip("/").partition("/")
        getattr(self, f"send_{name}")(rest)

    def answer(self, body: str | bytes, kind: str = "text/plain", status: int = 200, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def send_page(self, _: str) -> None:
        self.answer(PAGE, "text/html; charset=utf-8")

    def send_seen(self, _: str) -> None:
        self.answer(f"{self.headers['Host']} {self.headers['User-Agent']}")

    def send_latin(self, _: str) -> None:
        self.answer("größer".encode("latin-1"), "text/plain; charset=latin-1")

    def send_long(self, length: str) -> None:
        self.answer("".join(f"{n:09}\n" for n in range(int(length) // 10)))

    def send_picture(self, _: str) -> None:
        self.answer(b"\x89PNG\0\0", "image/png")

    def send_missing(self, _: str) -> None:
        self.answer("<html><body>not here", "text/html", 404)

    def send_to(self, where: str) -> None:
        self.answer("", status=302, Location=where or "/page")

    def send_round(self, _: str) -> None:
        self.answer("", status=302, Location="/round")

    def send_in(self, charset: str) -> None:
        self.answer(b"gr\xc3\xb6\xc3\x9fer-abc", f"text/plain; charset={unquote(charset)}")

    def send_hostile(self, name: str) -> None:
        self.answer(HOSTILE[name], "text/html")

    def send_never(self, _: str) -> None:
        self.server.asked.set()  # type: ignore[attr-defined]
        self.server.over.wait(60)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    server.asked, server.over = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.over.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


async def test_a_page_is_read_as_text(site: str):
    assert await fetched(f"{site}/page", private=True) == "\n".join(
        (
            f"{site}/page: A page",
            "",
            "# Heading",
            "",
            f"Some bold text with [a link]({site}/more?a=1).",
            "- one",
            "- two",
            "",
            "a | b",
            "1 | 2",
            "",
            "  kept",
            "   as it is",
            "",
            "last",
        )
    )


async def test_other_texts_are_read_as_they_are(site: str):
    assert (await fetched(f"{site}/latin", private=True)).endswith("größer")


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "hex", "x" * 1_000, "euc-xx", ""])
async def test_what_is_in_no_known_charset_is_read_as_utf_8(site: str, charset: str):
    assert (await fetched(f"{site}/in/{charset}", private=True)).endswith("größer-abc")


@pytest.mark.parametrize("header", ["text/plain; charset=x\0y", "text/plain; charset*=a\0b''x"])
async def test_a_charset_that_cannot_be_one_is_none(header: str):
    kind, charset = getting.kind_of(header)
    got = getting.Got("http://some.example/", 200, "OK", kind, charset, "größer".encode(), True)

    assert text_of(got) == ("", "größer")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_page_that_is_made_to_be_slow_is_read_within_the_bound(site: str, name: str):
    with anyio.fail_after(getting.MOST_SECONDS):
        assert "\nbefore\n" in await fetched(f"{site}/hostile/{name}", private=True) + "\n"


async def test_a_page_is_read_beside_the_event_loop():
    readers: set[int] = set()

    class Body(bytes):
        def decode(self, *given: str, **named: str) -> str:
            readers.add(threading.get_ident())
            return super().decode(*given, **named)

    got = getting.Got("http://some.example/", 200, "OK", "text/html", None, Body(b"<p>there"), True)

    assert await read(got) == ("", "there")
    assert readers
    assert threading.get_ident() not in readers


async def test_it_says_who_asks_and_whom(site: str):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    port = site.rpartition(":")[2]
    said = await fetched(f"http://some.example:{port}/seen", private=True, resolve=resolve)

    assert f"some.example:{port} subagents/" in said


async def test_a_name_in_other_letters_is_sent_as_it_must_be(site: str):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    port = site.rpartition(":")[2]
    said = await fetched(f"http://bücher.example:{port}/seen", private=True, resolve=resolve)

    assert f"xn--bcher-kva.example:{port} subagents/" in said


async def test_a_long_text_is_read_in_parts(site: str):
    first = await fetched(f"{site}/long/120000", private=True)
    assert first.endswith("[70,000 more characters left out; read on with offset=50000]")

    last = await fetched(f"{site}/long/120000", 100_000, private=True)
    assert "000010000\n" in last
    assert "left out" not in last

    with pytest.raises(ToolFailed, match="offset=200000 is past its end"):
        await fetched(f"{site}/long/120000", 200_000, private=True)


async def test_more_than_a_megabyte_is_not_read(site: str):
    last = await fetched(f"{site}/long/3000000", 990_000, private=True)

    assert last.endswith("[only the first 1,000,000 bytes were read, and there are more]")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("picture", "is no text but image/png, 6 bytes"),
        ("missing", "answers 404 Not Found.\nnot here"),
        ("round", "it was sent on more than 5 times"),
        ("to/file:///etc/passwd", "is no address of the web"),
    ],
)
async def test_what_cannot_be_read_is_told(site: str, path: str, said: str):
    with pytest.raises(ToolFailed) as failed:
        await fetched(f"{site}/{path}", private=True)
    assert said in str(failed.value)


async def test_a_redirect_is_followed_and_the_page_it_leads_to_named(site: str):
    assert (await fetched(f"{site}/to", private=True)).startswith(f"{site}/page: A page")


async def test_a_redirect_is_checked_like_the_first_address(site: str):
    looked_at: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        looked_at.append(host)
        if host == "inner.example":
            raise OSError("not for you")
        return ["127.0.0.1"]

    with pytest.raises(ToolFailed, match="the host 'inner"):
        await fetched(f"{site}/to/http://inner.example/", private=True, resolve=resolve)
    assert looked_at == ["127.0.0.1", "inner.example"]


async def test_what_never_answers_ends_at_the_bound(site: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(getting, "MOST_SECONDS", 0.5)

    with pytest.raises(ToolFailed, match=r"did not answer within 0\.5 seconds"):
        await fetched(f"{site}/never", private=True)


# --- in a run


@pytest.mark.parametrize(
    ("tools", "private", "said"),
    [
        ("fetch", True, "# Heading"),
        ("WebFetch", True, "# Heading"),
        ("fetch", False, "only reaches public addresses"),
        ("all", True, "Unknown tool name"),
        ("read, bash", True, "Unknown tool name"),
    ],
)
async def test_only_who_names_it_has_it(tmp_path: Path, site: str, tools: str, private: bool, said: str):
    agents = tmp_path / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "reader.md").write_text(f"---\ndescription: reads\ntools: {tools}\n---\nRead.\n")
    script = tmp_path / "turns.yaml"
    call = {"name": "fetch", "arguments": {"url": f"{site}/page"}}
    script.write_text(json.dumps({"turns": [{"tool_calls": [call]}, {"text": "done"}, {"text": "done"}]}))
    settings = Settings(model=f"script:{script}", fetch_private=private)

    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, memory=True, settings=settings) as manager:
            run = await manager.spawn("reader", "read")
            await manager.get_result(run, wait=True)
            lines = [line.text for line in (await manager.peek(run, lines=50)).lines]

    assert said in "\n".join(lines)
