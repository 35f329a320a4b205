"""Whether a run may go on where a project's file names what executes it."""

from __future__ import annotations

from collections.abc import Iterator

from subagents.definitions.model import Scope
from subagents.errors import SpawnRefused
from subagents.runtime.surroundings import Surroundings
from subagents.settings.possible import SCRIPT
from subagents.spec import AskedBy, DefinitionSource, RunSpec


def refuse_untrusted(run: str, spec: RunSpec, around: Surroundings, *, trusts: bool, by: AskedBy) -> None:
    """A run keeps what its file said when it was spawned, and needs trust in that once more: it may have been given for
    once, or taken back, and the file may have changed. Raises `SpawnRefused`.

    `trusts`: whoever goes on with it trusts it this time, which only people can, and programs that are no agent's.
    """
    given = trusts and by in (AskedBy.PERSON, AskedBy.PROGRAM) and around.outer is None
    for source, what in _named(spec):
        if source.scope == Scope.PROJECT and not given and not around.is_trusted(source, spec.project):
            raise SpawnRefused(
                f"Run {run!r} has {what}, as {source.path} said when it began, and you do not trust this file, or it "
                f'has changed since. Go on with it once: subagents resume --trust {run} "…"; or run {spec.agent!r} '
                "anew."
            )


def _named(spec: RunSpec) -> Iterator[tuple[DefinitionSource, str]]:
    """Each file that names something which is carried out, and what, as the object of a sentence."""
    if spec.source is not None and (what := _executed(spec)):
        yield spec.source, what
    if spec.servers_file is not None:
        yield spec.servers_file, "its MCP servers started"


def _executed(spec: RunSpec) -> str:
    """What of the definition's is carried out without a model having been asked, as the object of a sentence."""
    if spec.command is not None:
        return f"the program {' '.join(spec.command.command)[:200]!r} execute it"
    if spec.decided.get("model") == "definition" and spec.asked_model.strip().startswith(SCRIPT):
        return f"{spec.asked_model.strip()!r} answer"
    if spec.mcp_servers:
        return f"the MCP servers {', '.join(spec.mcp_servers)} started"
    return ""
