"""The MCP clients that we can be entered in: where each keeps its servers, and how it writes one.

Sources, looked up in November 2026: code.claude.com/docs/en/mcp and /env-vars (`.mcp.json`, `~/.claude.json`,
CLAUDE_CONFIG_DIR); developers.openai.com/codex/mcp and /config-reference (CODEX_HOME, `required`, `tool_timeout_sec`);
geminicli.com/docs/tools/mcp-server and /docs/reference/configuration; opencode.ai/docs/mcp-servers, /docs/config and
/v2/docs/mcp-servers (`.json` and `.jsonc`; version 2 has its servers below `mcp.servers`); cursor.com/docs/mcp;
code.visualstudio.com/docs/copilot/reference/mcp-configuration (`servers`, `type` is required).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from subagents.language import _

# Codex gives a call 60 seconds unless it is told otherwise. The longest wait of our tools is 270.
TOOL_TIMEOUT = 300


class Scope(StrEnum):
    PROJECT = "project"
    USER = "user"


@dataclass(frozen=True)
class Where:
    """The folders that a client's files are looked for in."""

    root: Path
    home: Path
    environ: Mapping[str, str]
    platform: str = sys.platform

    def given(self, variable: str, usual: Path) -> Path:
        """What the variable names, if that is an absolute path."""
        path = Path(self.environ.get(variable, ""))
        return path if path.is_absolute() else usual

    @property
    def config(self) -> Path:
        return self.given("XDG_CONFIG_HOME", self.home / ".config")


@dataclass(frozen=True)
class Command:
    """What a client is to start."""

    program: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Client:
    """An MCP client. `files` are the places of its file in a scope, of which the first that is there is meant, else the
    first; `section` leads to its servers; `remark` is what a person should know once it is installed."""

    name: str
    title: str
    section: tuple[str, ...]
    files: Callable[[Scope, Where], tuple[Path, ...]]
    entry: Callable[[Command], dict[str, Any]]
    usual: Scope = Scope.PROJECT
    is_toml: bool = False
    begins: Mapping[str, Any] = field(default_factory=dict)  # what a new file has before its servers
    remark: str = ""


def _claude(scope: Scope, where: Where) -> tuple[Path, ...]:
    if scope is Scope.PROJECT:
        return (where.root / ".mcp.json",)
    return (where.given("CLAUDE_CONFIG_DIR", where.home) / ".claude.json",)


def _codex(scope: Scope, where: Where) -> tuple[Path, ...]:
    if scope is Scope.PROJECT:
        return (where.root / ".codex" / "config.toml",)
    return (where.given("CODEX_HOME", where.home / ".codex") / "config.toml",)


def _gemini(scope: Scope, where: Where) -> tuple[Path, ...]:
    return (_root(scope, where) / ".gemini" / "settings.json",)


def _opencode(scope: Scope, where: Where) -> tuple[Path, ...]:
    folder = where.root if scope is Scope.PROJECT else where.config / "opencode"
    return folder / "opencode.json", folder / "opencode.jsonc"


def _cursor(scope: Scope, where: Where) -> tuple[Path, ...]:
    return (_root(scope, where) / ".cursor" / "mcp.json",)


def _vscode(scope: Scope, where: Where) -> tuple[Path, ...]:
    if scope is Scope.PROJECT:
        return (where.root / ".vscode" / "mcp.json",)
    support = where.home / "Library" / "Application Support"
    return ((support if where.platform == "darwin" else where.config) / "Code" / "User" / "mcp.json",)


def _root(scope: Scope, where: Where) -> Path:
    return where.root if scope is Scope.PROJECT else where.home


def _plain(command: Command) -> dict[str, Any]:
    return {"command": command.program, "args": list(command.arguments)}


def _typed(command: Command) -> dict[str, Any]:
    return {"type": "stdio", **_plain(command)}


def _of_codex(command: Command) -> dict[str, Any]:
    # `codex exec` waits about a second for a server, and begins without its tools unless it is required.
    return {**_plain(command), "required": True, "tool_timeout_sec": TOOL_TIMEOUT}


def _of_opencode(command: Command) -> dict[str, Any]:
    return {"type": "local", "command": [command.program, *command.arguments], "enabled": True}


def _of_opencode_2(command: Command) -> dict[str, Any]:
    return {"type": "local", "command": [command.program, *command.arguments]}


OPENCODE_2 = Client("opencode", "opencode", ("mcp", "servers"), _opencode, _of_opencode_2)

CLIENTS: Mapping[str, Client] = {
    client.name: client
    for client in (
        Client(
            "claude-code",
            "Claude Code",
            ("mcpServers",),
            _claude,
            _typed,
            remark=_("Claude Code asks you once whether it may start the servers that a project names."),
        ),
        Client(
            "codex",
            "Codex",
            ("mcp_servers",),
            _codex,
            _of_codex,
            usual=Scope.USER,
            is_toml=True,
            remark=_("It is required, so Codex waits for its tools, and says so when it does not start."),
        ),
        Client("gemini", "Gemini CLI", ("mcpServers",), _gemini, _plain),
        Client(
            "opencode",
            "opencode",
            ("mcp",),
            _opencode,
            _of_opencode,
            begins={"$schema": "https://opencode.ai/config.json"},
        ),
        Client(
            "cursor",
            "Cursor",
            ("mcpServers",),
            _cursor,
            _typed,
            remark=_("Cursor lists it under its MCP settings, where it is switched on."),
        ),
        Client(
            "vscode",
            "VS Code",
            ("servers",),
            _vscode,
            _typed,
            remark=_("VS Code asks you once whether you trust it."),
        ),
    )
}
