"""MCP servers as a person meets them on the command line: trusted, shown, looked at by `doctor`, validated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from subagents.cli.app import commands

Call = Callable[..., str]
SERVERS = {
    "docs": {"command": "docs-server", "args": ["--all"], "env": {"KEY": "${DOCS_KEY}"}},
    "wiki": {"type": "http", "url": "https://wiki.example/mcp"},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".subagents" / "agents").mkdir(parents=True)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call() -> Call:
    """What a command says, on both streams, with its exit code where that is not 0."""

    def called(*arguments: str) -> str:
        done = CliRunner().invoke(commands, list(arguments), prog_name="subagents")
        return done.output + (f"[{done.exit_code}]\n" if done.exit_code else "")

    return called


def write(path: Path, servers: object = SERVERS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}))
    return path


def agent(project: Path, keys: str) -> Path:
    file = project / ".subagents" / "agents" / "asker.md"
    file.write_text(f"---\ndescription: asks\n{keys}---\nAsk.\n")
    return file


def test_a_projects_servers_are_shown_as_they_are_trusted(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
):
    file = write(project / ".mcp.json")
    monkeypatch.chdir(project / "below")

    assert call("trust", ".mcp.json").splitlines() == [
        str(file),
        "  starts the server docs: docs-server --all with these variables of yours: DOCS_KEY",
        "  asks the server wiki: https://wiki.example/mcp",
        f"trusted {file}",
    ]
    assert call("trust", "--list") == f"{file}\n"
    assert call("trust", "--revoke", ".mcp.json") == f"{file} is no longer trusted\n"


def test_an_agents_servers_are_shown_as_it_is_trusted(call: Call, project: Path):
    file = agent(project, f"mcp_servers: {json.dumps(SERVERS)}\n")

    assert call("trust", "asker").splitlines()[:2] == [
        str(file),
        "  starts the server docs: docs-server --all with these variables of yours: DOCS_KEY",
    ]


def test_doctor_says_which_there_are_and_whether_they_are_trusted(call: Call, project: Path, home: Path):
    file, own = (
        write(project / ".mcp.json"),
        write(home / "subagents" / "mcp.json", {"mine": {"command": "m"}}),
    )

    def found() -> list[tuple[str, str, str]]:
        looked = json.loads(call("doctor", "--json").partition("\n[1]")[0])
        return [
            (each["verdict"], each["found"], each["advice"])
            for each in looked
            if each["name"] == "MCP servers"
        ]

    advice = f"They are not started before you read and trust the file: subagents trust {file}"
    assert found() == [("ok", f"mine, of {own}", ""), ("note", f"docs, wiki, of {file}", advice)]

    call("trust", ".mcp.json")
    assert found()[1] == ("ok", f"docs, wiki, of {file}", "")

    write(project / ".mcp.json", {"docs": {"type": "sse", "url": "https://x.example"}})
    assert found()[1][0] == "note"
    assert "which is of the type 'sse', which the protocol has given up" in found()[1][1]


def test_show_names_the_servers(call: Call, project: Path):
    agent(project, f"mcp_servers: [github, {json.dumps({'docs': SERVERS['docs']})}]\n")

    shown = call("agents", "show", "asker")

    assert "mcp_servers         github, docs (docs-server --all)" in shown
    assert "no effect yet" not in shown


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("{docs: {args: [x]}}", "has the server 'docs', which must have either a `command` or a `url`"),
        ("{docs: {command: x, url: 'http://x'}}", "must have either a `command` or a `url`"),
        ("{docs: {command: [x]}}", "must have text as its `command`"),
        ("{docs: {command: x, args: y}}", "must have a list of texts as its `args`"),
        ("{docs: {command: x, env: [y]}}", "must have a mapping of texts as its `env`"),
        ("{docs: {command: x, timeout: 0}}", "must have a number of seconds above 0 as its `timeout`"),
        ("{docs: {url: 'file:///x'}}", "has a `url` that is no web address: 'file:///x'"),
        ("{docs: {type: sse, url: 'http://x'}}", "is of the type 'sse'"),
        ("{docs: {type: ws, url: 'http://x'}}", "is of the type 'ws'; there are `stdio` and `http`"),
        ("{docs: x}", "is no mapping of `command` and `args`, or of `url`"),
        ("{a__b: {command: x}}", "calls a server 'a__b'; give it a name of at most 48 letters"),
    ],
)
def test_validate_says_what_is_wrong_with_a_server(call: Call, project: Path, server: str, said: str):
    agent(project, f"mcp_servers: {server}\n")

    assert said in call("agents", "validate")


def test_a_server_that_is_good_is_no_problem(call: Call, project: Path):
    agent(project, f"mcp_servers: {json.dumps(SERVERS)}\n")

    assert call("agents", "validate") == "1 file, no problems.\n"
