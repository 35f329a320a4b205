"""JSON Schema, made safe for schemas and values that come from models. Loaded only where a schema is in play.

Patterns are matched in linear time (RE2), nothing is ever fetched, and the work is bounded; the library by itself
backtracks, follows a remote `$ref` and recurses without end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from itertools import islice
from typing import Any

import re2
from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7, DRAFT201909, DRAFT202012

MAX_PATTERN = 1000  # characters
MAX_STEPS = 100_000  # keywords evaluated for one value: about a second
MAX_MESSAGE = 200

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]

_DIALECTS: dict[str, tuple[Any, Specification[Any]]] = {
    "https://json-schema.org/draft/2020-12/schema": (Draft202012Validator, DRAFT202012),
    "https://json-schema.org/draft/2019-09/schema": (Draft201909Validator, DRAFT201909),
    "http://json-schema.org/draft-07/schema": (Draft7Validator, DRAFT7),
}
_DEFAULT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # RE2 would write them to stderr, over whatever the terminal shows
_OPTIONS.max_mem = 8 << 20


class BadSchema(ValueError):
    """This is no schema that can be used; the sentence names the place and the reason."""


class TooMuch(ValueError):
    """Checking a value takes too many steps or goes too deep."""


def check(schema: Mapping[str, Any]) -> None:
    """Raises `BadSchema` for what is not JSON Schema, or cannot be checked here: a remote `$ref`, a look-ahead."""
    validator, specification = _dialect(schema)
    _refuse_other_dialects(schema)
    bare = _bare(schema)
    _check_against_meta_schema(validator, bare, "")
    _check_parts(validator, specification, bare)
    probes: tuple[object, ...] = (None, {}, [])
    for probe in probes:
        try:
            errors(schema, probe, 1)
        except TooMuch:
            raise BadSchema("it refers to itself without end, or too often") from None


def errors(schema: Mapping[str, Any], value: object, most: int) -> list[ValidationError]:
    """The first `most` things that don't fit, for a schema that `check` let pass. Raises `TooMuch`."""
    base, _specification = _dialect(schema)
    # With its `$schema` the library would go on with its own, unsafe keywords.
    validator = _safe(base)(_bare(schema), registry=Registry())
    token = _steps.set([MAX_STEPS])
    try:
        return list(islice(validator.iter_errors(value), most))
    except RecursionError:
        raise TooMuch("it is nested too deeply to be checked") from None
    finally:
        _steps.reset(token)


def pointer(path: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901); "" is the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def shortened(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


# --- is it a schema


def _dialect(schema: Mapping[str, Any]) -> tuple[Any, Specification[Any]]:
    named = schema.get("$schema", _DEFAULT)
    known = _DIALECTS.get(named.removesuffix("#")) if isinstance(named, str) else None
    if known is None:
        raise BadSchema(f"its $schema {named!r} is not supported; the known ones are {', '.join(_DIALECTS)}")
    return known


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$schema"}


def _refuse_other_dialects(schema: Mapping[str, Any]) -> None:
    parts: list[Any] = list(schema.values())
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if isinstance(part.get("$schema"), str):
                raise BadSchema("only the whole schema may name a $schema, not a part of it")
            parts += part.values()
        elif isinstance(part, list):
            parts += part


def _check_against_meta_schema(validator: Any, schema: Any, place: str) -> None:
    try:
        # Without formats: they would judge each pattern by the rules of another regular expression engine.
        validator.check_schema(schema, format_checker=None)
    except SchemaError as error:
        where = place + pointer(error.absolute_path) or "its top"
        raise BadSchema(f"it is not JSON Schema: at {where}: {shortened(error.message)}") from None


def _check_parts(validator: Any, specification: Specification[Any], schema: dict[str, Any]) -> None:
    """Every subschema's patterns and references; what a reference leads to is a schema too, wherever it stands."""
    root = specification.create_resource(schema)
    waiting = [(root, Registry().resolver_with_root(root))]
    seen: set[int] = set()
    referred: list[tuple[str, Any, Any]] = []
    keywords: set[str] = set()
    while waiting or referred:
        if not waiting:
            reference, contents, resolver = referred.pop()
            if id(contents) in seen:
                continue
            if not isinstance(contents, dict | bool):
                raise BadSchema(f"the reference {reference!r} leads to something that is no schema")
            _check_against_meta_schema(validator, contents, reference)
            waiting.append((specification.create_resource(contents), resolver))
        part, resolver = waiting.pop()
        if id(part.contents) in seen or not isinstance(part.contents, dict):
            continue
        seen.add(id(part.contents))
        keywords |= part.contents.keys()
        _check_patterns(part.contents)
        referred += _resolved(part.contents, resolver)
        waiting += [(inner, resolver.in_subresource(inner)) for inner in part.subresources()]
    if {"patternProperties", "unevaluatedProperties"} <= keywords:
        raise BadSchema("patternProperties and unevaluatedProperties together are not supported")


def _resolved(part: Mapping[str, Any], resolver: Any) -> Iterator[tuple[str, Any, Any]]:
    for keyword in _REFERENCES:
        reference = part.get(keyword)
        if not isinstance(reference, str):
            continue
        try:
            found = resolver.lookup(reference)
        except (Unresolvable, ValueError):
            raise BadSchema(
                f"the reference {reference[:MAX_MESSAGE]!r} leads out of it or nowhere; nothing is fetched, "
                "so put what it means into $defs"
            ) from None
        yield reference, found.contents, found.resolver


def _check_patterns(part: Mapping[str, Any]) -> None:
    patterns = [part["pattern"]] if isinstance(part.get("pattern"), str) else []
    properties = part.get("patternProperties")
    for pattern in [*patterns, *(properties if isinstance(properties, dict) else ())]:
        if len(pattern) > MAX_PATTERN:
            raise BadSchema(f"the pattern {shortened(pattern)!r} is longer than {MAX_PATTERN} characters")
        try:
            _compiled(pattern)
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if error.args else "it is not a pattern"
            raise BadSchema(
                f"the pattern {shortened(pattern)!r} is not supported ({reason}); patterns are RE2's, without "
                "look-around and back-references"
            ) from None


# --- keywords that are safe


@cache
def _safe(base: Any) -> Any:
    """The validator class with linear patterns, whose every keyword counts as a step."""
    own: dict[str, Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties(base.VALIDATORS["additionalProperties"]),
        "uniqueItems": _unique_items,
    }
    make: Any = extend
    return make(base, {name: _counted(keyword) for name, keyword in {**base.VALIDATORS, **own}.items()})


_steps: ContextVar[list[int]] = ContextVar("_steps")


def _counted(keyword: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError] | None:
        left = _steps.get()
        left[0] -= 1
        if left[0] < 0:
            raise TooMuch("it is too large to be checked against this schema")
        return keyword(validator, value, instance, schema)

    return counted


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, options=_OPTIONS)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _compiled(pattern).search(instance) is None:
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        search = _compiled(pattern).search
        for name, value in instance.items():
            if search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(usual: Keyword) -> Keyword:
    """The usual keyword, for the properties that no pattern of ours matches."""

    def additional(
        validator: Any, value: Any, instance: Any, schema: Any
    ) -> Iterable[ValidationError] | None:
        patterns = [_compiled(pattern).search for pattern in schema.get("patternProperties", ())]
        if not patterns or not isinstance(instance, dict):
            return usual(validator, value, instance, schema)
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
