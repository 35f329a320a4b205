"""The answer in words: a labelled sentence, the places with their lines, what was looked for and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

from subagents.language import _, counted
from subagents.models.offline import LABEL
from subagents.models.offline.evidence import Evidence
from subagents.models.offline.files import FileKind
from subagents.models.offline.findings import Finding
from subagents.models.offline.question import Question


def answer(question: Question, found: Sequence[Finding], evidence: Evidence) -> str:
    """Places, best first, or that there are none."""
    if not found:
        return nothing_found(question, evidence)
    places = [place(number, finding) for number, finding in enumerate(found, 1)]
    return "\n\n".join([f"{LABEL}: {headline(found)}", *places, closing(question, found, evidence)])


def headline(found: Sequence[Finding]) -> str:
    """What was found, in a sentence."""
    if not found:
        return _("nothing that answers this was found.")
    best = found[0]
    where = f"`{best.name}` ({best.place})" if best.name else best.place
    if len(found) == 1:
        return _("only {where} fits the words of the question.").format(where=where)
    return _("{where} fits the words of the question best.").format(where=where)


def place(number: int, finding: Finding) -> str:
    """One place with its reason and lines."""
    title = f" — {finding.title}" if finding.title else ""
    parts = [f"{number}. {finding.place}{title}", f"   {reason(finding)}"]
    if finding.excerpt:
        width = len(str(finding.excerpt[-1][0]))
        lines = [f"{line:>{width}}  {text}".rstrip() for line, text in finding.excerpt]
        parts.append("\n".join([fence(lines), *lines, fence(lines)]))
    return "\n".join(parts)


def reason(finding: Finding) -> str:
    """Why the place was taken, in a sentence."""
    words = ", ".join(finding.seen)
    text = _("Meet here: {words}.") if len(finding.seen) > 1 else _("Found here: {words}.")
    if finding.defines and finding.name:
        text = _("Defines `{name}`, with: {words}.")
    text = text.format(name=finding.name, words=words)
    if finding.kind is not FileKind.CODE:
        text += " " + _("A file of the kind: {kind}.").format(kind=finding.kind.value)
    if finding.also:
        text += " " + _("See also lines {lines}.").format(lines=", ".join(map(str, finding.also)))
    return text


def closing(question: Question, found: Sequence[Finding], evidence: Evidence) -> str:
    """What was looked for, and how sure the answer is."""
    searches = counted("{n} search", "{n} searches", evidence.searches)
    text = _("Looked for {words} in {searches}.").format(words=looked_for(question), searches=searches)
    if evidence.errors:
        failed = counted("{n} of them failed", "{n} of them failed", len(evidence.errors))
        text += " " + _("{failed}: {why}.").format(failed=failed, why=evidence.errors[0].rstrip("."))
    return f"{text} {sureness(question, found)}"


def sureness(question: Question, found: Sequence[Finding]) -> str:
    """How far to trust the first place: by how many of the words meet there, and by how far the second is behind."""
    asked = [term.word for term in question.words if not term.weak]
    missing = [word for word in asked if word not in found[0].words]
    if not asked:
        return _("A guess: the words of the question are too common.")
    if missing:
        text = _("A guess: nothing there speaks of {missing}.")
        if len(missing) * 3 <= len(asked):
            text = _("Likely, though nothing there speaks of {missing}.")
        return text.format(missing=", ".join(missing))
    if len(found) > 1 and found[1].share > 0.75:
        return _("Likely, but the first places are close: read both.")
    if any(seen.endswith(")") for seen in found[0].seen):
        return _("Likely, if the words in brackets mean the same here.")
    return _("Fairly sure: all of it meets in the first place.")


def looked_for(question: Question) -> str:
    words = [term.word for term in question.words]
    return ", ".join([*words, *question.paths])


def nothing_found(question: Question, evidence: Evidence) -> str:
    text = _("nothing was found for {words}.").format(words=looked_for(question))
    if evidence.errors:
        text += " " + _("The tools said: {why}.").format(why=evidence.errors[0].rstrip("."))
    return f"{LABEL}: {text} " + _("Ask again with a word as it stands in the code, or the name of a file.")


def nothing_asked() -> str:
    text = _("there is nothing to look for in this prompt.")
    return f"{LABEL}: {text} " + _("Ask where or how something is done, in words that the code may use.")


def no_tools() -> str:
    return f"{LABEL}: " + _("I was offered none of the tools grep, find and read, so I cannot search.")


def fence(lines: Sequence[str]) -> str:
    """A fence for a block of code that none of its lines closes."""
    ticks = "```"
    while any(ticks in line for line in lines):
        ticks += "`"
    return ticks
