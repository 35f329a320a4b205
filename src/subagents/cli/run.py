"""`subagents run`: one agent in the foreground."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.options import (
    AsJson,
    Events,
    Quiet,
    context_of,
    one_output,
    prompt_of,
    schema_of,
    seconds_of,
)
from subagents.cli.place import agents_of, folder_at
from subagents.definitions.catalog import AgentCatalog
from subagents.errors import UnknownAgent
from subagents.language import _
from subagents.places import project_at

DEFAULT_AGENT = "general-purpose"
MOST_PROBLEMS = 3  # of a broken definition that an error tells
OFFLINE_AGENT = "Explore"  # the only one whose work the offline model can do

HELP = _(
    """Run one agent and wait for its answer.

    The answer, and nothing else, goes to standard output; what the agent is doing is shown on standard error.
    Without AGENT the general-purpose agent answers, or where no model is configured, Explore. A PROMPT of - is
    read from standard input.

    The exit code says how it ended: 0 it answered, 1 it failed, 2 it was not begun, 3 it was stopped, by somebody
    or by a limit, 4 it was interrupted, 130 you pressed Ctrl-C. Whatever it had found by then is kept.

    Examples:

    \b
      subagents run Explore "where are retries handled?"
      subagents run --timeout 5m --schema answer.json "list the public functions"
      git diff | subagents run reviewer -
    """
)


Words = Annotated[list[str], typer.Argument(metavar="PROMPT", hidden=True)]
Model = Annotated[
    str,
    typer.Option(metavar="MODEL", help=_("What answers: opus, provider:id, offline, script:FILE.yaml.")),
]
Thinking = Annotated[
    str, typer.Option(metavar="LEVEL", help=_("How hard it thinks: off, minimal, low, medium, high …"))
]
Cwd = Annotated[str, typer.Option(metavar="FOLDER", help=_("Work there instead of here."))]
Schema = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|JSON", help=_("A JSON Schema that the answer must fit; it is printed as JSON.")
    ),
]
MaxTurns = Annotated[
    int | None, typer.Option(metavar="N", help=_("Ask it to finish after so many turns; 0 is no limit."))
]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", help=_("Stop it after so many tokens; at 80 %, ask it to finish."))
]
MaxCost = Annotated[
    float | None,
    typer.Option(metavar="USD", help=_("Stop it after so many dollars; at 80 %, ask it to finish.")),
]
Timeout = Annotated[
    str,
    typer.Option(metavar="TIME", help=_("Stop it after 90, 5m, 1h30m; shortly before, ask it to finish.")),
]
Isolation = Annotated[
    str,
    typer.Option(
        metavar="worktree|off", help=_("Work in a git worktree of its own, or in the folder itself.")
    ),
]
Base = Annotated[
    str,
    typer.Option(metavar="BASE", help=_("What a worktree begins with: head, default-branch, snapshot.")),
]
Context = Annotated[
    str, typer.Option(metavar="FILE", help=_("A conversation, as text, that it knows when it begins."))
]
Inherit = Annotated[
    bool,
    typer.Option(
        "--no-inherit-context", help=_("Begin with the prompt alone, whatever the agent's file says.")
    ),
]
Trust = Annotated[
    bool, typer.Option("--trust", help=_("Run what the agent's file names, as the file is now, this once."))
]
Detach = Annotated[
    bool,
    typer.Option("--detach", "-d", help=_("Begin it, print its id and end; it goes on in the background.")),
]


def run(
    words: Words,
    model: Model = "",
    thinking: Thinking = "",
    cwd: Cwd = "",
    schema: Schema = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    timeout: Timeout = "",
    isolation: Isolation = "",
    base: Base = "",
    context: Context = "",
    no_inherit: Inherit = False,
    trust: Trust = False,
    detach: Detach = False,
    as_json: AsJson = False,
    events: Events = False,
    quiet: Quiet = False,
) -> int:
    from subagents.cli.foreground import Display, run_in_foreground
    from subagents.cli.spawn import begin
    from subagents.spec import AskedBy, SpawnRequest

    one_output(as_json, events)
    _refuse_together(context=context, no_inherit=no_inherit, detach=detach, events=events)
    folder = folder_at(cwd)
    agent, prompt = agent_and_prompt(words, folder, model)
    request = SpawnRequest(
        agent=agent,
        prompt=prompt_of(prompt),
        model=model,
        thinking=thinking,
        output_schema=schema_of(schema) if schema is not None else None,
        max_turns=max_turns,
        max_tokens=max_tokens,
        max_cost=max_cost,
        max_seconds=seconds_of(timeout) if timeout else None,
        isolation=isolation,
        base=base,
        inherit_context=False if no_inherit else None,
        context=context_of(context) if context else "",
        cwd=str(folder),
        asked_by=AskedBy.PERSON,
        trust=trust,
    )
    if detach:
        return begin(folder, request, as_json=as_json, quiet=quiet)
    return run_in_foreground(folder, request, Display(as_json=as_json, events=events, quiet=quiet))


def spawn(
    words: Words,
    model: Model = "",
    thinking: Thinking = "",
    cwd: Cwd = "",
    schema: Schema = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    timeout: Timeout = "",
    isolation: Isolation = "",
    base: Base = "",
    context: Context = "",
    no_inherit: Inherit = False,
    trust: Trust = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    return run(
        words,
        model=model,
        thinking=thinking,
        cwd=cwd,
        schema=schema,
        max_turns=max_turns,
        max_tokens=max_tokens,
        max_cost=max_cost,
        timeout=timeout,
        isolation=isolation,
        base=base,
        context=context,
        no_inherit=no_inherit,
        trust=trust,
        detach=True,
        as_json=as_json,
        quiet=quiet,
    )


def _refuse_together(*, context: str, no_inherit: bool, detach: bool, events: bool) -> None:
    """Raises `typer.BadParameter` for options that contradict each other."""
    if context and no_inherit:
        raise typer.BadParameter(_("--context is what it inherits, and --no-inherit-context refuses that."))
    if detach and events:
        raise typer.BadParameter(
            _("--events is for a run that is watched; follow one with: subagents events -f")
        )


def agent_and_prompt(words: Sequence[str], folder: Path, model: str) -> tuple[str, str]:
    """Which of the words is the agent. A first word that is no agent's name but holds a blank is the prompt already.

    Raises `UnknownAgent`, and `typer.BadParameter` for an agent without a prompt.
    """
    first, rest = words[0], words[1:]
    if not rest and not first.strip():
        raise typer.BadParameter(_('The prompt is empty; say what is to be done: subagents run "…"'))
    if not rest and (first == "-" or " " in first.strip() or "\n" in first.strip()):
        return _default_agent(folder, model), first
    agent = _found(agents_of(project_at(folder)), first)
    if agent is None:
        return _default_agent(folder, model), " ".join(words)
    if not rest:
        text = _('What is {agent} to do? Add a prompt: subagents run {agent} "…"')
        raise typer.BadParameter(text.format(agent=agent))
    return agent, " ".join(rest)


def _found(agents: AgentCatalog, name: str) -> str | None:
    """The agent's exact name; None when the name is more than a word. Raises `UnknownAgent`."""
    try:
        return agents.find(name).name
    except UnknownAgent as error:
        if len(name.split()) > 1:
            return None
        if not (problems := _problems_of(agents, name)):
            raise
        raise UnknownAgent(
            " ".join([str(error), *problems]), name=error.name, nearest=error.nearest
        ) from error


def _problems_of(agents: AgentCatalog, name: str) -> list[str]:
    """What is wrong with files that would have been the agent of that name."""
    wanted = name.strip().casefold()
    told = [str(problem) for problem in agents.problems if Path(problem.path).stem.casefold() == wanted]
    return [_("It cannot be used: {problem}").format(problem=problem) for problem in told[:MOST_PROBLEMS]]


def _default_agent(folder: Path, model: str) -> str:
    """The one for everything, unless what answers is no language model."""
    import anyio

    from subagents.models.selection import INHERIT, OFFLINE, exact_model
    from subagents.models.wishes import default_here
    from subagents.settings.layers import layered

    settings = layered(project_at(folder)).settings
    named = ("" if model == INHERIT else model) or settings.model or exact_model("")
    # Where no variable opens a provider there may still be a local one.
    if named == OFFLINE and not (model or settings.model):
        named = anyio.run(default_here, settings).model
    return OFFLINE_AGENT if named == OFFLINE else DEFAULT_AGENT
