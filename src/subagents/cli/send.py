"""`subagents send "@handle message"`: steers the agent that works, resumes the one that ended, starts another."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, assert_never

import typer

from subagents.cli.options import prompt_of
from subagents.cli.place import agents_of, folder_at, project_here
from subagents.cli.reach import OwnerLeft, act, ask, goes_on_there, within_reach
from subagents.cli.seen import Seen, find
from subagents.cli.steer import leave_message, tell_receipt
from subagents.errors import NotNow, RunNotFound, UnknownAgent
from subagents.language import _
from subagents.places import Project
from subagents.runs.mentions import Mention, ToMain, ToRun, ToType, addressee, label, mention_of
from subagents.runs.state import RunState
from subagents.texts import quoted

HELP = _(
    """Send a message to an agent by its name.

    A run of that name is steered with it while it works, and resumed with it when it has ended. Where none ever ran,
    and there is such an agent, it is started with the message as its prompt. What goes on or is started works in the
    foreground, as with `run`.

    \b
      subagents send @explore look at the tests too
    """
)


def send(words: Annotated[list[str], typer.Argument(metavar="MESSAGE", hidden=True)]) -> int:
    mention, project = _mention(prompt_of(" ".join(words))), project_here()
    match addressee(mention, lambda name: _called(project, name), _types(project)):
        case None:
            raise _nobody(project, mention)
        case ToMain():
            raise NotNow(_("There is no main conversation here; name an agent, as in: @explore …"))
        case ToRun(run, message):
            return _to_run(project, run, message)
        case ToType(agent, message):
            return _started(agent, message)
        case other:
            assert_never(other)


def _mention(text: str) -> Mention:
    if (mention := mention_of(text)) is None:
        said = _('{text!r} names nobody; begin with @, a name and a blank: subagents send "@explore …"')
        raise typer.BadParameter(said.format(text=label(text)))
    return mention


def _called(project: Project, name: str) -> RunState | None:
    """The run with exactly this handle or id; of a handle the newest that has it."""
    try:
        run = find(project, name)[0].run
    except RunNotFound:
        return None
    return run if name in (run.handle, run.id) else None


def _types(project: Project) -> list[str]:
    from subagents.settings.layers import layered

    return [] if layered(project).settings.agent_mentions == "off" else agents_of(project).names()


def _nobody(project: Project, mention: Mention) -> UnknownAgent:
    text = _(
        "Nobody is called {name}: no run has this handle or id (see: subagents ps --all), and no agent that a "
        "mention may start (see: subagents agents) this name. There are: {names}."
    )
    names = _types(project)
    told = text.format(name=quoted(mention.handle), names=", ".join(names) or _("none"))
    return UnknownAgent(told, name=mention.handle)


def _to_run(project: Project, run: RunState, message: str) -> int:
    def told(seen: Seen) -> int:
        """It may end in this moment: its owner decides what the message then means."""
        sent = ask(project, seen, "send", text=f"@{seen.run.id} {message}")
        if sent["receipt"] is not None:
            return tell_receipt(project, seen, sent["receipt"], message, wait=False)
        return goes_on_there(seen)

    def unowned(seen: Seen) -> int:
        if not seen.run.status.ended:
            return leave_message(project, seen, message)
        if seen.owner is not None:
            with suppress(OwnerLeft):
                return told(seen)
        from subagents.cli.foreground import Display, resume_in_foreground

        return resume_in_foreground(Path(project.root), seen.folder.id, seen.run.id, message, Display())

    return act(project, within_reach(project, run.id), owned=told, unowned=unowned)


def _started(agent: str, message: str) -> int:
    from subagents.cli.foreground import Display, run_in_foreground
    from subagents.spec import AskedBy, SpawnRequest

    folder = folder_at()
    request = SpawnRequest(
        agent=agent,
        prompt=message,
        description=label(message),
        cwd=str(folder),
        asked_by=AskedBy.PERSON,
    )
    return run_in_foreground(folder, request, Display())
