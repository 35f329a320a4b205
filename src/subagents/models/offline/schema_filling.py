"""Fills a JSON Schema from findings, and from nothing else: the names of properties decide what goes where.

What no finding can say is left out where that is allowed; where it is required, nothing is made up and
`Unfillable` says what was missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from subagents.models.offline.answer import headline, reason
from subagents.models.offline.files import FileKind
from subagents.models.offline.findings import MOST_FINDINGS, Finding
from subagents.models.offline.schema_limits import fits_number, fits_text, merged, resolved, types_of
from subagents.models.offline.words import listed, subwords

Schema: TypeAlias = Mapping[str, Any] | bool

_DEEPEST = 25

# What a property's name may be called, most specific first; the functions say what a finding has for it.
_OF_FINDING: tuple[tuple[str, Callable[[Finding], str | None]], ...] = (
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
    (
        "reason why rationale explanation description details detail relevance justification note notes comment"
        " summary context purpose finding message",
        lambda one: reason(one),
    ),
    ("title", lambda one: one.title or one.place),
)
_QUESTION = frozenset(listed("question query prompt asked request task goal"))
_ANSWER = frozenset(
    listed(
        "answer summary result conclusion message overview output report headline finding findings explanation"
        " description title"
    )
)
_WORDS = frozenset(listed("keyword keywords word words term terms tags"))
_FOUND = frozenset(listed("found exists exist present any matched match answered success"))
_COUNT = frozenset(listed("count total number amount matches"))
_SCORE = frozenset(listed("score confidence relevance probability certainty rank weight similarity"))
# Lists of what only understanding could fill.
_NOT_SEARCHED = frozenset(
    listed(
        "questions unknowns risks assumptions recommendations steps suggestions actions todo todos issues bugs problems"
        " warnings errors limitations"
    )
)


class Unfillable(ValueError):
    """The schema requires what was not found; the text names it."""


@dataclass(frozen=True)
class Filler:
    """`question` is what was asked, `found` the places, best first."""

    root: Schema
    question: str
    found: Sequence[Finding]

    def value(self, schema: Schema, name: str = "", one: Finding | None = None, depth: int = 0) -> Any:
        """A value for `schema` at a property called `name`; about `one` place, or about all when that is None."""
        if schema is False or depth > _DEEPEST:
            raise Unfillable(f"nothing can stand at {_quoted(name)}")
        schema = merged(resolved(schema, self.root), self.root)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.choice(schema["enum"], name, one)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.first(schema, schema[key], name, one, depth)
        return self.typed(schema, name, one, depth)

    def first(
        self, schema: Mapping[str, Any], options: Sequence[Schema], name: str, one: Finding | None, depth: int
    ) -> Any:
        """The first of several schemas that can be filled; null only when no other can."""
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        for option in sorted(options, key=lambda option: types_of(option) == ["null"]):
            with suppress(Unfillable):
                joined = option if isinstance(option, bool) else {**rest, **option}
                return self.value(joined, name, one, depth + 1)
        raise Unfillable(f"none of the choices for {_quoted(name)} can be filled")

    def typed(self, schema: Mapping[str, Any], name: str, one: Finding | None, depth: int) -> Any:
        failed: list[str] = []
        for kind in sorted(types_of(schema), key=lambda kind: kind == "null"):
            try:
                return self.of_type(kind, schema, name, one, depth)
            except Unfillable as error:
                failed.append(str(error))
        raise Unfillable(failed[0] if failed else f"nothing can stand at {_quoted(name)}")

    def of_type(
        self, kind: str, schema: Mapping[str, Any], name: str, one: Finding | None, depth: int
    ) -> Any:
        match kind:
            case "object":
                return self.mapping(schema, name, one, depth)
            case "array":
                return self.items(schema, name, one, depth)
            case "string":
                return self.text(schema, name, one)
            case "integer" | "number":
                return self.number(schema, name, one, whole=kind == "integer")
            case "boolean":
                return self.truth(name, one)
            case "null":
                return None
            case _:
                raise Unfillable(f"{kind!r} is no type of JSON")

    def mapping(
        self, schema: Mapping[str, Any], name: str, one: Finding | None, depth: int
    ) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        required = list(schema.get("required", ()))
        about = one if one or depth == 0 else next(iter(self.found), None)
        filled: dict[str, Any] = {}
        for key in dict.fromkeys([*properties, *required]):
            try:
                filled[key] = self.value(properties.get(key, True), key, about, depth + 1)
            except Unfillable:
                if key in required:
                    raise
        if not filled and schema.get("minProperties", 0):
            raise Unfillable(f"nothing was found for {_quoted(name)}")
        return filled

    def items(self, schema: Mapping[str, Any], name: str, one: Finding | None, depth: int) -> list[Any]:
        if fixed := schema.get("prefixItems"):
            return [self.value(part, name, one, depth + 1) for part in fixed]
        least, most = (
            schema.get("minItems", 0),
            schema.get("maxItems", max(MOST_FINDINGS, schema.get("minItems", 0))),
        )
        values: list[Any] = []
        for value in self.each(schema.get("items", True), name, one, depth):
            if value not in values:
                values.append(value)
        if len(values) < least:
            raise Unfillable(f"{_quoted(name)} needs {least}, and {len(values)} were found")
        return values[:most]

    def each(self, schema: Schema, name: str, one: Finding | None, depth: int) -> Iterable[Any]:
        """What the items of a list are made from: the words, the lines of one place, or all places."""
        called = _called(name)
        if called & _WORDS:
            return list(
                one.words if one else dict.fromkeys(word for place in self.found for word in place.words)
            )
        if one and called & {"line", "lines"} and "string" not in types_of(schema):
            return [line for line in (one.line, *one.also) if line]
        if called & _NOT_SEARCHED:
            return []
        about = [one] if one else self.of_kind(called)
        values = []
        for place in about:
            with suppress(Unfillable):
                values.append(self.value(schema, name, place, depth + 1))
        if about and not values:
            self.value(schema, name, about[0], depth + 1)  # says why there is none
        return values

    def of_kind(self, called: frozenset[str]) -> list[Finding]:
        """The places that a list of this name is about: `tests` is about tests."""
        if called & {"test", "tests"}:
            return [place for place in self.found if place.kind is FileKind.TEST]
        if called & {"doc", "docs", "documentation"}:
            return [place for place in self.found if place.kind is FileKind.PROSE]
        return list(self.found)

    def text(self, schema: Mapping[str, Any], name: str, one: Finding | None) -> str:
        for candidate in self.texts(_called(name), one):
            if (text := fits_text(candidate, schema)) is not None:
                return text
        raise Unfillable(f"nothing that was found is a text for {_quoted(name)}")

    def texts(self, called: frozenset[str], one: Finding | None) -> Iterable[str]:
        if called & _QUESTION:
            yield self.question
            return
        about_all = one is None and called & _ANSWER
        if about_all or not called:
            yield headline(self.found)
        about = one or next(iter(self.found), None)
        for names, get in _OF_FINDING:
            if about and called & frozenset(listed(names)) and (text := get(about)):
                yield text
        if called & _ANSWER and not about_all:
            yield headline(self.found)

    def number(self, schema: Mapping[str, Any], name: str, one: Finding | None, *, whole: bool) -> float:
        called = _called(name)
        about = one or next(iter(self.found), None)
        if called & _COUNT and not called & {"line", "row"}:
            value: float | None = len(self.found)
        elif about and called & _SCORE:
            value = _scaled(about.share, schema, whole=whole)
        elif about and about.line and called & {"line", "row", "start", "lineno"}:
            value = about.line
        elif about and about.excerpt and called & {"end"}:
            value = about.excerpt[-1][0]
        else:
            value = None
        if value is None or not fits_number(value, schema):
            raise Unfillable(f"nothing that was found is a number for {_quoted(name)}")
        return int(value) if whole else value

    def truth(self, name: str, one: Finding | None) -> bool:
        called = _called(name)
        if called & {"test", "tests"} and one:
            return one.kind is FileKind.TEST
        if called & {"definition", "defined", "defines"} and one:
            return one.defines
        if called & _FOUND or not called:
            return bool(self.found)
        raise Unfillable(f"nothing that was found says whether {_quoted(name)}")

    def choice(self, options: Sequence[Any], name: str, one: Finding | None) -> Any:
        """The option that what was found speaks of; else one that says that nothing is known."""
        about = one or next(iter(self.found), None)
        said = [about.kind.value, about.name or "", about.path, about.title, *about.words] if about else []
        if about and _called(name) & _SCORE:
            said = ["high" if about.share > 0.9 else "medium" if about.share > 0.5 else "low"]
        spoken = {word for text in said for word in subwords(text)}
        for option in options:
            words = subwords(option) if isinstance(option, str) else []
            if words and all(word in spoken for word in words):
                return option
        for option in options:
            if option is None or str(option).lower() in ("unknown", "other", "none", "not_found", "n/a"):
                return option
        if isinstance(found := bool(self.found), bool) and found in options and _called(name) & _FOUND:
            return found
        raise Unfillable(f"nothing that was found chooses one of {list(options)!r} for {_quoted(name)}")


def _called(name: str) -> frozenset[str]:
    return frozenset(subwords(name))


def _scaled(share: float, schema: Mapping[str, Any], *, whole: bool) -> float:
    """A share of 1 on the scale that the schema's bounds give; in hundredths where a whole number has no bound."""
    least, most = float(schema.get("minimum", 0)), float(schema.get("maximum", 100 if whole else 1))
    return max(least, round(share * most) if whole else round(share * most, 3))


def _quoted(name: str) -> str:
    return f"`{name}`" if name else "the whole"
