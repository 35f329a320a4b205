"""Running ripgrep, which searches and lists files for grep and find."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.toolsets.coding.deps import CodingDeps
from subagents.toolsets.coding.excerpt import temporary_file
from subagents.toolsets.coding.failures import ToolFailed, explained
from subagents.toolsets.coding.globs import FileGlob
from subagents.toolsets.coding.memory import memory_of
from subagents.toolsets.coding.paths import Target
from subagents.workspaces.processes.command import Command, Ending, run_command

SEARCH_SECONDS = 30
T = TypeVar("T")

# Configuration files of the user are not read, answers come in the same order each time, what may not be
# read is passed over, and a .gitignore counts in a folder that is no repository too. Paths end with NUL,
# since they may contain anything else.
ALWAYS = ("--no-config", "--color=never", "--sort=path", "--no-messages", "--no-require-git", "--null")


@dataclass(frozen=True)
class Found:
    """What ripgrep wrote, at most the asked number of bytes; `complete` tells whether that is all."""

    data: bytes
    complete: bool
    exit_code: int | None


async def ripgrep(place: CodingDeps, arguments: list[str], target: Target, limit: int) -> Found:
    """Runs it over `target`, for at most `SEARCH_SECONDS` and about `limit` bytes.

    Raises ToolFailed if it is not installed, or the target is neither a file nor a folder: it would wait
    for the other end of a named pipe.
    """
    with explained(target.shown):
        await anyio.to_thread.run_sync(_refuse_special, target)
    command = Command(
        argv=[_program(), *ALWAYS, *_in_a_memory(place, target), *arguments, "--", _from_root(place, target)],
        folder=place.root,
        environment=place.environment,
        timeout=SEARCH_SECONDS,
        output_limit=limit,
    )
    with temporary_file() as output:
        try:
            result = await run_command(command, output)
        except WorkspaceError as error:
            raise ToolFailed(str(error)) from error
        written = os.fstat(output.fileno()).st_size
        data = os.pread(output.fileno(), min(written, limit), 0)
    return Found(data, result.ending is Ending.EXITED and written <= limit, result.exit_code)


def _in_a_memory(place: CodingDeps, target: Target) -> list[str]:
    """One that is kept out of git is ignored as a whole, and is to be searched all the same."""
    return ["--no-ignore"] if memory_of(place, target) is not None else []


def narrowed(glob: FileGlob | None) -> list[str]:
    """Arguments that leave out what cannot match. What is left is still to be tried with `Filter`."""
    if glob is None:
        return []
    hidden = ["--hidden", "--glob=!.git"] if glob.names_hidden else []
    types = [f"--type-add=wanted:{name}" for name in glob.names]
    return hidden + types + (["--type=wanted"] if types else [])


class Filter:
    """Tells which of the paths that ripgrep answers with are wanted.

    A pattern may be counted from the root or from the folder that is searched. Hidden files are not
    wanted unless the pattern names them or they were asked for by path (ripgrep shows them when their
    type is wanted).
    """

    def __init__(self, place: CodingDeps, target: Target, glob: FileGlob | None) -> None:
        self._start = "" if target.path == place.root else f"{_from_root(place, target)}/"
        self._glob = glob

    def wants(self, path: str) -> bool:
        below = path.removeprefix(self._start)
        if self._glob is None:
            return True
        if not self._glob.names_hidden and any(part.startswith(".") for part in below.split("/")):
            return path == self._start.removesuffix("/")
        return self._glob.matches(path, below)


async def in_thread(work: Callable[[], T]) -> T:
    """Megabytes of answers are read apart from the loop that serves the other runs."""
    return await anyio.to_thread.run_sync(work)


def path_of(raw: bytes) -> str:
    """A path as ripgrep wrote it: from the root, or absolute."""
    return os.fsdecode(raw).removeprefix("./")


def _from_root(place: CodingDeps, target: Target) -> str:
    """The path to search. Relative to the root, where ripgrep starts, so that its answers are too."""
    if target.path.is_relative_to(place.root):
        return str(target.path.relative_to(place.root))
    return str(target.path)


def _refuse_special(target: Target) -> None:
    found = target.path.stat()
    if not (target.path.is_dir() or target.path.is_file()):
        raise ToolFailed(f"{target.shown!r} is neither a file nor a folder (mode {found.st_mode:o}).")


@cache
def _program() -> str:
    """The program that the `ripgrep` wheel brought, beside this interpreter, or the machine's own."""
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if found := shutil.which("rg", path=folder):
            return found
    if found := shutil.which("rg"):
        return found
    raise ToolFailed("ripgrep (`rg`) is not installed, so there is no searching with grep or find.")
