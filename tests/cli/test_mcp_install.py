"""`subagents mcp install`: what is written where, for every client, and what is left alone."""

from __future__ import annotations

import json
import os
import stat
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from subagents.cli.mcp.app import commands
from subagents.cli.mcp.install import command_for_others
from subagents.errors import SubagentsError
from subagents.serve.installing import json_text
from subagents.serve.installing.clients import CLIENTS, Scope, Where

Call = Callable[..., str]
EVERY = sorted(CLIENTS)

# The usual file of each, below the made-up folders.
USUAL = {
    "claude-code": "shop/.mcp.json",
    "codex": ".codex/config.toml",
    "gemini": "shop/.gemini/settings.json",
    "opencode": "shop/opencode.json",
    "cursor": "shop/.cursor/mcp.json",
    "vscode": "shop/.vscode/mcp.json",
}


@pytest.fixture(autouse=True)
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository below the home, which also has a program that others find."""
    folder = home / "shop"
    (folder / ".git").mkdir(parents=True)
    program = home / "bin" / "subagents"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def install(home: Path) -> Call:
    """Both streams of `subagents mcp install …`, with a made-up folder for the real one."""

    def called(*arguments: str, **environ: str) -> str:
        done = CliRunner().invoke(commands, ["install", *arguments], env=environ, prog_name="subagents mcp")
        said = done.stdout + done.stderr
        if isinstance(done.exception, SubagentsError):
            said += f"Error: {done.exception}\n"
        elif done.exit_code:
            said += f"[{done.exit_code}]\n"
        return said.replace(str(home), "/srv")

    return called


def content(path: Path) -> Any:
    text = path.read_bytes().decode()
    return tomllib.loads(text) if path.suffix == ".toml" else json_text.read(text).value


def servers(name: str, path: Path) -> Any:
    found = content(path)
    for part in CLIENTS[name].section:
        found = found[part]
    return found


# --- a file that is not there yet


def test_what_each_client_is_given(install: Call, home: Path):
    for name in EVERY:
        install(name)
    assert {name: servers(name, home / USUAL[name])["subagents"] for name in EVERY} == snapshot(
        {
            "claude-code": {"type": "stdio", "command": "subagents", "args": ["mcp"]},
            "codex": {
                "command": "subagents",
                "args": ["mcp"],
                "required": True,
                "tool_timeout_sec": 300,
            },
            "cursor": {"type": "stdio", "command": "subagents", "args": ["mcp"]},
            "gemini": {"command": "subagents", "args": ["mcp"]},
            "opencode": {"type": "local", "command": ["subagents", "mcp"], "enabled": True},
            "vscode": {"type": "stdio", "command": "subagents", "args": ["mcp"]},
        }
    )


def test_what_is_said(install: Call):
    assert install("claude-code") == snapshot(
        """\
Claude Code starts subagents mcp: /srv/shop/.mcp.json
subagents is on PATH: /srv/bin/subagents
Claude Code asks you once whether it may start the servers that a project names.
"""
    )
    assert install("claude-code") == snapshot("Claude Code has it already: /srv/shop/.mcp.json\n")


@pytest.mark.parametrize("name", EVERY)
def test_a_second_time_changes_nothing(install: Call, home: Path, name: str):
    install(name)
    before = (home / USUAL[name]).read_bytes(), (home / USUAL[name]).stat().st_ino
    assert "has it already" in install(name)
    assert ((home / USUAL[name]).read_bytes(), (home / USUAL[name]).stat().st_ino) == before


@pytest.mark.parametrize("name", EVERY)
def test_print_writes_nothing_and_prints_what_install_would_add(install: Call, home: Path, name: str):
    said = install(name, "--print")
    assert f"This belongs in /srv/{USUAL[name]}" in said
    assert not (home / USUAL[name]).exists()
    shown = said[: said.index("This belongs")]
    install(name)
    read = tomllib.loads(shown) if name == "codex" else json.loads(shown)
    read.pop("$schema", None)
    assert content(home / USUAL[name]).items() >= read.items()


def test_another_name(install: Call, shop: Path):
    install("cursor", "--name", "delegates")
    assert list(servers("cursor", shop / ".cursor/mcp.json")) == ["delegates"]
    assert "cannot be the name" in install("cursor", "--name", "a b")


# --- a file with other things


JSON = """{
  // written by hand
  "theme": "dark", "keep": [1, 2],
  "%s": {
    "other": {"command": "other"}, // mine
  },
}
"""

TOML = """# written by hand
model = "x" # mine

