"""Whether a run may go on where a project's file names what executes it."""

from __future__ import annotations

from subagents.definitions.model import Scope
from subagents.errors import SpawnRefused
from subagents.runtime.surroundings import Surroundings
from subagents.settings.possible import SCRIPT
from subagents.spec import AskedBy, RunSpec


def refuse_untrusted(run: str, spec: RunSpec, around: Surroundings, *, trusts: bool, by: AskedBy) -> None:
    """A run keeps what its file said when it was spawned, and needs trust in that once more: it may have been given for
    once, or taken back, and the file may have changed. Raises `SpawnRefused`.

    `trusts`: whoever goes on with it trusts it this time, which only people can, and programs that are no agent's.
    """
    source = spec.source
    if source is None or source.scope != Scope.PROJECT or not (what := _executed(spec)):
        return
    given = trusts and by in (AskedBy.PERSON, AskedBy.PROGRAM) and around.outer is None
    if given or around.is_trusted(source, spec.project):
        return
    raise SpawnRefused(
        f"Run {run!r} has {what}, as {source.path} said when it began, and you do not trust this file, or it has "
        f'changed since. Go on with it once: subagents resume --trust {run} "…"; or run {spec.agent!r} anew.'
    )


def _executed(spec: RunSpec) -> str:
    """What of the definition's is carried out without a model having been asked, as the object of a sentence."""
    if spec.command is not None:
        return f"the program {' '.join(spec.command.command)[:200]!r} execute it"
    if spec.decided.get("model") == "definition" and spec.asked_model.strip().startswith(SCRIPT):
        return f"{spec.asked_model.strip()!r} answer"
    return ""
