"""The answer of an agent that plans: what was found, which files a change would touch and in what order, what is open.

A plan needs a language model; this says what one could be made from, and nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence

from subagents.language import _
from subagents.models.offline import LABEL
from subagents.models.offline.answer import closing, nothing_found, place
from subagents.models.offline.evidence import Evidence
from subagents.models.offline.files import FileKind
from subagents.models.offline.findings import Finding
from subagents.models.offline.question import Question

_SHOWN = 3  # places with their lines; the others are only named


def plan(question: Question, found: Sequence[Finding], evidence: Evidence) -> str:
    """The structured answer, or that nothing was found to plan from."""
    if not found:
        return nothing_found(question, evidence)
    intro = _("what a plan could start from. Only searched: nothing was understood, nothing weighed.")
    places = [place(number, finding) for number, finding in enumerate(found[:_SHOWN], 1)]
    return "\n\n".join(
        [
            f"{LABEL}: {intro}",
            _("## What was found"),
            *places,
            _("## Files likely to change, in this order"),
            "\n".join(_files(found)),
            _("## Open questions"),
            "\n".join(_questions(question, found)),
            closing(question, found, evidence),
        ]
    )


def _files(found: Sequence[Finding]) -> list[str]:
    """Where things are defined before where they are used, code before its tests, those before prose."""
    order = list(FileKind)
    inner = sorted(found, key=lambda one: (order.index(one.kind), not one.defines, -one.share, one.path))
    return [f"{number}. {finding.path}: {_why(finding)}" for number, finding in enumerate(inner, 1)]


def _why(finding: Finding) -> str:
    words = ", ".join(finding.seen)
    match finding.kind:
        case FileKind.TEST:
            return _("its tests speak of {words}; they would have to show the change.").format(words=words)
        case FileKind.PROSE:
            return _("it describes {words}.").format(words=words)
        case _ if finding.defines:
            return _("it defines `{name}` (line {line}).").format(name=finding.name, line=finding.line)
        case _ if finding.name:
            return _("{words} meet in `{name}` (line {line}).").format(
                words=words, name=finding.name, line=finding.line
            )
        case _:
            return _("it speaks of {words} (line {line}).").format(words=words, line=finding.line)


def _questions(question: Question, found: Sequence[Finding]) -> list[str]:
    questions = []
    met = {word for finding in found for word in finding.words}
    for term in question.words:
        if not term.weak and term.word not in met:
            questions.append(_("- Nothing found speaks of “{word}”: is it new?").format(word=term.word))
    if len(found) > 1 and found[1].share > 0.75:
        text = _("- {first} and {second} fit almost alike: which one is meant?")
        questions.append(text.format(first=found[0].path, second=found[1].path))
    if not any(finding.kind is FileKind.TEST for finding in found):
        questions.append(_("- No test is among the best places: where is this tested?"))
    questions.append(
        _("- What the change should be, and what must stay as it is, takes a person or a language model.")
    )
    return questions
