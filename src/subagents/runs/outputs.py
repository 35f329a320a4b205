"""Which files a prompt says that an agent is to write, and who else is to. Pure, and a guess: by words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import join, normpath

from subagents.runs.state import RunState
from subagents.spec import RunSpec

MOST_TEXT = 50_000  # characters of a prompt that are looked at
MOST_NAMED = 5

_VERB = r"(?:writes?|saves?|creates?|generates?|produces?|outputs?|appends?|updates?|edits?|modif(?:y|ies)|overwrites?)"
# A file's name has a suffix that begins with a letter, so that versions and ends of sentences are none.
_PATH = r"[`\"']?((?:[\w.@+-]{1,80}/){0,20}[\w.@+-]{1,80}\.[A-Za-z]\w{0,9})[`\"']?"
_VERBS = re.compile(rf"\b{_VERB}\b", re.IGNORECASE)
_PATHS = re.compile(rf"(?<![\w/.:]){_PATH}(?![\w/])")
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")


def declared_outputs(text: str) -> frozenset[str]:
    """The paths that stand behind a word for writing, in the same sentence."""
    return frozenset(
        normpath(path)
        for sentence in _SENTENCES.split(text[:MOST_TEXT])
        if (verb := _VERBS.search(sentence)) is not None
        for path in _PATHS.findall(sentence, verb.end())
    )


def outputs_of(spec: RunSpec) -> frozenset[str]:
    """Of a run, by its prompt and its definition, as whole paths."""
    said = declared_outputs(spec.prompt) | declared_outputs(spec.instructions)
    return frozenset(normpath(join(spec.cwd, path)) for path in said)


def shared_output_notes(spec: RunSpec, others: Iterable[RunState]) -> tuple[str, ...]:
    """A note for each run that has not ended and is to write one of the same files."""
    wanted = outputs_of(spec)
    if not wanted:
        return ()
    live = [run for run in others if not run.status.ended]
    return tuple(_note(run, both) for run in live if (both := sorted(wanted & outputs_of(run.spec))))


def _note(run: RunState, both: list[str]) -> str:
    named = ", ".join(both[:MOST_NAMED])
    return f"{run.handle} ({run.id}) seems to be asked to write the same: {named}. Let one of them do it, or one wait."
