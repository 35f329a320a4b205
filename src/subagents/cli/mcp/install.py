"""`subagents mcp install CLIENT`: enters our server in the file where a client keeps its MCP servers."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from subagents import atomic
from subagents.cli.exits import Exit
from subagents.cli.place import folder_at
from subagents.cli.streams import answer, say, tell
from subagents.contents import first_bytes
from subagents.errors import SettingsFileError
from subagents.language import _
from subagents.places import project_at
from subagents.serve.installing.clients import CLIENTS, Client, Command, Scope, Where
from subagents.serve.installing.entering import Unusable, fitting, merged, snippet
from subagents.workspaces.processes.ancestry import started_in
from subagents.workspaces.processes.variables import RUN

HELP = _(
    """Enter subagents in the configuration of an agent that speaks MCP.

    The clients are claude-code, codex, gemini, opencode, cursor and vscode. Everything else in their file stays as it
    is. For the project where the client has a file for that, so that all who work on it have it; codex for you.

    \b
      subagents mcp install claude-code
      subagents mcp install gemini --user
      subagents mcp install vscode --print
    """
)

SCRIPT = "subagents"
MOST_BYTES = 64_000_000  # Claude Code keeps what it remembers of all projects in the same file

# What Claude Code and Codex accept as the name of a server.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def names_from(typed: str) -> list[str]:
    """For the shell's completion."""
    return [name for name in CLIENTS if name.startswith(typed)]


def install(
    client: Annotated[str, typer.Argument(metavar="CLIENT", hidden=True, autocompletion=names_from)],
    print_only: Annotated[
        bool, typer.Option("--print", help=_("Write nothing; print what belongs in which file."))
    ] = False,
    user: Annotated[bool, typer.Option("--user", help=_("For you, in all projects."))] = False,
    project: Annotated[bool, typer.Option("--project", help=_("For all who work on the project."))] = False,
    name: Annotated[str, typer.Option("--name", help=_("What the client calls it."))] = SCRIPT,
    force: Annotated[
        bool, typer.Option("--force", help=_("Replace another server that has the name."))
    ] = False,
) -> int:
    chosen = _client(client)
    _check(name)
    where = Where(_root(), Path.home(), os.environ)
    scope = _scope(chosen, user=user, project=project)
    command, remark = command_for_others(os.environ)
    path = _file(chosen, scope, where)
    chosen = _as_written(chosen, path)
    if print_only:
        answer(snippet(chosen, name, chosen.entry(command)))
        say(_("This belongs in {path}").format(path=path), remark)
        return Exit.COMPLETED
    if started_in(os.environ).get(RUN):
        raise SettingsFileError(_("An agent's command cannot change what other programs start; see --print."))
    within = where.root if scope is Scope.PROJECT else None
    if not _enter(chosen, path, name, command, force=force, within=within):
        tell([_("{title} has it already: {path}").format(title=chosen.title, path=path)])
        return Exit.COMPLETED
    entered = _("{title} starts {command}: {path}")
    tell([entered.format(title=chosen.title, command=_shown(command), path=path)])
    say(*filter(None, (remark, chosen.remark)))
    return Exit.COMPLETED


def command_for_others(environ: Mapping[str, str]) -> tuple[Command, str]:
    """What other programs can start, and what is to be said of it.

    The folder of an activated virtual environment is on the PATH of this terminal alone.
    """
    own = {Path(environ["VIRTUAL_ENV"], "bin")} if environ.get("VIRTUAL_ENV") else set()
    if sys.prefix != sys.base_prefix:
        own.add(Path(sys.prefix, "bin"))
    folders = [each for each in environ.get("PATH", "").split(os.pathsep) if Path(each).is_absolute()]
    others = os.pathsep.join(each for each in folders if Path(each) not in own)
    if others and (found := shutil.which(SCRIPT, path=others)):
        return Command(SCRIPT, ("mcp",)), _("{name} is on PATH: {path}").format(name=SCRIPT, path=found)
    remark = _(
        "Other programs do not find {name} on PATH, so the path of this one is used, on this machine alone."
    )
    script = Path(sysconfig.get_path("scripts"), SCRIPT)
    if script.is_file():
        return Command(str(script), ("mcp",)), remark.format(name=SCRIPT)
    return Command(sys.executable, ("-m", "subagents", "mcp")), remark.format(name=SCRIPT)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        text = _("{name!r} cannot be the name of a server; use letters, digits, - and _.")
        raise typer.BadParameter(text.format(name=name))


def _client(name: str) -> Client:
    if (found := CLIENTS.get(name)) is None:
        text = _("{name!r} is no client that is known here; there are {known}.")
        raise typer.BadParameter(text.format(name=name, known=", ".join(CLIENTS)))
    return found


def _scope(client: Client, *, user: bool, project: bool) -> Scope:
    if user and project:
        raise typer.BadParameter(_("--user and --project name different files; choose one."))
    return Scope.USER if user else Scope.PROJECT if project else client.usual


def _root() -> Path:
    """Where a client looks for a project's file: in the worktree one is in, which need not be the main one."""
    here = Path(os.path.realpath(folder_at()))
    root = project_at(here).root
    if here.is_relative_to(root):
        return root
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _file(client: Client, scope: Scope, where: Where) -> Path:
    files = client.files(scope, where)
    return next((each for each in files if each.exists()), files[0])


def _shown(command: Command) -> str:
    return shlex.join([command.program, *command.arguments])


# --- the file


def _as_written(client: Client, path: Path) -> Client:
    """The client in the version of its file; as it is where that cannot be read, which is said when it is written."""
    with suppress(OSError, Unusable):
        return fitting(client, _text(path))
    return client


def _enter(
    client: Client, path: Path, name: str, command: Command, *, force: bool, within: Path | None
) -> bool:
    """False when it was there already. A link is followed, but a project's file not out of it (`within`).

    Raises `SettingsFileError`, and then nothing was changed.
    """
    entry, place = client.entry(command), Path(os.path.realpath(path))
    try:
        if within is not None and not place.is_relative_to(os.path.realpath(within)):
            raise Unusable(_("it is a link to {place}").format(place=place))
        place.parent.mkdir(parents=True, exist_ok=True)
        with atomic.alone_in(place.parent):
            found = merged(client, _text(place), name, entry)
            if not found.is_new:
                return False
            if found.before is not None:
                _replacing(client, path, name, found.before, force=force)
            atomic.replace(place, found.text.encode())
            return True
    except (Unusable, OSError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        text = _("{path} is left as it is: {why}. Put this into it yourself:\n\n{shown}")
        raise SettingsFileError(text.format(path=path, why=why, shown=snippet(client, name, entry))) from None


def _text(place: Path) -> str:
    try:
        raw = first_bytes(place, MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    if len(raw) > MOST_BYTES:
        raise Unusable(_("it is longer than {n:,} bytes").format(n=MOST_BYTES))
    if not os.access(place, os.W_OK):
        # Moving another file over it would get round its mode.
        raise PermissionError(errno.EACCES, _("it is write-protected"))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unusable(_("it is not UTF-8 text")) from None


def _replacing(client: Client, path: Path, name: str, before: Any, *, force: bool) -> None:
    """Shows what is to go. Raises `SettingsFileError` where nobody said that it may."""
    shown = snippet(client, name, before)
    if not force:
        text = _(
            "{path} has another server called {name!r}:\n\n{shown}\n"
            "Nothing was changed; replace it with --force, or call this one otherwise with --name."
        )
        raise SettingsFileError(text.format(path=path, name=name, shown=shown))
    say(_("This was there:"), "", shown)
