"""`subagents serve`: the project's host, in the foreground or detached."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from subagents.cli.place import project_here
from subagents.cli.streams import answer_json, say, tell
from subagents.clock import SystemClock
from subagents.errors import SessionLocked
from subagents.language import _
from subagents.places import Project

HELP = _(
    """Be the host of this project: the process in which agents go on when whoever began them has left.

    `subagents mcp` and `subagents spawn` start one by themselves where there is none, and it ends by itself when
    nothing runs in it and nobody is connected (the setting host_idle_seconds). In the foreground it stays until
    Ctrl-C.

    Examples:

    \b
      subagents serve --detach
      subagents serve --status
      subagents serve --stop
    """
)

ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BOUND = 15.0  # seconds that a host has to answer

Detach = Annotated[bool, typer.Option("--detach", "-d", help=_("Start it in the background and end."))]
Status = Annotated[bool, typer.Option("--status", help=_("Print what there is of a host, as JSON."))]
Stop = Annotated[
    bool,
    typer.Option("--stop", help=_("Have it finish: it takes nothing new, and ends when its agents have.")),
]


def serve(detach: Detach = False, status: Status = False, stop: Stop = False) -> int:
    if detach + status + stop > 1:
        raise typer.BadParameter(_("--detach, --status and --stop are three things; give one of them."))
    project = project_here()
    if detach:
        return _detach(project)
    if status or stop:
        return _status(project) if status else _stop(project)
    return _in_foreground(project)


def serve_detached(ready: str) -> int:
    """As `starting.py` calls it: goes on as a process of its own, and writes its socket's path to the file descriptor
    `ready` when it can be connected to."""
    file = int(ready)
    if os.fork():
        os._exit(0)  # who started it waits for this half, and so is left with no dead child
    os.setsid()
    logging.basicConfig(format="%(asctime)s %(message)s")

    def say_ready(path: Path) -> None:
        os.write(file, os.fsencode(path) + b"\n")
        os.close(file)

    try:
        return _host(project_here(), say_ready, stays=False)
    except SessionLocked:
        return 0  # another was faster, and whoever started this one finds it


def _in_foreground(project: Project) -> int:
    def say_ready(path: Path) -> None:
        text = _("Host of {project}: process {pid}, socket {path}. Ctrl-C ends it and what runs in it.")
        say(text.format(project=project.root, pid=os.getpid(), path=path))

    return _host(project, say_ready, stays=True)


def _host(project: Project, ready: Callable[[Path], None], *, stays: bool) -> int:
    import anyio

    anyio.run(_until_told, project, ready, stays)
    return 0


async def _until_told(project: Project, ready: Callable[[Path], None], stays: bool) -> None:
    """Until it is idle or retired, or a signal ends it in good order."""
    import anyio

    from subagents.own_tasks import own_tasks
    from subagents.serve.host.process import serve

    with anyio.open_signal_receiver(*ENDED_BY) as signals:
        async with own_tasks() as tasks:

            async def end() -> None:
                async for _arrived in signals:
                    tasks.cancel_scope.cancel()

            tasks.start_soon(end)
            await serve(project, SystemClock(), ready=ready, stays=stays)
            tasks.cancel_scope.cancel()


def _detach(project: Project) -> int:
    from subagents.serve.host.starting import connected

    connected(project).close()
    return _status(project)


def _status(project: Project) -> int:
    import json

    answer_json(json.dumps(_asked(project, "ping"), indent=2))
    return 0


def _stop(project: Project) -> int:
    _asked(project, "retire")
    tell([_("It takes nothing new, and ends when its agents have; see them with: subagents ps")])
    return 0


def _asked(project: Project, method: str) -> Any:
    """Raises `SessionError` where there is no host."""
    from subagents.cli.host import ask_host
    from subagents.serve.host.starting import connected

    with connected(project, start=False) as line:
        return ask_host(project, line, method, {}, BOUND)
