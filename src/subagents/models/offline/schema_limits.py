"""The parts of JSON Schema that say which values are allowed, as far as a search can heed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from subagents.models.offline.words import listed

Schema: TypeAlias = Mapping[str, Any] | bool

_ALL_TYPES = ["object", "array", "string", "integer", "number", "boolean", "null"]
_FOREIGN_FORMATS = frozenset(
    listed("date date-time time duration email idn-email hostname idn-hostname ipv4 ipv6 uri iri uuid")
)


class Unfillable(ValueError):
    """The schema requires what was not found; the text names it."""


def resolved(schema: Schema, root: Schema) -> Mapping[str, Any]:
    """`schema` with what its local `$ref` points to; one that points elsewhere says nothing."""
    if isinstance(schema, bool):
        return {}
    seen = 0
    while isinstance(schema.get("$ref"), str) and seen < 20:
        target = _pointed_to(schema["$ref"], root)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**target, **rest}
        seen += 1
    if "$ref" in schema:
        raise Unfillable(f"the reference {schema['$ref']!r} leads to itself")
    return schema


def _pointed_to(pointer: str, root: Schema) -> Mapping[str, Any]:
    place: Any = root
    if not pointer.startswith("#"):
        return {}
    for step in pointer[1:].strip("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if step:
            place = place.get(step, {}) if isinstance(place, Mapping) else {}
    return place if isinstance(place, Mapping) else {}


def merged(schema: Mapping[str, Any], root: Schema) -> Mapping[str, Any]:
    """`schema` with its `allOf` folded in: properties and requirements add up."""
    if "allOf" not in schema:
        return schema
    whole = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        extra = merged(resolved(part, root), root)
        properties = {**whole.get("properties", {}), **extra.get("properties", {})}
        required = [*whole.get("required", []), *extra.get("required", [])]
        whole = {**whole, **extra}
        if properties:
            whole["properties"] = properties
        if required:
            whole["required"] = list(dict.fromkeys(required))
    return whole


def types_of(schema: Schema) -> list[str]:
    """The types a schema allows, by name; guessed from its other keywords where it does not say."""
    if isinstance(schema, bool):
        return ["string"]
    match schema.get("type"):
        case str(one):
            return [one]
        case list(several):
            return [kind for kind in _ALL_TYPES if kind in several]
        case _ if "properties" in schema or "required" in schema:
            return ["object"]
        case _ if "items" in schema or "prefixItems" in schema or "minItems" in schema:
            return ["array"]
        case _ if "minimum" in schema or "maximum" in schema:
            return ["number"]
        case _:
            return ["string", "integer", "boolean"]


def fits_text(text: str, schema: Mapping[str, Any]) -> str | None:
    """`text`, cut where it may not be so long; None when the schema asks for something else."""
    if schema.get("format") in _FOREIGN_FORMATS:
        return None
    most = schema.get("maxLength")
    if most is not None and len(text) > most:
        text = text[: max(0, most - 1)].rstrip() + "…" if most else ""
    if len(text) < schema.get("minLength", 0):
        return None
    pattern = schema.get("pattern")
    return text if pattern is None or _matches(pattern, text) else None


def _matches(pattern: str, text: str) -> bool:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options).search(text) is not None
    except re2.error:
        return False


def fits_number(value: float, schema: Mapping[str, Any]) -> bool:
    """Whether a number is within the schema's bounds."""
    step = schema.get("multipleOf")
    return (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        and (not step or value % step == 0)
    )
