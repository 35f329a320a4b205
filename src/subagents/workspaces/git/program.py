"""The one way to call git: told where everything is, without a shell, hooks, prompts or surprises, and bounded.

A repository's own folder tells a git that is started in it what to run (`core.fsmonitor`, hooks, a `.git` file that
leads elsewhere), and an agent may have written there. So git is never left to find out where it is, and what would
make it run something is switched off on its command line, which beats every file.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import anyio
from anyio.abc import Process

from subagents.errors import GitFailed
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.processes.variables import command_environment

HEADS = "refs/heads/"  # what the whole name of a branch begins with
#: The first git that merges in memory (`git merge-tree --write-tree`, Documentation/RelNotes/2.38.0.txt).
MERGES_IN_MEMORY = (2, 38)

SECONDS = 30.0  # that a call may take that only looks
LONG = 300.0  # seconds for one that writes as many files as there are
MOST = 256_000_000  # bytes of output; a million long names fit
MOST_SAID = 500  # characters of git's complaint in a sentence
LOOK = 0.5  # seconds between two looks at how much has been written
REAPED = 5.0  # seconds that the kernel is given to end a process

#: What git says when it meets a worktree which another git is making in this moment. It reads what worktrees there are
#: before it does anything, so it can be started again. Seen at one of 70 additions with ten at once (git 2.39).
HALF_MADE = re.compile(rb"failed to read .*commondir")
#: Those that read them.
OF_WORKTREES = frozenset({"worktree", "for-each-ref"})
#: Seconds before each new start. The file that is missed is there after less than the first, but for a busy machine.
PAUSES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

#: What is not known to be harmless is off. `-c` beats the files of user and repository, and reaches git's own children.
SETTINGS = (
    *("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.untrackedCache=false", "core.pager=cat"),
    *("core.trustctime=true", "core.checkStat=default", "core.askPass=", "credential.helper="),
    *("gc.auto=0", "maintenance.auto=false", "submodule.recurse=false", "status.submoduleSummary=false"),
    *(
        "core.splitIndex=false",
        "advice.addEmbeddedRepo=false",
        "advice.updateSparsePath=false",
        "i18n.commitEncoding=UTF-8",
    ),
    *("commit.gpgSign=false", "log.showSignature=false", "diff.external=", "diff.renames=false"),
    "protocol.ext.allow=never",
)

#: Over the environment that every command gets, which has no `GIT_` of the outer one.
VARIABLES = {
    "LC_ALL": "C",
    "LANGUAGE": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_PROXY_COMMAND": "",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ADVICE": "0",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One start of git. `seconds` bounds it, `most` the bytes that it may write."""

    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    stdin: bytes = b""
    seconds: float = SECONDS
    most: int = MOST


@dataclass(frozen=True, slots=True)
class Answer:
    """What git wrote, and its exit code as a shell tells it; None when it was ended for its time or its output."""

    code: int | None
    output: bytes = b""
    errors: bytes = b""


Execute = Callable[[Call], Awaitable[Answer]]


