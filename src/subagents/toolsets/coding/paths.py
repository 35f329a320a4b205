"""Where a path leads that a model wrote, and whether the file tools may go there.

Links are followed, also above a file that does not exist yet. This keeps a model from straying; it is no
wall against a program that swaps a folder for a link between the look and the deed, and none at all for
commands: what these say is looked at in a worktree (`command_bounds.py`), and what they do is held by nothing.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from subagents.definitions.dialects.homes import user_homes
from subagents.places import is_in_worktree, state_home, user_home
from subagents.toolsets.coding.deps import CodingDeps
from subagents.toolsets.coding.failures import ToolFailed, explained

# What a file tool never writes: who can write these can make the user's next `git`, `ssh` or shell, or
# this program, do something. Until permission rules exist there is no asking, so it is refused.
PROTECTED = frozenset(
    {
        *(".git", "git~1", ".gitconfig", ".ssh", ".subagents", ".mcp.json"),
        *(".claude", ".codex", ".gemini", ".opencode", ".pi", ".agents", ".copilot"),
        *(".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases"),
        *(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout"),
        *(".kshrc", ".mkshrc", ".cshrc", ".tcshrc", ".login", ".logout", ".inputrc"),
    }
)
# These have names that would be harmless elsewhere.
PROTECTED_PAIRS = frozenset(
    {
        *(("fish", name) for name in ("config.fish", "fish_variables", "conf.d", "functions", "completions")),
        *((".config", "git"), (".config", "opencode"), (".github", "agents")),
    }
)


@dataclass(frozen=True)
class Target:
    """A place that a tool may go to: absolute with its links followed, and as it is `shown` to the model."""

    path: Path
    shown: str


async def to_read(place: CodingDeps, path: str, tool: str = "") -> Target:
    """Where `path`, counted from the root, leads; raises ToolFailed if that is outside the workspace.

    `tool` is who asks, where it may be one that was lent for the memory.
    """
    real = await _followed(place, path)
    if real.is_relative_to(place.root) and tool not in place.lent:
        return Target(real, printable(str(real.relative_to(place.root))))
    if any(real.is_relative_to(other) for other in _others(place)):
        return Target(real, printable(str(real)))
    raise ToolFailed(_outside(place, path, tool))


def _others(place: CodingDeps) -> Iterator[Path]:
    """What may be read besides the root."""
    if place.memory is not None:
        yield place.memory.folder
    if place.output_folder is not None:
        yield place.output_folder
    yield from place.readable


def _outside(place: CodingDeps, path: str, tool: str) -> str:
    memory = f" in your memory, {str(place.memory.folder)!r}" if place.memory is not None else ""
    if tool in place.lent:
        return f"{path!r} is not for `{tool}`, which you have for your memory alone. Give a path{memory}."
    return (
        f"{path!r} is outside the workspace {str(place.root)!r}. The file tools work inside it only; "
        f"give a path in it, relative to it or absolute{memory and ', or one'}{memory}."
    )


async def to_write(place: CodingDeps, path: str, tool: str = "") -> Target:
    """The same for writing, where more is refused: the protected names, and other folders than the root. The agent's
    own memory may be where nothing else is written."""
    target = await to_read(place, path, tool)
    if (memory := place.memory) is not None and memory.writes and memory.holds(target.path):
        _refuse_protected(path, target.path, memory.folder)
        return target
    if not target.path.is_relative_to(place.root):
        raise ToolFailed(f"{path!r} keeps what a command wrote and is there to be read only.")
    as_written = PurePath(os.path.normpath(place.root / path))
    if any(_is_below(target.path, home) or _is_below(as_written, home) for home in _own_places(place.root)):
        raise ToolFailed(
            f"{path!r} is not written: the file tools leave the places of this program and the folders of the user's "
            "agents alone, since what stands there decides which programs run and what is trusted. Tell the user what "
            "should stand there instead."
        )
    for whole in (as_written, target.path):
        _refuse_protected(path, whole, place.root)
    return target


def _refuse_protected(path: str, whole: PurePath, root: Path) -> None:
    if name := _protected(whole, root):
        raise ToolFailed(
            f"{path!r} is not written: the file tools leave {name!r} to the user, since it decides what "
            "git, ssh, a shell or an agent program does. Tell the user what should stand there instead."
        )


def printable(name: str) -> str:
    """A file's name in a form that can be stored and shown, whatever bytes it is made of."""
    text = os.fsencode(name).decode(errors="replace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


async def _followed(place: CodingDeps, path: str) -> Path:
    if path == "~" or path.startswith("~/"):
        raise ToolFailed(f"{path!r}: `~` is not expanded here. Give a path inside {str(place.root)!r}.")
    try:
        os.fsencode(path)
        with explained(path):
            real = await place.workspace.realpath(path)
            # What follows a link that leads to itself is not looked at: `loop/../out` becomes `out`, and
            # that may be a link as well. Followed once more, a path without such links stays the same.
            again = await place.workspace.realpath(real)
    except ValueError as error:
        raise ToolFailed(f"{path!r} cannot be a path: {error}.") from error
    if again != real:
        raise ToolFailed(f"{path!r} goes through a link that leads to itself.")
    return Path(real)


def _own_places(root: Path) -> tuple[Path, ...]:
    """Settings, definitions, trust and sessions of this program, and the agents that it reads from other tools' homes;
    by where they are, for a variable may put each of them anywhere. A run that has a worktree may write there, and no
    path of its tools leads out of that."""
    state = () if is_in_worktree(root) else (state_home(),)
    named = (user_home(), *state, *(home.path for home in user_homes()))
    return (*named, *(Path(os.path.realpath(place)) for place in named))


def _is_below(path: PurePath, place: Path) -> bool:
    """Whether it is the place or in it, by names that no file system tells apart."""
    inner, outer = ([_folded(part) for part in each.parts] for each in (path, place))
    return inner[: len(outer)] == outer


def _protected(whole: PurePath, root: Path) -> str | None:
    """The name for which the path is protected. Where the root itself stands does not matter."""
    if not whole.is_relative_to(root):
        return None
    parts = whole.relative_to(root).parts
    names = [_folded(part) for part in parts]
    for n, name in enumerate(names):
        if name in PROTECTED or tuple(names[n : n + 2]) in PROTECTED_PAIRS:
            return parts[n]
    return None


def _folded(name: str) -> str:
    """One form for all names that some file system takes for the same.

    macOS ignores case and some invisible characters, Windows (below WSL) dots and blanks at the end.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return visible.rstrip(" .")
