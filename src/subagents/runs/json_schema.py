"""JSON Schema, made safe for schemas and values that come from models. Loaded only where a schema is in play.

Patterns are matched in linear time (RE2), nothing is ever fetched, and the work is bounded; the library by itself
backtracks, follows a remote `$ref` and recurses without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema_specifications import REGISTRY
from referencing import Registry, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7, DRAFT201909, DRAFT202012

from subagents.runs.json_keywords import TooMuch, UnusablePattern, compiled, counting, safe, without_rules

MAX_PATTERN = 1000  # characters
MAX_MESSAGE = 200

_DIALECTS: dict[str, tuple[Any, Specification[Any]]] = {
    "https://json-schema.org/draft/2020-12/schema": (Draft202012Validator, DRAFT202012),
    "https://json-schema.org/draft/2019-09/schema": (Draft201909Validator, DRAFT201909),
    "http://json-schema.org/draft-07/schema": (Draft7Validator, DRAFT7),
}
_DEFAULT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class BadSchema(ValueError):
    """This is no schema that can be used; the sentence names the place and the reason."""


def check(schema: Mapping[str, Any], registry: Registry[Any] | None = None) -> None:
    """Raises `BadSchema` for what is not JSON Schema, or cannot be checked here: a remote `$ref`, a look-ahead.

    `registry` is what references may lead to beside the schema itself, the drafts' own schemas unless it is given.
    Nothing is ever retrieved.
    """
    registry = registry or known()
    validator, specification = _dialect(schema, registry)
    _refuse_other_dialects(schema)
    bare = _bare(schema)
    _check_against_meta_schema(validator, bare, "")
    _check_parts(validator, specification, bare, registry)
    probes: tuple[object, ...] = (None, {}, [])
    for probe in probes:
        try:
            errors(schema, probe, 1, registry=registry)
        except TooMuch:
            raise BadSchema(
                "checking any answer against it takes too many steps: it refers to itself without end, or its "
                "references multiply"
            ) from None


def errors(
    schema: Mapping[str, Any],
    value: object,
    most: int,
    *,
    registry: Registry[Any] | None = None,
    assert_format: bool = False,
) -> list[ValidationError]:
    """The first `most` things that don't fit, for a schema that `check` let pass. Raises `TooMuch`.

    `format` is a hint, as the drafts have it, unless `assert_format` makes those that are known a rule.
    """
    registry = registry or known()
    base, _specification = _dialect(schema, registry)
    formats = base.FORMAT_CHECKER if assert_format else None
    # With its `$schema` the library would go on with its own, unsafe keywords.
    validator = safe(base)(_bare(schema), registry=registry, format_checker=formats)
    with counting():
        try:
            return list(islice(validator.iter_errors(value), most))
        except RecursionError:
            raise TooMuch("it is nested too deeply to be checked") from None


def resources(contents: Mapping[str, Any], specification: Specification[Any]) -> Registry[Any]:
    """Schemas of one dialect, by their URI, as what references may lead to."""
    found: Registry[Any] = Registry()
    # With its `$schema` the library would go on with its own, unsafe keywords.
    return found.with_resources(
        (uri, specification.create_resource(_bare(each) if isinstance(each, dict) else each))
        for uri, each in contents.items()
    )


@cache
def known() -> Registry[Any]:
    """The meta-schemas of the drafts, which come with the library."""
    found: Registry[Any] = Registry()
    for uri, (_validator, specification) in _DIALECTS.items():
        folder = uri.rpartition("/")[0]
        of_draft = {each: REGISTRY.contents(each) for each in REGISTRY if each.startswith(folder)}
        found = found.combine(resources(of_draft, specification))
    return found


def pointer(path: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901); "" is the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def shortened(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


# --- is it a schema


def _dialect(schema: Mapping[str, Any], registry: Registry[Any]) -> tuple[Any, Specification[Any]]:
    named = schema.get("$schema", _DEFAULT)
    if isinstance(named, str):
        if (draft := _DIALECTS.get(named.removesuffix("#"))) is not None:
            return draft
        if named in registry and (own := _own_dialect(registry.contents(named))) is not None:
            return own
    raise BadSchema(f"its $schema {named!r} is not supported; the known ones are {', '.join(_DIALECTS)}")


def _own_dialect(meta_schema: Any) -> tuple[Any, Specification[Any]] | None:
    """The draft that a meta-schema of one's own takes its vocabularies from, without the rules of validation where it
    does not take those."""
    for uri, (validator, specification) in _DIALECTS.items():
        vocabulary = f"{uri.rpartition('/')[0]}/vocab"
        taken = [each for each in meta_schema.get("$vocabulary", ()) if each.startswith(vocabulary)]
        if taken:
            rules = f"{vocabulary}/validation" in taken
            return (validator if rules else without_rules(validator)), specification
    return None


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


def _check_parts(
    validator: Any, specification: Specification[Any], schema: dict[str, Any], registry: Registry[Any]
) -> None:
    """Every subschema's patterns and references; what a reference leads to is a schema too, wherever it stands."""
    root = specification.create_resource(schema)
    waiting = [(root, registry.resolver_with_root(root))]
    seen: set[int] = set()
    referred: list[tuple[str, Any, Any]] = []
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
        _check_patterns(part.contents)
        referred += _resolved(part.contents, resolver)
        waiting += [(inner, resolver.in_subresource(inner)) for inner in part.subresources()]


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
            compiled(pattern)
        except UnusablePattern as error:
            raise BadSchema(
                f"the pattern {shortened(pattern)!r} is not supported ({error}); patterns are RE2's, without "
                "look-around and back-references"
            ) from None
