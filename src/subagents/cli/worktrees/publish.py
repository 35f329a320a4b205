"""`subagents worktrees push|pr`: a run's branch, shown to others."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from subagents.cli.agents.here import Yes, agreed
from subagents.cli.exits import Exit
from subagents.cli.options import RunName
from subagents.cli.streams import answer, say, tell
from subagents.cli.worktrees.here import Here
from subagents.errors import WorkspaceError
from subagents.language import _

if TYPE_CHECKING:
    from subagents.workspaces.putting_back.contribution import Contribution
    from subagents.workspaces.putting_back.publishing import Outgoing

PUSH_HELP = _(
    """Push a run's branch to a remote, after asking.

    With the keys and credential helpers that you have set for git. It never waits for a password, and runs no
    hooks; a pre-push hook that is skipped is named.
    """
)
PR_HELP = _(
    """Open a pull request for a run's branch, which was pushed before.

    With `gh`, where that is installed and the remote is GitHub's, after asking; else it prints the address of the
    page on which one is opened, for GitHub and GitLab.
    """
)

Remote = Annotated[
    str, typer.Option("--remote", metavar="NAME", help=_("The remote; origin."), show_default=False)
]


def push(name: RunName, remote: Remote = "origin", yes: Yes = False) -> int:
    import anyio

    from subagents.workspaces.putting_back import publishing

    _contribution, going = _outgoing(name, remote)
    address = going.shown_address
    question = _("Push {branch} to {address}?").format(branch=going.branch, address=address)
    if not agreed(question, yes=yes):
        return Exit.COMPLETED
    anyio.run(partial(publishing.push, going))
    tell([_("Pushed {branch} to {address}.").format(branch=going.branch, address=address)])
    if going.skipped:
        say(_("The repository's {hook} hook was not run.").format(hook=going.skipped))
    return Exit.COMPLETED


def pr(
    name: RunName,
    remote: Remote = "origin",
    into: Annotated[
        str,
        typer.Option(
            "--into", metavar="BRANCH", help=_("The branch it is for; else the one that is checked out.")
        ),
    ] = "",
    yes: Yes = False,
) -> int:
    import anyio

    from subagents.workspaces.putting_back import publishing

    contribution, going = _outgoing(name, remote)
    program = publishing.gh_program(going)
    if not program:
        answer(anyio.run(partial(publishing.page, going, into)))
        sentence = _("Push it first, unless it is there already: subagents worktrees push {id}")
        say(sentence.format(id=contribution.run))
        return Exit.COMPLETED
    anyio.run(partial(_refuse_unpushed, going, contribution.run))
    question = _("Open a pull request for {branch} at {address}?")
    if not agreed(question.format(branch=going.branch, address=going.shown_address), yes=yes):
        return Exit.COMPLETED
    answer(anyio.run(partial(publishing.open_request, program, going, contribution, into, os.environ)))
    return Exit.COMPLETED


def _outgoing(name: str, remote: str) -> tuple[Contribution, Outgoing]:
    """What a run did, and where its branch is to go."""
    import anyio

    from subagents.workspaces.putting_back import publishing

    _seen, contribution = Here(acting=True).to_act_on(name)
    return contribution, anyio.run(partial(publishing.outgoing, contribution, remote))


async def _refuse_unpushed(going: Outgoing, run: str) -> None:
    from subagents.workspaces.putting_back import publishing

    if not await publishing.is_pushed(going):
        sentence = _(
            "{branch} is not at {address} as it is here; push it first: subagents worktrees push {run}"
        )
        raise WorkspaceError(sentence.format(branch=going.branch, address=going.shown_address, run=run))
