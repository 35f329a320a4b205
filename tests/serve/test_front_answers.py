"""What is answered from the file, and which files are not used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.serve.front_parts import MODERN, NEW, OLD, VERSION, file_of_answers, modern, request, tools_of

from subagents.serve.front.answers import Offered, answer, offered


@pytest.fixture
def told(tmp_path: Path) -> Offered:
    file = tmp_path / "offered.json"
    file.write_text(json.dumps(file_of_answers()), encoding="utf-8")
    found = offered(VERSION, tmp_path / "none.json", file)
    assert found is not None
    return found


@pytest.mark.parametrize("asked", [OLD, NEW])
def test_the_version_that_is_asked_for_is_spoken_where_it_is_known(told: Offered, asked: str):
    assert answer(told, request(0, "initialize", protocolVersion=asked), "") == {"protocolVersion": asked}


@pytest.mark.parametrize("asked", ["2024-11-05", MODERN, 7, None])
def test_otherwise_it_is_the_newest(told: Offered, asked: object):
    assert answer(told, request(0, "initialize", protocolVersion=asked), "") == {"protocolVersion": NEW}


def test_tools_are_those_of_the_version_that_is_spoken(told: Offered):
    assert answer(told, request(1, "tools/list"), OLD) == tools_of(f"old {OLD}")
    assert answer(told, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, NEW) == tools_of(f"old {NEW}")
    assert answer(told, request(1, "tools/list"), "") is None
    assert answer(told, request(1, "tools/list", cursor="2"), OLD) is None
    assert answer(told, request(1, "tools/call"), OLD) is None


def test_a_request_of_the_modern_era_names_its_version(told: Offered):
    assert answer(told, modern(1, "server/discover"), "") == {"supportedVersions": [MODERN]}
    assert answer(told, modern(1, "tools/list"), OLD) == tools_of("modern")
    unknown = request(1, "server/discover", _meta={"io.modelcontextprotocol/protocolVersion": "2031-01-01"})
    assert answer(told, unknown, "") is None
    assert answer(told, request(1, "server/discover"), OLD) is None


@pytest.mark.parametrize("params", [[], "x", {"_meta": 1}, {"_meta": {}}])
def test_parameters_of_any_shape_are_survived(told: Offered, params: Any):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}
    assert answer(told, message, OLD) == tools_of(f"old {OLD}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        json.dumps(file_of_answers(version="9.8")),
        json.dumps(file_of_answers(digest=5)),
        json.dumps(file_of_answers(handshake=[])),
        json.dumps(file_of_answers(handshake={OLD: {"initialize": {}}})),
        json.dumps(file_of_answers(modern={MODERN: {"server/discover": {}, "tools/list": []}})),
        json.dumps({"version": VERSION, "digest": "d"}),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_not_used(tmp_path: Path, text: str):
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    (tmp_path / "good.json").write_text(json.dumps(file_of_answers(digest="good")), encoding="utf-8")
    assert offered(VERSION, tmp_path / "bad.json") is None
    found = offered(VERSION, tmp_path / "bad.json", tmp_path, tmp_path / "good.json")
    assert found is not None
    assert found.digest == "good"