def git_environment(outer: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every git of ours: the harmless part of `outer`, nothing that leads git anywhere."""
    return command_environment(os.environ if outer is None else outer, VARIABLES)


async def execute(call: Call) -> Answer:
    """Starts it, and waits for its end. Output goes to files: a pipe stays open as long as whoever inherited it.

    Raises `OSError` if it cannot be started. Cancelled, it is ended first.
    """
    with TemporaryFile() as stdin, TemporaryFile() as output, TemporaryFile() as errors:
        stdin.write(call.stdin)
        stdin.seek(0)
        process = await anyio.open_process(
            call.argv,
            cwd=call.folder,
            env=call.environment,
            stdin=stdin if call.stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        code = None
        try:
            code = await _until_over(process, call, output)
        finally:
            if code is None:
                await _end(process)
        return Answer(code, _read(output, call.most), _read(errors, call.most))


async def _until_over(process: Process, call: Call, output: BinaryIO) -> int | None:
    """Its exit code; None once its time is up or it has written too much."""
    deadline = anyio.current_time() + call.seconds
    while anyio.current_time() < deadline and os.fstat(output.fileno()).st_size <= call.most:
        with anyio.move_on_at(min(anyio.current_time() + LOOK, deadline)):
            code = await process.wait()
            return 128 - code if code < 0 else code
    return None


async def _end(process: Process) -> None:
    """Ends it with all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with anyio.CancelScope(shield=True), anyio.move_on_after(REAPED):
        await process.wait()


def _read(file: BinaryIO, most: int) -> bytes:
    return os.pread(file.fileno(), most + 1, 0)


@dataclass(frozen=True)
class Git:
    """git for one repository, and one working tree of it.

    `git_dir` is what git keeps for this tree, and `common` what all trees of the repository share, which for the
    main one is the same. `work_tree` None is for calls that need no files. `settings` are more of `SETTINGS`.
    """

    git_dir: Path
    common: Path
    work_tree: Path | None = None
    environment: Mapping[str, str] = field(default_factory=git_environment)
    settings: tuple[str, ...] = ()
    execute: Execute = execute

    async def __call__(
        self, *arguments: str, stdin: bytes = b"", seconds: float = SECONDS, fine: tuple[int, ...] = (0,)
    ) -> bytes:
        """What it wrote. Raises `GitFailed` for an exit code that is not `fine`, and when it was too slow."""
        return (await self.answer(*arguments, stdin=stdin, seconds=seconds, fine=fine)).output

    async def answer(
        self, *arguments: str, stdin: bytes = b"", seconds: float = SECONDS, fine: tuple[int, ...] = (0,)
    ) -> Answer:
        """The same with its exit code, for calls that answer with that."""
        call = Call(self._argv(arguments), self.folder, self._environment(), stdin, seconds)
        execute = partial(patiently, self.execute) if arguments[0] in OF_WORKTREES else self.execute
        return await answered(execute, call, arguments, fine)

    @property
    def folder(self) -> Path:
        """Where it is started: in the tree while there is one."""
        return self.work_tree if self.work_tree is not None else self.common

    def with_variables(self, **variables: str) -> Git:
        """The same with more in its environment."""
        return replace(self, environment={**self.environment, **variables})

    def writing_to(self, objects: Path, *others: Path) -> Git:
        """The same that writes objects there, and sees the repository's and those of `others` besides."""
        seen = dict.fromkeys((self.common / "objects", *others))
        return self.with_variables(
            GIT_OBJECT_DIRECTORY=str(objects),
            GIT_ALTERNATE_OBJECT_DIRECTORIES=":".join(map(alternate, seen)),
        )

    def with_index(self, index: Path) -> Git:
        """The same with an index of ours."""
        return self.with_variables(GIT_INDEX_FILE=str(index))

    def without_tree(self) -> Git:
        """The same for calls that need no files, where there are none (any more)."""
        return replace(self, work_tree=None)

    def _argv(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        tree = () if self.work_tree is None else (f"--work-tree={self.work_tree}",)
        return (*command(self.settings), f"--git-dir={self.git_dir}", *tree, *arguments)

    def _environment(self) -> Mapping[str, str]:
        # An agent may write where its tree's `commondir` stands; the variable beats the file.
        return {**self.environment, "GIT_COMMON_DIR": str(self.common)}


def command(settings: tuple[str, ...] = ()) -> tuple[str, ...]:
    """How each command line begins."""
    return ("git", "--no-pager", *(part for each in (*SETTINGS, *settings) for part in ("-c", each)))


async def version_of(git: Git) -> tuple[int, ...]:
    """The first two numbers of git's own version; (0,) where it tells none."""
    said = (await git("version")).decode(errors="replace")
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0,)


def alternate(path: Path) -> str:
    """A path in a list of object directories, where a colon divides and quotes hold together (git(1))."""
    text = str(path)
    if ":" not in text and not text.startswith('"'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


async def patiently(execute: Execute, call: Call) -> Answer:
    """The answer, when it is not only that a worktree was half made."""
    for pause in PAUSES:
        answer = await execute(call)
        if not answer.code or not HALF_MADE.search(answer.errors):
            return answer
        await anyio.sleep(pause)
    return await execute(call)


async def answered(execute: Execute, call: Call, arguments: tuple[str, ...], fine: tuple[int, ...]) -> Answer:
    """What a call came to. Raises `GitFailed` where that is not `fine`."""
    name = " ".join(arguments[:2])
    try:
        answer = await execute(call)
    except (OSError, ValueError) as error:
        sentence = _("git could not be started in {folder!r}: {error}.")
        raise GitFailed(sentence.format(folder=storable(str(call.folder)), error=error)) from error
    if answer.code is None:
        sentence = _("`git {name}` was ended: it took more than {seconds:g} seconds, or wrote too much.")
        raise GitFailed(sentence.format(name=name, seconds=call.seconds))
    if answer.code not in fine:
        said = complaint(answer.errors)
        sentence = _("`git {name}` failed with exit code {code}: {said}")
        raise GitFailed(sentence.format(name=name, code=answer.code, said=said), code=answer.code, said=said)
    return answer


def complaint(errors: bytes) -> str:
    """What git said went wrong, as the end of a sentence."""
    text = " ".join(errors.decode(errors="replace").split())
    shown = text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"
    return shown or _("it said nothing.")
