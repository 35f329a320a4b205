"""`subagents spawn`: begins an agent that goes on by itself, and prints its id. Hot, so it needs neither typer nor a
model library: the project's host does what is left to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subagents.cli.place import folder_at
from subagents.cli.streams import answer, answer_json, say
from subagents.language import _
from subagents.places import project_at

if TYPE_CHECKING:
    from subagents.spec import SpawnRequest

TIMEOUT = 60.0  # seconds; a model's list may have to be asked for first

HELP = _(
    """Begin an agent in the background and print its id.

    It goes on when this command has ended, in the project's host, which is started where there is none. The same as
    `subagents run --detach`, with the same options. Look at it with `subagents ps` and `subagents peek`, wait for it
    with `subagents result --wait`.

    Examples:

    \b
      subagents spawn Explore "where are retries handled?"
      id=$(subagents spawn -q reviewer "look at the last commit"); subagents result --wait $id
    """
)


def spawn_words(words: Sequence[str]) -> int:
    """The agent and its prompt, and nothing else."""
    agent, *rest = words
    prompt = sys.stdin.read() if rest == ["-"] else " ".join(rest)
    folder = folder_at()
    return _begin(
        folder, {"agent": agent, "prompt": prompt, "asked_by": "person"}, as_json=False, quiet=False
    )


def begin(folder: Path, request: SpawnRequest, *, as_json: bool, quiet: bool) -> int:
    """Has the host begin it, and returns the exit code. Raises `OwnerRefused`, or `SessionError` without an answer."""
    import msgspec

    asked = {
        name: value
        for name, value in msgspec.to_builtins(request).items()
        if value not in (None, "", False)
        or name == "output_schema"
        or (name == "inherit_context" and value is False)
    }
    return _begin(folder, asked, as_json=as_json, quiet=quiet)


def _begin(folder: Path, asked: Mapping[str, Any], *, as_json: bool, quiet: bool) -> int:
    from subagents.cli.host import ask_host
    from subagents.serve.host.starting import connected, own_environment

    project = project_at(folder)
    place = {"folder": str(folder), "environment": own_environment()}
    with connected(project, timeout=TIMEOUT) as line:
        look = _("Look for the run with: subagents ps")
        begun = ask_host(project, line, "spawn", {**asked, **place}, TIMEOUT, look)
    if as_json:
        answer_json(json.dumps(begun, ensure_ascii=False, indent=2))
        return 0
    answer(begun["run"])
    if not quiet:
        say(*begun["notes"])
        text = _("{handle} goes on in the background; wait for it with: subagents result --wait {id}")
        say(text.format(handle=begun["handle"], id=begun["run"]))
    return 0
