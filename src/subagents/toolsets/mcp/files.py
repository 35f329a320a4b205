"""The files that describe MCP servers: a project's `.mcp.json` and the user's own `mcp.json`, in Claude Code's form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from subagents.contents import first_bytes
from subagents.definitions.model import Scope
from subagents.definitions.servers import ServerConfig, server_of
from subagents.definitions.trust import MOST_BYTES
from subagents.definitions.values import BadValue
from subagents.language import _
from subagents.places import user_home
from subagents.spec import DefinitionSource

PROJECT_FILE = ".mcp.json"
USER_FILE = "mcp.json"


@dataclass(frozen=True)
class ServersFile:
    """What one file says, but for our own server. Each of `problems` is a sentence; what they are about is left out of
    `servers`."""

    source: DefinitionSource
    servers: Mapping[str, ServerConfig] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def project_file(root: Path) -> ServersFile | None:
    """That of a project, whether or not it is trusted; None where there is none."""
    return read(root / PROJECT_FILE, Scope.PROJECT)


def user_file() -> ServersFile | None:
    return read(user_home() / USER_FILE, Scope.USER)


def read(path: Path, scope: Scope) -> ServersFile | None:
    try:
        data = first_bytes(path, MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = _("{path} cannot be read: {why}.").format(path=path, why=error.strerror or error)
        return ServersFile(DefinitionSource(str(path), "", scope), problems=(problem,))
    source = DefinitionSource(str(path), hashlib.sha256(data).hexdigest(), scope)
    return _parsed(source, data)


def _parsed(source: DefinitionSource, data: bytes) -> ServersFile:
    try:
        written = json.loads(data.decode()) if len(data) <= MOST_BYTES else None
        named = written.get("mcpServers", {}) if isinstance(written, dict) else None
    except (ValueError, RecursionError):
        named = None
    if not isinstance(named, dict):
        problem = _('{path} describes no servers: write {{"mcpServers": {{"name": {{"command": "…"}}}}}}.')
        return ServersFile(source, problems=(problem.format(path=source.path),))
    servers, problems = {}, []
    for name, each in named.items():
        try:
            if (config := server_of(name, each)) is not None and not config.is_ours:
                servers[config.provider] = config
        except BadValue as error:
            problems.append(f"{source.path} {error}.")
    return ServersFile(source, servers, tuple(problems))
