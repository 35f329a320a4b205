"""`subagents worktrees diff`: what a run changed, while it is at work and afterwards."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from subagents.cli.options import RunName
from subagents.cli.streams import answer, say
from subagents.cli.worktrees.here import Here
from subagents.language import _

if TYPE_CHECKING:
    from subagents.workspaces.putting_back.comparing import Form

HELP = _(
    """Show what a run changed, compared with the commit that it began at.

    Of a run at work its files as they are now, without touching what git keeps for it; of one that ended its
    branch. In a pipe it is a patch for `git apply`, byte for byte.
    """
)


def diff(
    name: RunName,
    stat: Annotated[bool, typer.Option("--stat", help=_("Only how much, file by file."))] = False,
    name_only: Annotated[bool, typer.Option("--name-only", help=_("Only the names of the files."))] = False,
) -> int:
    import anyio

    from subagents.workspaces.putting_back.comparing import Form, difference

    if stat and name_only:
        raise typer.BadParameter(_("--stat and --name-only are two ways to say it; choose one."))
    form = Form.STAT if stat else Form.NAMES if name_only else Form.PATCH
    _seen, contribution = Here().to_show(name)
    found = anyio.run(partial(difference, contribution, form))
    if not found:
        say(_("Run {id} has changed nothing so far.").format(id=contribution.run))
    elif not sys.stdout.isatty():
        sys.stdout.buffer.write(found)
        sys.stdout.flush()
    else:
        _show(found.decode(errors="replace"), form)
    return 0


def _show(text: str, form: Form) -> None:
    if form != "patch" or os.environ.get("NO_COLOR"):
        answer(text)
        return
    from rich.console import Console

    from subagents.sessions.transcript import printable
    from subagents.view.diff import coloured

    harmless = "\n".join(printable(line) for line in text.split("\n"))
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(coloured(harmless), end="")
