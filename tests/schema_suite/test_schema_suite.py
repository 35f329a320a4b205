"""The official JSON Schema test suite: what each draft requires, through our own keywords.

The data are those of https://github.com/json-schema-org/JSON-Schema-Test-Suite as they come with the source of
jsonschema 4.26, one file a draft, `optional` left out; its licence stands beside them. Remote schemas are given to the
validator, because nothing is ever fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT7, DRAFT201909, DRAFT202012

from subagents.runs import json_schema

DATA = Path(__file__).parent / "data"
HOME = "http://localhost:1234/"  # where the suite imagines its remote schemas
DRAFTS = {
    "draft2020-12": ("https://json-schema.org/draft/2020-12/schema", DRAFT202012),
    "draft2019-09": ("https://json-schema.org/draft/2019-09/schema", DRAFT201909),
    "draft7": ("http://json-schema.org/draft-07/schema#", DRAFT7),
}
#: What is refused on purpose, with the reason.
REFUSED = {
    ("draft2019-09", "ref", "$ref with $recursiveAnchor"): "a part of a schema names a $schema of its own",
}


@cache
def registry(draft: str) -> Registry[Any]:
    remotes = json.loads((DATA / "remotes.json").read_text(encoding="utf-8"))
    known = {
        f"{HOME}{path}": contents
        for path, contents in remotes.items()
        if not path.startswith("draft") or path.startswith(f"{draft}/")
    }
    return json_schema.known().combine(json_schema.resources(known, DRAFTS[draft][1]))


def groups() -> Iterator[Any]:
    for draft in DRAFTS:
        files = json.loads((DATA / f"{draft}.json").read_text(encoding="utf-8"))
        for file, cases in files.items():
            for number, group in enumerate(cases):
                yield pytest.param(draft, file, group, id=f"{draft}-{file}-{number}")


def whole(draft: str, schema: Any) -> dict[str, Any]:
    """The schema as an object that names its draft."""
    uri, _specification = DRAFTS[draft]
    return {"$schema": uri, **schema} if isinstance(schema, dict) else {"$schema": uri, "allOf": [schema]}


@pytest.mark.parametrize(("draft", "file", "group"), list(groups()))
def test_what_a_draft_requires(draft: str, file: str, group: dict[str, Any]):
    schema, known = whole(draft, group["schema"]), registry(draft)
    if (draft, file, group["description"]) in REFUSED:
        with pytest.raises(json_schema.BadSchema):
            json_schema.check(schema, known)
        return
    json_schema.check(schema, known)
    wrong = [
        test["description"]
        for test in group["tests"]
        if (not json_schema.errors(schema, test["data"], 1, registry=known)) is not test["valid"]
    ]
    assert wrong == []


def test_the_suite_is_all_there():
    counts = {
        draft: sum(
            len(group["tests"])
            for cases in json.loads((DATA / f"{draft}.json").read_text(encoding="utf-8")).values()
            for group in cases
        )
        for draft in DRAFTS
    }
    assert counts == {"draft2020-12": 1257, "draft2019-09": 1227, "draft7": 913}


def test_without_its_remote_schemas_nothing_is_fetched():
    with pytest.raises(json_schema.BadSchema, match="nothing is fetched"):
        json_schema.check({"$ref": f"{HOME}draft2020-12/integer.json"})
