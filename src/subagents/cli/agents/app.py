"""`subagents agents`: which agents there are, what their files say, and which one fits a task."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from subagents.cli.agents import change, importing, new, validate
from subagents.cli.agents.given import places_of
from subagents.cli.agents.here import Here, Name, here
from subagents.cli.agents.seen import PLAIN_WIDTH, as_object, columns, details
from subagents.cli.options import prompt_of
from subagents.cli.streams import answer, answer_json, draw, say, width_of
from subagents.cli.usage import mount
from subagents.definitions.matching import Match, match
from subagents.errors import SubagentsError
from subagents.language import _, counted
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table

HELP = _(
    """List, check and change the agents there are.

    They come with the package, from your own folder, and from this project; those of Claude Code, Codex, Gemini CLI,
    opencode, pi and Copilot count too. Whatever is nearer to the project replaces what is further away.
    """
)
SHOW_HELP = _(
    """Show what an agent's file says, what is wrong with it, and its prompt.

    What the file leaves open is up to whoever starts the agent, its parent, or your settings.
    """
)
MATCH_HELP = _(
    """Say which agents fit a task, the best first, with a score from 0 to 1 and the reason.

    The words of the task are looked for in names, descriptions and capabilities; no model is asked. From 0.5 on an
    agent says clearly that this is what it is for. A TASK of - is read from standard input.
    """
)

commands = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help=_("Print it as JSON."))]


def list_agents(
    everything: Annotated[bool, typer.Option("--all", "-a", help=_("The disabled ones, too."))] = False,
    as_json: Json = False,
) -> int:
    now = here()
    shown = list(now.catalog) if everything else list(now.catalog.listed())
    if as_json:
        answer_json(json.dumps([as_object(each, body=False) for each in shown], ensure_ascii=False, indent=2))
        return 0
    if shown:
        width = width_of(sys.stdout)
        draw(table(columns(shown, width), width))
    say(*_remarks(now, len(shown)))
    return 0


def _remarks(now: Here, shown: int) -> Iterator[str]:
    if not shown:
        yield _("There are no agents here; `subagents agents new` makes one.")
    if hidden := len(now.catalog) - shown:
        yield counted(
            "{n} disabled one is not listed; --all lists it.",
            "{n} disabled ones are not listed; --all lists them.",
            hidden,
        )
    if troubled := len({problem.path for problem in now.problems}):
        yield counted(
            "{n} file has problems; `subagents agents validate` names them.",
            "{n} files have problems; `subagents agents validate` names them.",
            troubled,
        )


def show(name: Name, as_json: Json = False) -> int:
    now = here()
    found = now.find(name)
    agent = now.agent(found)
    if agent is None or agent.source is None:
        path = now.files.own_file(found)
        told = [str(problem) for problem in now.problems_of(str(path))]
        raise SubagentsError(_("{name} cannot be used. {why}").format(name=found, why="; ".join(told)))
    problems = now.problems_of(agent.source.path)
    if as_json:
        told_problems = [asdict(problem) for problem in problems]
        answer_json(json.dumps({**as_object(agent), "problems": told_problems}, ensure_ascii=False, indent=2))
        return 0
    draw(list(details(agent, width_of(sys.stdout) or PLAIN_WIDTH, places_of(agent, now.project))))
    if agent.body:
        answer(f"\n{agent.body}")
    if problems:
        say("", *map(str, problems))
    return 0


def match_agents(
    task: Annotated[list[str], typer.Argument(metavar="TASK", hidden=True)],
    most: Annotated[int, typer.Option(metavar="N", min=1, help=_("Name at most so many."))] = 10,
    as_json: Json = False,
) -> int:
    asked = prompt_of(" ".join(task))
    found = match(asked, here().catalog.listed())[:most]
    if as_json:
        answer_json(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    elif found:
        draw(table(_matches(found), width_of(sys.stdout)))
    else:
        say(_("No agent's name, description or capabilities share a word with that."))
    return 0


def _matches(found: list[Match]) -> list[Column]:
    return [
        Column(_("SCORE"), [f"{each.score:.2f}" for each in found], right=True),
        Column(_("NAME"), [fit(printable(each.name), 32) for each in found]),
        Column(_("REASON"), [printable(each.reason) for each in found]),
    ]


def _mount_all() -> None:
    mount(commands, "list", list_agents, usage="[--all] [--json]", text=_("List the agents there are."))
    mount(commands, "show", show, usage="NAME [--json]", text=SHOW_HELP)
    mount(commands, "match", match_agents, usage="TASK [OPTIONS]", text=MATCH_HELP)
    mount(commands, "validate", validate.validate, usage="[PATH…] [OPTIONS]", text=validate.HELP)
    mount(commands, "new", new.new, usage="[NAME] [OPTIONS]", text=new.HELP)
    mount(commands, "import", importing.import_, usage="SOURCE… [OPTIONS]", text=importing.HELP)
    mount(commands, "eject", change.eject, usage="NAME [OPTIONS]", text=change.EJECT_HELP)
    mount(commands, "enable", change.enable, usage="NAME", text=change.ENABLE_HELP)
    mount(commands, "disable", change.disable, usage="NAME [--user]", text=change.DISABLE_HELP)
    mount(commands, "reset", change.reset, usage="NAME [--yes]", text=change.RESET_HELP)
    mount(commands, "delete", change.delete, usage="NAME [--yes]", text=change.DELETE_HELP)


_mount_all()
