"""Whether a run may begin, or go on, where a project's file names what executes it."""

from __future__ import annotations

from collections.abc import Iterator

from subagents.definitions.model import AgentDefinition, Scope
from subagents.errors import SpawnRefused
from subagents.runtime.surroundings import Surroundings
from subagents.settings.possible import SCRIPT
from subagents.spec import AskedBy, DefinitionSource, RunSpec, SpawnRequest


def refuse_untrusted_program(asked: SpawnRequest, definition: AgentDefinition, around: Surroundings) -> None:
    """What a project's file names is not executed before the user trusted that file as it is."""
    if definition.runner and (source := untrusted(asked, definition.source, around)):
        raise SpawnRefused(
            f"The agent {definition.name!r} runs a program that {source.path} names, and you have not trusted this "
            f"file as it is now. Read it, then: subagents trust {source.path}"
        )


def refuse_untrusted_script(asked: SpawnRequest, spec: RunSpec, around: Surroundings) -> None:
    """A script calls tools, commands too, without a model having been asked: it is a program like any other."""
    if (script := _script(spec)) and (source := untrusted(asked, spec.source, around)):
        raise SpawnRefused(
            f"The agent {spec.agent!r} has {script!r} answer, which {source.path} names, and you have not trusted "
            f"this file as it is now. Read both, then: subagents trust {source.path}"
        )


def untrusted(
    asked: SpawnRequest, source: DefinitionSource | None, around: Surroundings
) -> DefinitionSource | None:
    """The project's file that would have to be trusted first; None where nothing stands in the way."""
    if source is None or source.scope != Scope.PROJECT:
        return None
    given = _trusts(asked.trust, asked.asked_by, around)
    return None if given or around.is_trusted(source, around.project) else source


def refuse_untrusted(run: str, spec: RunSpec, around: Surroundings, *, trusts: bool, by: AskedBy) -> None:
    """A run keeps what its file said when it was spawned, and needs trust in that once more: it may have been given for
    once, or taken back, and the file may have changed. Raises `SpawnRefused`.

    `trusts`: whoever goes on with it trusts it this time, which only people can, and programs that are no agent's.
    """
    given = _trusts(trusts, by, around)
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
    if script := _script(spec):
        return f"{script!r} answer"
    if spec.mcp_servers:
        return f"the MCP servers {', '.join(spec.mcp_servers)} started"
    return ""


def _script(spec: RunSpec) -> str:
    """The script that the definition has answer, "" where a model does, or somebody else named the script."""
    script = spec.asked_model.strip()
    return script if spec.decided.get("model") == "definition" and script.startswith(SCRIPT) else ""


def _trusts(wanted: bool, by: AskedBy, around: Surroundings) -> bool:
    """Trust is given by people, and by programs that are no agent's command."""
    return wanted and by in (AskedBy.PERSON, AskedBy.PROGRAM) and around.outer is None
