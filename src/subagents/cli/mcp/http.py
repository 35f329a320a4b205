"""`subagents mcp --http`: the project's host also answers MCP clients over HTTP on this machine, until this ends."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from subagents.cli.host import ask_host
from subagents.cli.place import folder_at
from subagents.cli.streams import answer, say
from subagents.errors import SessionError
from subagents.language import _
from subagents.places import project_at
from subagents.serve.host.starting import connected, own_environment

TRIES = 5  # hosts that may die over it
BOUND = 60.0  # seconds that a host may take to listen: it imports the server first
# Ctrl-C too: a shell has what it starts in the background ignore it.
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve_http(folder: str, port: int, *, new: bool) -> int:
    """Until Ctrl-C. A host that ends meanwhile is replaced, and the address stays the same."""
    where, told = folder_at(folder), ""
    with _signals_end_it():
        try:
            while True:
                line, listening = _listening(where, port, new=new)
                with line:
                    port, new = int(listening["port"]), False
                    if listening["url"] != told:
                        told = listening["url"]
                        _tell(told, listening["token"])
                    _until_it_ends(line)
                    say(_("The host ended; another one takes its place."))
        except KeyboardInterrupt:
            return 0


def _listening(folder: Path, port: int, *, new: bool) -> tuple[socket.socket, Any]:
    """The line that keeps it open, and what the host says. One that dies at just this moment is replaced as well."""
    project, tries = project_at(folder), TRIES
    asked = {"port": port, "folder": str(folder), "environment": own_environment(), "new": new}
    while True:
        line, tries = connected(project, timeout=BOUND), tries - 1
        try:
            return line, ask_host(project, line, "http", asked, BOUND)
        except SessionError as error:
            line.close()
            if not (tries and isinstance(error.__cause__, OSError)):
                raise
        except BaseException:
            line.close()
            raise


def _until_it_ends(line: socket.socket) -> None:
    """The host answers over HTTP as long as this connection is open."""
    try:
        while line.recv(4096):
            pass
    except OSError:
        return


def _tell(url: str, token: str) -> None:
    """The address on standard output, and how a client is told of it."""
    answer(url)
    say(
        _("MCP over HTTP, for programs on this machine that have the token. Ctrl-C ends it; agents go on."),
        _("Claude Code, for example:"),
        f'  claude mcp add --transport http subagents {url} --header "Authorization: Bearer {token}"',
    )


@contextmanager
def _signals_end_it() -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in ENDED_BY}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
