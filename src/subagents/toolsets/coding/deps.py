"""What the tools need of the run that calls them, and what they report of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from subagents.toolsets.coding.bounds import Bounds

if TYPE_CHECKING:
    from pydantic_ai.workspaces import Workspace


@dataclass(frozen=True)
class CommandStarted:
    """A command is about to begin in the process group `pgid`, whose leader began at `started`."""

    command: str
    pgid: int
    started: str


@dataclass(frozen=True)
class FolderChanged:
    """From now on commands of this run begin in `folder`."""

    folder: Path


@dataclass(frozen=True)
class FileChanged:
    """A file tool wrote `path` (counted from the root).

    `before` and `after` are the SHA-256 of its bytes in hexadecimal; `before` is None for a new file. The
    lines `first_line` to `last_line` of the new text are those that were written, both 0 if none is left.
    """

    path: str
    before: str | None
    after: str
    first_line: int
    last_line: int


CodingUpdate = CommandStarted | FolderChanged | FileChanged


@dataclass(frozen=True)
class Objection:
    """Why a file should not be written now, in a sentence for the model; `refuses` tells that it is not."""

    text: str
    refuses: bool


class Preflight(Protocol):
    """Looks before a file is written that others may have changed. Paths are counted from the root, as in
    `FileChanged`; hashes are SHA-256 in hexadecimal, None for a file that is not there.

    `saw` is told what was read and written. `ready` waits, within a bound, while the file is in others' hands, if that
    is wanted. In `alone_with`, which one call at a time enters for a file, `objection` answers what speaks against it;
    `whole` tells that nothing of what is there now will stay.
    """

    def saw(self, path: str, digest: str | None) -> None: ...

    async def ready(self, path: str) -> None: ...

    def alone_with(self, path: str) -> AbstractAsyncContextManager[None]: ...

    def objection(self, path: str, digest: str | None, *, whole: bool) -> Objection | None: ...


@dataclass
class MemoryPlace:
    """The folder of an agent's memory, absolute with its links followed, which may lie anywhere; whether the file tools
    write to it; and the digest of each file in it as the run last read or wrote it."""

    folder: Path
    writes: bool
    seen: dict[Path, str] = field(default_factory=dict)

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)


@dataclass
class CodingDeps:
    """The place that one run works in.

    `root` is absolute with its links followed, and `workspace` gives access to the files in it. `folder` is
    where the next command begins: bash moves it, always inside the root. `environment` is the whole
    environment of a command (`workspaces.variables.command_environment` makes one). The whole output of
    commands that wrote more than is shown is kept in `output_folder`, below any root, and may be read
    there; None says that it is not kept. `memory` is the agent's own and lies outside of what is otherwise written;
    `readable` are further folders and files that may be read, and `lent` the tools that reach only these and it.

    `report` is awaited before a tool goes on: `CommandStarted` before the command begins, the others
    after the fact. What it raises ends the call and is passed on. `preflight` None looks for nobody else. `bounds` are
    those of a worktree that commands are not to leave, None in the user's own folder.
    """

    root: Path
    workspace: Workspace
    folder: Path
    environment: Mapping[str, str]
    report: Callable[[CodingUpdate], Awaitable[None]]
    output_folder: Path | None = None
    memory: MemoryPlace | None = None
    readable: tuple[Path, ...] = ()
    lent: frozenset[str] = frozenset()
    preflight: Preflight | None = None
    bounds: Bounds | None = None

    @classmethod
    def local(
        cls,
        root: Path,
        *,
        environment: Mapping[str, str],
        report: Callable[[CodingUpdate], Awaitable[None]],
        output_folder: Path | None = None,
    ) -> CodingDeps:
        """A place on this machine's disk, commands beginning in its root."""
        from pydantic_ai.workspaces import LocalWorkspaceBackend, Workspace

        root = root.resolve()
        workspace = Workspace(LocalWorkspaceBackend(root))
        return cls(root, workspace, root, environment, report, output_folder and output_folder.resolve())


class HasCoding(Protocol):
    """What a run's dependencies must offer for its model to use the coding tools."""

    @property
    def coding(self) -> CodingDeps: ...
