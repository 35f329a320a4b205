"""Where each tool keeps its agent files, in a project and for a user, in the order in which they count.

Sources: Claude Code "Create custom subagents"; Codex "Subagents" and "Environment variables" (CODEX_HOME); Gemini CLI
"Subagents"; OpenCode "Agents" (both spellings of the folder are read); pi-subagents README (PI_CODING_AGENT_DIR);
GitHub Copilot CLI "Configuration directory reference" (COPILOT_HOME).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subagents.definitions.model import Dialect
from subagents.places import PROJECT_FOLDER


@dataclass(frozen=True, slots=True)
class Home:
    """A folder of agent files. `ending` is what their names end with, `ignored` what those begin with that are not."""

    dialect: Dialect
    path: Path
    ending: str = ".md"
    ignored: str = "."


def project_homes(root: Path) -> tuple[Home, ...]:
    """Where a project keeps other tools' agents, the most important first."""
    return tuple(_in(root / tool / folder, dialect) for dialect, tool, folder in _PROJECT)


def user_homes() -> tuple[Home, ...]:
    """Where a user keeps other tools' agents, the most important first; none for a user without a home."""
    try:
        return tuple(_user_homes(Path.home()))
    except RuntimeError:
        return ()


def home_of(folder: Path) -> Home:
    """A folder anywhere, as the home of the tool whose own folder it is in, the innermost one; ours where in none."""
    names = (part for part in reversed(folder.parts) if part in _TOOLS)
    return _in(folder, _TOOLS[next(names, PROJECT_FOLDER)])


_PROJECT = (
    (Dialect.CLAUDE, ".claude", "agents"),
    (Dialect.CODEX, ".codex", "agents"),
    (Dialect.GEMINI, ".gemini", "agents"),
    (Dialect.OPENCODE, ".opencode", "agents"),
    (Dialect.OPENCODE, ".opencode", "agent"),
    (Dialect.PI, ".pi", "agents"),
    (Dialect.AGENTS, ".agents", "agents"),
    (Dialect.COPILOT, ".github", "agents"),
)

#: By the folder that a tool keeps its things in, in a project or for a user.
_TOOLS = {tool: dialect for dialect, tool, _folder in _PROJECT} | {
    "opencode": Dialect.OPENCODE,
    ".copilot": Dialect.COPILOT,
    PROJECT_FOLDER: Dialect.OWN,
}


def _user_homes(home: Path) -> Iterator[Home]:
    opencode = _given("XDG_CONFIG_HOME", lambda: home / ".config") / "opencode"
    yield _in(_given("CLAUDE_CONFIG_DIR", lambda: home / ".claude") / "agents", Dialect.CLAUDE)
    yield _in(_given("CODEX_HOME", lambda: home / ".codex") / "agents", Dialect.CODEX)
    yield _in(home / ".gemini" / "agents", Dialect.GEMINI)
    yield _in(opencode / "agents", Dialect.OPENCODE)
    yield _in(opencode / "agent", Dialect.OPENCODE)
    yield _in(_given("PI_CODING_AGENT_DIR", lambda: home / ".pi" / "agent") / "agents", Dialect.PI)
    yield _in(home / ".agents" / "agents", Dialect.AGENTS)
    yield _in(_given("COPILOT_HOME", lambda: home / ".copilot") / "agents", Dialect.COPILOT)


def _in(folder: Path, dialect: Dialect) -> Home:
    match dialect:
        case Dialect.CODEX:
            return Home(dialect, folder, ending=".toml")
        case Dialect.GEMINI:
            return Home(dialect, folder, ignored="._")
        case _:
            return Home(dialect, folder)


def _given(variable: str, usual: Callable[[], Path]) -> Path:
    """What the variable names; a relative path would mean another folder in each working folder."""
    given = os.environ.get(variable, "")
    try:
        path = Path(given).expanduser()
    except RuntimeError:
        return usual()
    return path if given and path.is_absolute() else usual()