[mcp_servers.other]
command = "other"

[projects."/srv"]
trust_level = "trusted"
"""


def existing(name: str) -> str:
    return TOML if name == "codex" else JSON % CLIENTS[name].section[0]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_everything_else_stays_as_it_is(install: Call, home: Path, name: str, line_end: str):
    path = home / USUAL[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = existing(name).replace("\n", line_end)
    path.write_bytes(text.encode())
    path.chmod(0o600)
    before = content(path)

    assert "starts subagents mcp" in install(name)

    after = content(path)
    added = servers(name, path).pop("subagents")
    assert added
    new = path.read_bytes().decode().split(line_end)
    missing = [line for line in text.split(line_end) if line not in new]
    assert missing == []
    assert ("\n" in "".join(new)) is False
    assert list(after[CLIENTS[name].section[0]]) == ["other", "subagents"]
    del after[CLIENTS[name].section[0]]["subagents"]
    assert after == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_servers_in_one_inline_table_get_one_more(install: Call, home: Path):
    path = home / ".codex" / "config.toml"
    path.parent.mkdir()
    path.write_text('mcp_servers = { other = { command = "x" } } # mine\n', encoding="utf-8")
    install("codex")
    assert list(servers("codex", path)) == ["other", "subagents"]
    assert "# mine" in path.read_text(encoding="utf-8")


def test_what_somebody_added_to_our_entry_is_theirs(install: Call, shop: Path):
    install("gemini")
    path = shop / ".gemini" / "settings.json"
    found = content(path)
    found["mcpServers"]["subagents"]["trust"] = True
    path.write_text(json.dumps(found), encoding="utf-8")
    assert "has it already" in install("gemini")


# --- what is in the way


@pytest.mark.parametrize("name", EVERY)
def test_another_server_of_the_name_is_shown_and_replaced_only_when_that_is_wanted(
    install: Call, home: Path, name: str
):
    install(name, "--name", "other")
    path = home / USUAL[name]
    path.write_text('"else"'.join(path.read_text(encoding="utf-8").rsplit('"mcp"', 1)), encoding="utf-8")
    before = path.read_bytes()

    refused = install(name, "--name", "other")
    assert '"else"' in refused
    assert "replace it with --force" in refused
    assert path.read_bytes() == before

    forced = install(name, "--name", "other", "--force")
    assert '"else"' in forced
    assert '"else"' not in path.read_text(encoding="utf-8")
    assert "has it already" in install(name, "--name", "other")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("broken", [b"{ = [", b"\xff\xfe", b'"a" = {'])
def test_a_file_that_cannot_be_read_is_left_and_the_entry_printed(
    install: Call, home: Path, name: str, broken: bytes
):
    path = home / USUAL[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(broken)
    said = install(name)
    assert "is left as it is: it is not" in said
    assert install(name, "--print").split("This belongs")[0].strip() in said
    assert path.read_bytes() == broken


@pytest.mark.parametrize("text", ["[]", '{"mcpServers": []}', '{"mcpServers": "x"}'])
def test_a_file_of_another_shape_is_left(install: Call, shop: Path, text: str):
    (shop / ".mcp.json").write_text(text, encoding="utf-8")
    assert "object" in install("claude-code")
    assert (shop / ".mcp.json").read_text(encoding="utf-8") == text


def test_a_link_is_followed_but_not_out_of_the_project(install: Call, shop: Path, home: Path):
    (home / "dotfiles").mkdir()
    (home / "dotfiles" / "mine.json").write_text("{}", encoding="utf-8")
    (shop / ".mcp.json").symlink_to(home / "dotfiles" / "mine.json")
    assert "it is a link to /srv/dotfiles/mine.json" in install("claude-code")
    (home / ".claude.json").symlink_to(home / "dotfiles" / "mine.json")
    assert "starts subagents mcp" in install("claude-code", "--user")
    assert (home / ".claude.json").is_symlink()
    assert list(servers("claude-code", home / "dotfiles" / "mine.json")) == ["subagents"]


def test_a_folder_in_the_place_of_the_file_is_said(install: Call, shop: Path):
    (shop / ".mcp.json").mkdir()
    assert "is left as it is: it is not a regular file" in install("claude-code")


def test_wrong_usage_is_said(install: Call):
    assert "'emacs' is no client" in install("emacs")
    assert "choose one" in install("codex", "--user", "--project")


def test_an_agents_command_may_not_change_what_others_start(install: Call, shop: Path):
    assert "An agent's command cannot" in install("cursor", SUBAGENTS_RUN="r-1")
    assert not (shop / ".cursor").exists()
    assert "This belongs in" in install("cursor", "--print", SUBAGENTS_RUN="r-1")


# --- which file


def test_the_files_of_each_scope():
    where = Where(Path("/shop"), Path("/home/me"), {}, platform="linux")
    files = {
        f"{name} {scope}": [str(path) for path in client.files(scope, where)]
        for name, client in sorted(CLIENTS.items())
        for scope in Scope
    }
    assert files == snapshot(
        {
            "claude-code project": ["/shop/.mcp.json"],
            "claude-code user": ["/home/me/.claude.json"],
            "codex project": ["/shop/.codex/config.toml"],
            "codex user": ["/home/me/.codex/config.toml"],
            "cursor project": ["/shop/.cursor/mcp.json"],
            "cursor user": ["/home/me/.cursor/mcp.json"],
            "gemini project": ["/shop/.gemini/settings.json"],
            "gemini user": ["/home/me/.gemini/settings.json"],
            "opencode project": ["/shop/opencode.json", "/shop/opencode.jsonc"],
            "opencode user": [
                "/home/me/.config/opencode/opencode.json",
                "/home/me/.config/opencode/opencode.jsonc",
            ],
            "vscode project": ["/shop/.vscode/mcp.json"],
            "vscode user": ["/home/me/.config/Code/User/mcp.json"],
        }
    )


def test_the_variables_that_clients_honour():
    environ = {"CLAUDE_CONFIG_DIR": "/c", "CODEX_HOME": "/x", "XDG_CONFIG_HOME": "/g"}
    where = Where(Path("/shop"), Path("/me"), environ, platform="linux")
    found = {name: str(client.files(Scope.USER, where)[0]) for name, client in CLIENTS.items()}
    assert found["claude-code"] == "/c/.claude.json"
    assert found["codex"] == "/x/config.toml"
    assert found["opencode"] == "/g/opencode/opencode.json"
    assert found["vscode"] == "/g/Code/User/mcp.json"
    relative = Where(Path("/shop"), Path("/me"), {"CODEX_HOME": "x"}, platform="darwin")
    assert CLIENTS["codex"].files(Scope.USER, relative) == (Path("/me/.codex/config.toml"),)
    assert CLIENTS["vscode"].files(Scope.USER, relative) == (
        Path("/me/Library/Application Support/Code/User/mcp.json"),
    )


def test_the_file_that_is_there_is_meant(install: Call, shop: Path):
    (shop / "opencode.jsonc").write_text("{} // mine\n", encoding="utf-8")
    assert "/srv/shop/opencode.jsonc" in install("opencode")
    assert not (shop / "opencode.json").exists()


def test_opencode_2_keeps_its_servers_elsewhere(install: Call, shop: Path):
    path = shop / "opencode.json"
    path.write_text('{"mcp": {"servers": {"other": {"type": "local"}}}}', encoding="utf-8")
    assert '"servers"' in install("opencode", "--print")
    install("opencode")
    entry = {"type": "local", "command": ["subagents", "mcp"]}
    assert content(path) == {"mcp": {"servers": {"other": {"type": "local"}, "subagents": entry}}}
    assert "has it already" in install("opencode")

    path.write_text('{"mcp": {"servers": {"type": "local"}}}', encoding="utf-8")
    install("opencode")
    assert list(content(path)["mcp"]) == ["servers", "subagents"]


def test_in_a_linked_worktree_it_is_that_worktrees_file(
    install: Call, home: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
):
    linked = home / "linked"
    (linked / "src").mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {shop}/.git/worktrees/linked\n", encoding="utf-8")
    monkeypatch.chdir(linked / "src")
    assert "/srv/linked/.mcp.json" in install("claude-code")


# --- which command


def test_a_program_that_only_this_terminal_finds_is_named_by_its_path(home: Path):
    environ = {"PATH": os.pathsep.join([str(home / "bin"), "bin"]), "VIRTUAL_ENV": str(home)}
    command, said = command_for_others(environ)
    assert command.program != "subagents"
    assert Path(command.program).is_absolute()
    assert "on this machine alone" in said
    assert Path(command.program).parent == Path(sys.executable).parent

    command, said = command_for_others({"PATH": str(home / "bin")})
    assert (command.program, command.arguments) == ("subagents", ("mcp",))
    assert str(home / "bin" / "subagents") in said
