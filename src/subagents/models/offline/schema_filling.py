"""Fills a JSON Schema from findings, and from nothing else: the names of properties decide what goes where.

What no finding can say is left out where that is allowed; where it is required, nothing is made up and
`Unfillable` says what was missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from subagents.models.offline.findings import MOST_FINDINGS, Finding
from subagents.models.offline.schema_limits import (
    Schema,
    Unfillable,
    fits_number,
    fits_text,
    merged,
    resolved,
    types_of,
)
from subagents.models.offline.schema_names import Known, called

_DEEPEST = 25


@dataclass(frozen=True)
class Spot:
    """Where in the value we are: at a property called `name`, about `one` place or, when None, about all."""

    name: str = ""
    one: Finding | None = None
    depth: int = 0
    refs: frozenset[str] = frozenset()
    """The references followed since the place was chosen: one that comes again would go on for ever."""

    @property
    def called(self) -> frozenset[str]:
        return called(self.name)

    def inner(self, name: str, one: Finding | None) -> Spot:
        refs = self.refs if one is self.one else frozenset[str]()
        return Spot(name, one, self.depth + 1, refs)

    def __str__(self) -> str:
        return f"`{self.name}`" if self.name else "the whole"


def fill(schema: Schema, question: str, found: Sequence[Finding]) -> Any:
    """A value for `schema`, made of the question and of what was found, best first. Raises `Unfillable`."""
    return _Filler(schema, Known(question, found)).value(schema, Spot())


@dataclass(frozen=True)
class _Filler:
    root: Schema
    known: Known

    def value(self, schema: Schema, spot: Spot) -> Any:
        if schema is False or spot.depth > _DEEPEST:
            raise Unfillable(f"nothing can stand at {spot}")
        if isinstance(schema, Mapping) and isinstance(ref := schema.get("$ref"), str):
            if ref in spot.refs:
                raise Unfillable(f"{spot} has no end")
            spot = replace(spot, refs=spot.refs | {ref})
        schema = merged(resolved(schema, self.root), self.root)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.choice(schema["enum"], spot)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.first(schema, schema[key], spot)
        return self.typed(schema, spot)

    def first(self, schema: Mapping[str, Any], options: Sequence[Schema], spot: Spot) -> Any:
        """The first of several schemas that can be filled; null only when no other can."""
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        for option in sorted(options, key=lambda option: types_of(option) == ["null"]):
            with suppress(Unfillable):
                return self.value(option if isinstance(option, bool) else {**rest, **option}, spot)
        raise Unfillable(f"none of the choices for {spot} can be filled")

    def typed(self, schema: Mapping[str, Any], spot: Spot) -> Any:
        """A value of the first type that the schema allows and that can be filled; null last."""
        reasons: list[str] = []
        for kind in sorted(types_of(schema), key=lambda kind: kind == "null"):
            try:
                return self.of_type(kind, schema, spot)
            except Unfillable as error:
                reasons.append(str(error))
        raise Unfillable(reasons[0] if reasons else f"nothing can stand at {spot}")

    def of_type(self, kind: str, schema: Mapping[str, Any], spot: Spot) -> Any:
        match kind:
            case "object":
                return self.mapping(schema, spot)
            case "array":
                return self.items(schema, spot)
            case "string":
                return self.text(schema, spot)
            case "integer" | "number":
                return self.number(schema, spot, whole=kind == "integer")
            case "boolean":
                return self.truth(spot)
            case "null":
                return None
            case _:
                raise Unfillable(f"{kind!r} is no type of JSON")

    def mapping(self, schema: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        required = list(schema.get("required", ()))
        # What lies below the whole is about one place, the best.
        one = spot.one or (next(iter(self.known.found), None) if spot.depth else None)
        filled: dict[str, Any] = {}
        for name in dict.fromkeys([*properties, *required]):
            try:
                filled[name] = self.value(properties.get(name, True), spot.inner(name, one))
            except Unfillable:
                if name in required:
                    raise
        if len(filled) < schema.get("minProperties", 0):
            raise Unfillable(f"too little was found for {spot}")
        return filled

    def items(self, schema: Mapping[str, Any], spot: Spot) -> list[Any]:
        if fixed := schema.get("prefixItems"):
            return [self.value(part, spot.inner(spot.name, spot.one)) for part in fixed]
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", max(MOST_FINDINGS, least))
        values: list[Any] = []
        for value in self.each(schema.get("items", True), spot):
            if value not in values:
                values.append(value)
        if len(values[:most]) < least:
            raise Unfillable(f"{spot} needs {least}, and {len(values)} were found")
        return values[:most]

    def each(self, schema: Schema, spot: Spot) -> Iterable[Any]:
        """What the items of a list are made of: words, the lines of one place, or places."""
        if (words := self.known.words(spot.called, spot.one)) is not None:
            return self.fitting(schema, spot, words)
        if spot.one and spot.called & {"line", "lines"} and (limits := self.counting(schema)) is not None:
            return [line for line in (spot.one.line, *spot.one.also) if line and fits_number(line, limits)]
        places = [spot.one] if spot.one else self.known.places(spot.called)
        values = []
        for place in places:
            with suppress(Unfillable):
                values.append(self.value(schema, spot.inner(spot.name, place)))
        return values

    def counting(self, schema: Schema) -> Mapping[str, Any] | None:
        """The limits of items that are just numbers; None for others."""
        limits = merged(resolved(schema, self.root), self.root)
        numbers = types_of(limits) and {"integer", "number"}.issuperset(types_of(limits))
        return None if not numbers or {"const", "enum", "anyOf", "oneOf"} & limits.keys() else limits

    def fitting(self, schema: Schema, spot: Spot, words: Sequence[str]) -> list[str]:
        limits = merged(resolved(schema, self.root), self.root)
        if "string" not in types_of(limits) or "enum" in limits:
            raise Unfillable(f"{spot} is no list of words")
        return [text for word in words if (text := fits_text(word, limits)) is not None]

    def text(self, schema: Mapping[str, Any], spot: Spot) -> str:
        for candidate in self.known.texts(spot.called, spot.one):
            if (text := fits_text(candidate, schema)) is not None:
                return text
        raise Unfillable(f"nothing that was found is a text for {spot}")

    def number(self, schema: Mapping[str, Any], spot: Spot, *, whole: bool) -> float:
        value = self.known.number(spot.called, spot.one, schema, whole=whole)
        if value is None or not fits_number(value, schema):
            raise Unfillable(f"nothing that was found is a number for {spot}")
        return int(value) if whole else value

    def truth(self, spot: Spot) -> bool:
        value = self.known.truth(spot.called, spot.one)
        if value is None:
            raise Unfillable(f"nothing that was found says whether {spot}")
        return value

    def choice(self, options: Sequence[Any], spot: Spot) -> Any:
        try:
            return self.known.choice(spot.called, spot.one, options)
        except LookupError:
            raise Unfillable(f"nothing that was found chooses one of {list(options)!r} for {spot}") from None
