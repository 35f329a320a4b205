"""Where each MCP client keeps its servers, and its file with ours among them. Pure: nothing is read or written here.

Sources, looked up in November 2026: code.claude.com/docs/en/mcp and /env-vars (`.mcp.json`, `~/.claude.json`,
CLAUDE_CONFIG_DIR); developers.openai.com/codex/mcp and /config-reference (CODEX_HOME, `required`, `tool_timeout_sec`);
geminicli.com/docs/tools/mcp-server and /docs/reference/configuration; opencode.ai/docs/mcp-servers, /docs/config and
/v2/docs/mcp-servers (`.json` and `.jsonc`; version 2 has its servers below `mcp.servers`); cursor.com/docs/mcp;
code.visualstudio.com/docs/copilot/reference/mcp-configuration (`servers`, `type` is required).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from subagents.language import _
from subagents.serve import json_text, toml_table

# Codex gives a call 60 seconds unless it is told otherwise. The longest wait of our tools is 270.
TOOL_TIMEOUT = 300
BOM = "\ufeff"


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
    begins: Mapping[str, Any] | None = None  # what a new file has before its servers
    remark: str = ""


class Unusable(ValueError):
    """The file cannot be changed without harm; the sentence says why."""


@dataclass(frozen=True)
class Merged:
    """The file's text with our entry. `before` is the entry of that name that was there, None when there was none."""

    text: str
    before: Any
    is_new: bool  # whether the text says something else than it did


def fitting(client: Client, text: str) -> Client:
    """The client in the version that its file is written for. Raises `Unusable`."""
    if client.name != _OPENCODE_2.name:
        return client
    servers = _at(_read(client, text.removeprefix(BOM)), _OPENCODE_2.section)
    # In version 1 it would be a server that is called "servers".
    return _OPENCODE_2 if isinstance(servers, dict) and not isinstance(servers.get("type"), str) else client


def merged(client: Client, text: str, name: str, entry: Mapping[str, Any]) -> Merged:
    """Our entry put into the text of a client's file, "" where there is none. Raises `Unusable`."""
    body = text.removeprefix(BOM)
    path = (*client.section, name)
    there = _read(client, body)
    before = _at(there, path)
    if _is_ours(before, entry):
        return Merged(text, before, is_new=False)
    new = _put(client, body, path, entry)
    if _read(client, new) != _with({**(client.begins or {})} if not body.strip() else there, path, entry):
        raise Unusable(_("it is written in a way that can be read but not changed here"))
    return Merged(text[: len(text) - len(body)] + new, before, is_new=True)


def snippet(client: Client, name: str, entry: Any) -> str:
    """The entry as it stands in a file that has nothing else."""
    path = (*client.section, name)
    if client.is_toml and isinstance(entry, dict):
        return toml_table.put("", path, entry)
    return _dumped(_with({}, path, entry))


def _is_ours(before: Any, entry: Mapping[str, Any]) -> bool:
    """Whether it has all of our entry. What somebody added, such as variables of the environment, is theirs."""
    return isinstance(before, dict) and all(before.get(name) == value for name, value in entry.items())


# --- the file


def _read(client: Client, body: str) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = toml_table.read(body) if client.is_toml else json_text.read(body).value
    except json_text.NotJson as error:
        raise Unusable(_("it is not JSON: {why}").format(why=error)) from None
    except toml_table.NotToml as error:
        raise Unusable(_("it is not TOML: {why}").format(why=error)) from None
    if not isinstance(found, dict):
        raise Unusable(_("it is JSON, but no object"))
    return found


def _put(client: Client, body: str, path: tuple[str, ...], entry: Mapping[str, Any]) -> str:
    if client.is_toml:
        return toml_table.put(body, path, entry)
    if not body.strip():
        return _dumped(_with({**(client.begins or {})}, path, entry))
    try:
        return json_text.put(body, path, entry)
    except json_text.NotJson as error:
        raise Unusable(str(error)) from None


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _with(value: Mapping[str, Any], path: tuple[str, ...], entry: Any) -> dict[str, Any]:
    """The mapping with the entry at the path."""
    name, *rest = path
    if not rest:
        return {**value, name: entry}
    below = value.get(name)
    if below is not None and not isinstance(below, dict):
        raise Unusable(_("{name!r} in it is no object").format(name=name))
    return {**value, name: _with(below or {}, tuple(rest), entry)}


# --- the clients


def _claude(scope: Scope, where: Where) -> tuple[Path, ...]:
    if scope is Scope.PROJECT:
        return (where.root / ".mcp.json",)
    return (where.given("CLAUDE_CONFIG_DIR", where.home) / ".claude.json",)


def _codex(scope: Scope, where: Where) -> tuple[Path, ...]:
    folder = where.root / ".codex" if scope is Scope.PROJECT else where.home / ".codex"
    return ((folder if scope is Scope.PROJECT else where.given("CODEX_HOME", folder)) / "config.toml",)


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


_OPENCODE_2 = Client("opencode", "opencode", ("mcp", "servers"), _opencode, _of_opencode_2)

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
