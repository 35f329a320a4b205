"""What a finding has to say for a property, by the property's name: `path`, `line_number`, `why`, `confidence`, …"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subagents.models.offline.answer import headline, reason
from subagents.models.offline.files import FileKind
from subagents.models.offline.findings import Finding
from subagents.models.offline.words import listed, subwords

# Words of a property's name, most specific first, and what a finding has for it.
_TEXTS: tuple[tuple[str, Callable[[Finding], str | None]], ...] = (
    ("directory folder dir", lambda one: one.path.rpartition("/")[0] or "."),
    ("location place position where reference ref", lambda one: one.place),
    ("path file filename filepath filepaths files paths module", lambda one: one.path),
    ("range", lambda one: f"{one.excerpt[0][0]}-{one.excerpt[-1][0]}" if one.excerpt else None),
    ("line lines row", lambda one: str(one.line) if one.line else None),
    ("signature definition declaration", lambda one: one.title or None),
    ("code snippet excerpt text quote content evidence body match source", lambda one: one.code or None),
    ("name symbol function method class identifier id label", lambda one: one.name),
    ("kind type category", lambda one: one.kind.value),
    ("keyword keywords word words term terms", lambda one: ", ".join(one.words) or None),
    ("reason why rationale explanation description details detail relevance justification", reason),
    ("note notes comment summary context purpose finding message", reason),
    ("title", lambda one: one.title or one.place),
)
_QUESTION = frozenset(listed("question query prompt asked request task goal"))
_ANSWER = frozenset(
    listed(
        "answer summary result conclusion message overview output report headline finding explanation title"
    )
) | {"description", "findings"}
_WORDS = frozenset(listed("keyword keywords word words term terms tags"))
_FOUND = frozenset(listed("found exists exist present any matched match answered success"))
_COUNT = frozenset(listed("count total number amount matches"))
_SCORE = frozenset(listed("score confidence relevance probability certainty rank weight similarity"))
_LINE = frozenset(listed("line row start lineno"))
_UNKNOWN = frozenset(listed("unknown other none not_found n/a"))
# Lists of what only understanding could fill.
_UNDERSTOOD = frozenset(
    listed("questions unknowns risks assumptions recommendations steps suggestions actions todo todos issues")
) | frozenset(listed("bugs problems warnings errors limitations"))


@dataclass(frozen=True)
class Known:
    """All that may be said: the question, and what was found, best first. `about` is one place, or all when None."""

    question: str
    found: Sequence[Finding]

    def texts(self, called: frozenset[str], about: Finding | None) -> Iterable[str]:
        """Texts for a property whose name has the words `called`, the most fitting first."""
        if called & _QUESTION:
            yield self.question
            return
        if not called and about:
            yield about.place
        if about is None and (called & _ANSWER or not called):
            yield headline(self.found)
        one = about or next(iter(self.found), None)
        for names, text_of in _TEXTS:
            if one and called & frozenset(listed(names)) and (text := text_of(one)):
                yield text

    def number(
        self, called: frozenset[str], about: Finding | None, schema: Mapping[str, Any], *, whole: bool
    ) -> float | None:
        """A number for the property; None when nothing found is one."""
        one = about or next(iter(self.found), None)
        if called & _COUNT and not called & _LINE:
            return len(self.found)
        if one is None:
            return None
        if called & _SCORE:
            return _scaled(one.share, schema, whole=whole)
        if "end" in called:
            return one.excerpt[-1][0] if one.excerpt else None
        return one.line if called & _LINE and one.line else None

    def truth(self, called: frozenset[str], about: Finding | None) -> bool | None:
        """Whether the property holds; None when nothing found says so."""
        if about and called & {"test", "tests"}:
            return about.kind is FileKind.TEST
        if about and called & {"definition", "defined", "defines"}:
            return about.defines
        return bool(self.found) if called & _FOUND or not called else None

    def choice(self, called: frozenset[str], about: Finding | None, options: Sequence[Any]) -> Any:
        """The option that what was found speaks of, else one that says that nothing is known; raises LookupError."""
        one = about or next(iter(self.found), None)
        spoken = _spoken(called, one) if one else frozenset()
        for option in options:
            if isinstance(option, bool) and option is self.truth(called, about):
                return option
            if (
                isinstance(option, str)
                and option
                and frozenset(subwords(option)) <= spoken
                and subwords(option)
            ):
                return option
        for option in options:
            if option is None or str(option).lower() in _UNKNOWN:
                return option
        raise LookupError(called)

    def places(self, called: frozenset[str]) -> list[Finding]:
        """The places that a list of this name is about: `tests` is about tests, `risks` about none."""
        if called & _UNDERSTOOD:
            return []
        if called & {"test", "tests"}:
            return [place for place in self.found if place.kind is FileKind.TEST]
        if called & {"doc", "docs", "documentation"}:
            return [place for place in self.found if place.kind is FileKind.PROSE]
        return list(self.found)

    def words(self, called: frozenset[str], about: Finding | None) -> list[str] | None:
        """The words of the question that were found, for a list of words; None when it is not one."""
        if not called & _WORDS:
            return None
        places = [about] if about else self.found
        return list(dict.fromkeys(word for place in places for word in place.words))


def called(name: str) -> frozenset[str]:
    """The words of a property's name."""
    return frozenset(subwords(name))


def _spoken(called: frozenset[str], one: Finding) -> frozenset[str]:
    if called & _SCORE:
        return frozenset({"high" if one.share > 0.9 else "medium" if one.share > 0.5 else "low"})
    said = (one.kind.value, one.name or "", one.path, one.title, *one.words)
    return frozenset(word for text in said for word in subwords(text))


def _scaled(share: float, schema: Mapping[str, Any], *, whole: bool) -> float:
    """A share of 1 on the scale that the schema's bounds give; in hundredths where a whole number has no bound."""
    least, most = float(schema.get("minimum", 0)), float(schema.get("maximum", 100 if whole else 1))
    return max(least, round(share * most) if whole else round(share * most, 3))
