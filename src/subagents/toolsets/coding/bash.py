"""bash: one command line in a shell, with the folder remembered from call to call."""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import BinaryIO, assert_never

import anyio.to_thread
from pydantic_ai import RunContext

from subagents.errors import WorkspaceError
from subagents.toolsets.coding.command_bounds import refusal
from subagents.toolsets.coding.deps import CodingDeps, CommandStarted, FolderChanged, HasCoding
from subagents.toolsets.coding.excerpt import Excerpt, keep, temporary_file
from subagents.toolsets.coding.failures import ToolFailed, failure_as_answer
from subagents.toolsets.coding.files import encoded, plural
from subagents.toolsets.coding.paths import printable
from subagents.workspaces.processes.command import OUTPUT_LIMIT, Command, CommandResult, Ending, run_command

HEAD, TAIL = 10_000, 20_000
LONGEST_TIMEOUT = 3_600

# One argument of a program holds 128 KiB on Linux.
COMMAND_LIMIT = 100_000

# Says where the shell is when it ends, however it ends: by `exit`, by `set -e`, or at the end of a command
# that set a trap of its own. Only after an `exec`, or an `exit` with a trap of one's own, nothing is said
# and the folder stays as it was. The command is a parameter and no part of the script, so that no open
# quote or here-document in it can swallow the rest. One line, so that bash counts the command's lines right.
SCRIPT = (
    "trap 'command pwd -P 2>/dev/null >|/dev/fd/{fd} || :' EXIT; "
    '__command=$1; shift; eval "$__command"; '
    'set -- "$?"; command pwd -P 2>/dev/null >|/dev/fd/{fd} || :; exit "$1"'
)


@failure_as_answer
async def bash(ctx: RunContext[HasCoding], command: str, timeout: int = 120) -> str:
    """Run a command line in bash and get its output, stdout and stderr together. Each call is a new shell;
    only a `cd` is remembered for the next one, while the other tools still count paths from the workspace.
    Nothing can be typed into the command. What it leaves running in the background is ended when it
    returns, so a server lives for one call only. Of a long output the beginning and the end are shown.

    Args:
        command: The command line, or several lines.
        timeout: After so many seconds the command is ended (1 to 3600).
    """
    place = ctx.deps.coding
    _refuse_impossible(command)
    notes = await _back_to_an_existing_folder(place)
    _refuse_astray(command, place)
    seconds = min(max(timeout, 1), LONGEST_TIMEOUT)
    with temporary_file() as output, temporary_file() as whereabouts:
        result = await _run(place, command, seconds, output, whereabouts)
        text = await anyio.to_thread.run_sync(_shown, output, place.output_folder)
        notes += await _moved(place, whereabouts)
    return _answer(text, notes + _how_it_ended(result, seconds))


def _refuse_impossible(command: str) -> None:
    if "\0" in command:
        raise ToolFailed("the command holds a NUL character, which no command line can.")
    if len(encoded(command, "command")) > COMMAND_LIMIT:
        raise ToolFailed(
            f"the command is longer than {COMMAND_LIMIT:,} bytes. Write it to a file and run `bash FILE`."
        )


def _refuse_astray(command: str, place: CodingDeps) -> None:
    if place.bounds is not None and (why := refusal(command, place.folder, place.bounds)):
        raise ToolFailed(f"{why} Nothing of the command was run.")


async def _back_to_an_existing_folder(place: CodingDeps) -> list[str]:
    """If the remembered folder was removed, commands begin in the root again; what to say about it."""
    if place.folder.is_dir():
        return []
    if not place.root.is_dir():
        raise ToolFailed(f"the workspace {str(place.root)!r} is gone, so no command can run in it.")
    gone, place.folder = place.folder, place.root
    await place.report(FolderChanged(place.root))
    return [f"[the folder {_named(place, gone)} is gone; this ran in the workspace's root]"]


async def _run(
    place: CodingDeps, command: str, seconds: int, output: BinaryIO, whereabouts: BinaryIO
) -> CommandResult:
    async def on_start(pgid: int, started: str) -> None:
        await place.report(CommandStarted(command, pgid, started))

    fd = whereabouts.fileno()
    asked = Command(
        argv=[_shell(), "-c", SCRIPT.format(fd=fd), "bash", command],
        folder=place.folder,
        environment=place.environment,
        timeout=seconds,
        inherit=(fd,),
    )
    try:
        return await run_command(asked, output, on_start)
    except WorkspaceError as error:
        raise ToolFailed(str(error)) from error


@cache
def _shell() -> str:
    return shutil.which("bash") or "/bin/sh"


async def _moved(place: CodingDeps, whereabouts: BinaryIO) -> list[str]:
    """Remembers the folder that the shell was in at its end; what to say about it."""
    said = os.fsdecode(os.pread(whereabouts.fileno(), 65_536, 0))
    folder = Path(said.rstrip("\n").rpartition("\n")[2])
    if not said or folder == place.folder or not folder.is_dir():
        return []
    inside = folder.is_relative_to(place.root)
    if not inside:
        folder, outside = place.root, folder
        note = (
            f"[{printable(str(outside))} is outside the workspace; the next command begins in its root again]"
        )
    else:
        note = f"[the next command begins in {_named(place, folder)}]"
    if folder != place.folder:
        place.folder = folder
        await place.report(FolderChanged(folder))
    return [note]


def _named(place: CodingDeps, folder: Path) -> str:
    return "the workspace's root" if folder == place.root else printable(str(folder.relative_to(place.root)))


def _shown(output: BinaryIO, folder: Path | None) -> str:
    """The output, or its two ends with a line between them that says where the whole is."""
    excerpt = Excerpt.of(output, HEAD, TAIL)
    if not excerpt.characters:
        return excerpt.head + excerpt.tail
    cut = f"{plural(excerpt.characters, 'character')} / {plural(excerpt.lines, 'line')} left out"
    return f"{excerpt.head}\n[… {cut}{_where_the_rest_is(output, folder)} …]\n{excerpt.tail}"


def _where_the_rest_is(output: BinaryIO, folder: Path | None) -> str:
    if folder is None:
        return ""
    try:
        path = keep(output, folder, "bash", OUTPUT_LIMIT)
    except OSError as error:
        return f"; the whole output could not be kept: {error.strerror}"
    whole = "the whole output is"
    if os.fstat(output.fileno()).st_size > OUTPUT_LIMIT:
        whole = f"its first {OUTPUT_LIMIT // 1_000_000} MB are"
    return f"; {whole} in {path}"


def _how_it_ended(result: CommandResult, seconds: int) -> list[str]:
    match result.ending:
        case Ending.TIMED_OUT:
            return [f"[timed out after {seconds}s; the command and what it had started were ended]"]
        case Ending.TOO_MUCH_OUTPUT:
            return [f"[ended, because it had written more than {OUTPUT_LIMIT // 1_000_000} MB]"]
        case Ending.EXITED:
            return _left_behind(result.left_behind) + _exit_code(result.exit_code)
        case _:
            assert_never(result.ending)


def _left_behind(count: int) -> list[str]:
    processes = plural(count, "background process", "background processes")
    return [f"[{processes} that it left running {'was' if count == 1 else 'were'} ended]"] if count else []


def _exit_code(code: int | None) -> list[str]:
    return [f"[exit code {code}]"] if code else []


def _answer(text: str, notes: list[str]) -> str:
    parts = [text.removesuffix("\n")] if text else []
    return "\n".join(parts + notes) or "[no output]"
