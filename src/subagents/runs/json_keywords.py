"""The keywords of JSON Schema as they are evaluated here: patterns in linear time, and everything counted.

Of the library's own only those are replaced that match patterns by backtracking, compare each with each, or would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

import re2
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing.jsonschema import lookup_recursive_ref

from subagents.runs.patterns import engine_options

# What a check may cost, in units of about a microsecond: up to some two seconds on a slow machine.
MAX_COST = 1_000_000
KEYWORD = 10  # evaluating one
COMPILING = 100  # a pattern that is not among the last ones
SEARCHED_AT_ONCE = 500  # characters that are searched in a unit
MAX_COMPILED = 2_048  # patterns that are kept; a schema has seldom more than a few

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]

_OPTIONS = engine_options()


class TooMuch(ValueError):
    """Checking a value takes too many steps or goes too deep."""


class UnusablePattern(ValueError):
    """RE2 cannot match this; the text is its reason."""


@contextmanager
def counting() -> Iterator[None]:
    """Gives what is checked inside of it its bound; beyond it `TooMuch` is raised."""
    token = _left.set([MAX_COST])
    try:
        yield
    finally:
        _left.reset(token)


@lru_cache(maxsize=MAX_COMPILED)
def compiled(pattern: str) -> Any:
    """The pattern, ready for a search. Raises `UnusablePattern`."""
    _spend(COMPILING)
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        raise UnusablePattern(
            error.args[0].decode(errors="replace") if error.args else "it is not a pattern"
        ) from None


@cache
def safe(base: Any) -> Any:
    """The library's validator class `base` with these keywords, each of which counts as a step."""
    own: dict[str, Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties(base.VALIDATORS["additionalProperties"]),
        "uniqueItems": _unique_items,
    }
    if "unevaluatedProperties" in base.VALIDATORS:
        own["unevaluatedProperties"] = _unevaluated_properties
    meant = {name: keyword for name, keyword in own.items() if base.VALIDATORS.get(name) is not _nothing}
    make: Any = extend
    return make(base, {name: _counted(keyword) for name, keyword in {**base.VALIDATORS, **meant}.items()})


# The vocabulary "validation" of https://json-schema.org/draft/2020-12/json-schema-validation, section 6.
_RULES = (
    *("type", "const", "enum", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    *(
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
    ),
    *("maxProperties", "minProperties", "required", "dependentRequired"),
)


@cache
def without_rules(base: Any) -> Any:
    """The validator class for schemas without the vocabulary of validation: its keywords mean nothing there."""
    make: Any = extend
    return make(base, dict.fromkeys(_RULES, _nothing))


def _nothing(_validator: Any, _value: Any, _instance: Any, _schema: Any) -> None:
    return None


_left: ContextVar[list[int] | None] = ContextVar("_left", default=None)


def _spend(cost: int) -> None:
    """Outside of `counting` nothing is bounded: what is done to a schema before it is used costs its own length."""
    left = _left.get()
    if left is None:
        return
    left[0] -= cost
    if left[0] < 0:
        raise TooMuch("it is too large to be checked against this schema")


def _searching(texts: Iterable[str]) -> int:
    """What a search of each of these costs."""
    return sum(1 + len(text) // SEARCHED_AT_ONCE for text in texts)


def _counted(keyword: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError] | None:
        _spend(KEYWORD)
        return keyword(validator, value, instance, schema)

    return counted


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, str):
        return
    _spend(_searching([instance]))
    if compiled(pattern).search(instance) is None:
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    cost = _searching(instance)
    for pattern, subschema in patterns.items():
        _spend(cost)
        search = compiled(pattern).search
        for name, value in instance.items():
            if search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(usual: Keyword) -> Keyword:
    """The usual keyword, for the properties that no pattern of ours matches."""

    def additional(
        validator: Any, value: Any, instance: Any, schema: Any
    ) -> Iterable[ValidationError] | None:
        patterns = [compiled(pattern).search for pattern in schema.get("patternProperties", ())]
        if not patterns or not isinstance(instance, dict):
            return usual(validator, value, instance, schema)
        _spend(len(patterns) * _searching(instance))
        rest = {name: each for name, each in instance.items() if not any(found(name) for found in patterns)}
        without = {key: each for key, each in schema.items() if key != "patternProperties"}
        return usual(validator, value, rest, without)

    return additional


def _unique_items(_validator: Any, unique: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """By one look at each item: the library compares each with each where they cannot be sorted."""
    if unique is True and isinstance(instance, list):
        seen: set[str] = set()
        for index, item in enumerate(instance):
            key = json.dumps(_plain(item), sort_keys=True)
            if key in seen:
                yield ValidationError(f"item {index} is there before; each may be there once")
                return
            seen.add(key)


def _plain(value: Any) -> Any:
    """The value with equal numbers written equally: to JSON Schema 1 and 1.0 are the same."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case _:
            return value


# --- what no other keyword has looked at


def _unevaluated_properties(
    validator: Any, subschema: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """The usual keyword, with our patterns: the library's looks for evaluated properties with backtracking ones."""
    if not isinstance(instance, dict):
        return
    beside = {key: value for key, value in schema.items() if key != "unevaluatedProperties"}
    evaluated = _evaluated(validator, instance, beside)
    for name, value in instance.items():
        if name in evaluated:
            continue
        if subschema is False:
            yield ValidationError(f"{name!r} is there, and no part of the schema speaks of it")
        else:
            yield from validator.descend(value, subschema, path=name)


def _evaluated(validator: Any, instance: Mapping[str, Any], schema: Any) -> set[str]:
    """The properties of an object that a schema, or one that applies to the object with it, speaks of."""
    _spend(KEYWORD)
    if not isinstance(schema, dict):
        return set()
    found = set(instance) if {"additionalProperties", "unevaluatedProperties"} & schema.keys() else set()
    found |= instance.keys() & schema.get("properties", {}).keys()
    for pattern in schema.get("patternProperties", ()):
        _spend(_searching(instance))
        found |= set(filter(compiled(pattern).search, instance))
    for part, resolver in _applying(validator, instance, schema):
        inner = (
            validator.evolve(schema=part)
            if resolver is None
            else validator.evolve(schema=part, _resolver=resolver)
        )
        found |= _evaluated(inner, instance, part)
    return found


def _applying(
    validator: Any, instance: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[Any, Any]]:
    """The schemas that apply to the same object and accept it, with the resolver of those that a reference leads to."""
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            resolved = validator._resolver.lookup(schema[keyword])
            yield resolved.contents, resolved.resolver
    if "$recursiveRef" in schema:
        resolved = lookup_recursive_ref(validator._resolver)
        yield resolved.contents, resolved.resolver
    parts = [part for keyword in ("allOf", "anyOf", "oneOf") for part in schema.get(keyword, ())]
    parts += [part for name, part in schema.get("dependentSchemas", {}).items() if name in instance]
    yield from ((part, None) for part in parts if validator.evolve(schema=part).is_valid(instance))
    if "if" in schema:
        holds = validator.evolve(schema=schema["if"]).is_valid(instance)
        if holds:
            yield schema["if"], None
        yield schema.get("then" if holds else "else", True), None
