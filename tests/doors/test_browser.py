"""The built-in agent `browser` with its real server and a real Chromium, on a page of this machine.

Needs npm. The server's package is installed into a folder that goes away again; a browser that is not there is
downloaded, where that is possible.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.doors.conftest import Call, Script

from subagents.toolsets.mcp.browser import PACKAGE, Missing, found_browser

Runs = Callable[[], list[dict[str, Any]]]

pytestmark = pytest.mark.doors

PAGE = """<!doctype html><title>Register</title><h1>Register for the regatta</h1>
<form method="post" action="/sent"><label>Boat <input name="boat"></label>
<label>Crew <input name="crew" type="number"></label><button>Send</button></form>
<script>document.title = 'Register now'</script>"""


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(PAGE)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.sent.append(form)  # type: ignore[attr-defined]
        self._answer(f"<title>Thanks</title><h1>Boat {form['boat'][0]} is registered</h1>")

    def _answer(self, page: str) -> None:
        data = page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True
    server.sent = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def playwright(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server's program on the path, and a browser."""
    folder = tmp_path_factory.mktemp("npm")
    install = [
        "npm",
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        PACKAGE,
    ]
    subprocess.run(install, check=True, timeout=150, stdin=subprocess.DEVNULL)
    programs = folder / "node_modules" / ".bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    try:
        found_browser(os.environ)
    except Missing:
        download = [str(programs / "playwright"), "install", "chromium"]
        subprocess.run(download, check=True, timeout=150, stdin=subprocess.DEVNULL)


def test_it_reads_a_page_fills_in_its_form_and_leaves_nothing(
    call: Call, script: Script, runs: Runs, project: Path, site: ThreadingHTTPServer, playwright: None
):
    def uses(tool: str, **arguments: object) -> dict[str, object]:
        return {"tool_calls": [{"name": f"mcp__playwright__browser_{tool}", "arguments": arguments}]}

    turns = script(
        uses("navigate", url=f"http://127.0.0.1:{site.server_port}/"),
        uses("snapshot"),
        uses("type", element="boat", target="input[name=boat]", text="Argo"),
        uses("type", element="crew", target="input[name=crew]", text="50"),
        uses("click", element="send", target="button"),
        uses("snapshot"),
        {"text": "The Argo is registered."},
    )
    before = sorted(project.iterdir())

    done = call("run", "browser", "register the Argo with 50 rowers", turns)

    assert (done.code, done.out) == (0, "The Argo is registered.\n"), done.err
    assert site.sent == [{"boat": ["Argo"], "crew": ["50"]}]  # type: ignore[attr-defined]
    said = call("peek", runs()[0]["id"], "--lines", "200").out
    assert "Register for the regatta" in said
    assert "Boat Argo is registered" in said
    assert sorted(project.iterdir()) == before
