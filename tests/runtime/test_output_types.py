"""An answer as an instance of the class that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from pydantic import BaseModel, TypeAdapter

import subagents
from subagents import SpawnRequest
from subagents.bootstrap import AgentManager
from subagents.errors import BadAnswer, InvalidSchema

pytestmark = pytest.mark.anyio


class Found(BaseModel):
    path: str
    line: int


def script(folder: Path, *texts: str) -> str:
    file = folder / "turns.yaml"
    file.write_text(json.dumps({"turns": [{"text": text} for text in texts]}))
    return f"script:{file}"


GOOD = '{"path": "a.py", "line": 3}'
A3 = Found(path="a.py", line=3)


async def test_the_class_that_was_asked_for_is_what_comes_back(tmp_path: Path):
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, memory=True, model=script(tmp_path, GOOD)) as manager:
            run = await manager.spawn("Explore", "go", output_schema=Found)
            result = await manager.get_result(run, wait=True)

    assert result.value == A3
    assert result.value_as(Found).line == 3
    assert result.run.spec.output_schema == Found.model_json_schema()
    assert result.run.spec.decided["output_schema"] == "caller"


async def test_an_adapter_and_a_whole_request_will_do_as_well(tmp_path: Path):
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, memory=True, model=script(tmp_path, f"[{GOOD}]")) as manager:
            asked = SpawnRequest(agent="Explore", prompt="go", output_schema=TypeAdapter(list[Found]))  # type: ignore[arg-type]
            result = await manager.get_result(await manager.spawn(asked), wait=True)

    assert result.value == [A3]


async def test_where_only_the_schema_is_known_the_value_is_plain(tmp_path: Path):
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, model=script(tmp_path, GOOD)) as manager:
            run = await manager.spawn("Explore", "go", output_schema=Found)
            await manager.get_result(run, wait=True)
            session = manager.session
        async with AgentManager.open(tmp_path, session=session) as manager:
            result = await manager.get_result(run)

    assert result.value == {"path": "a.py", "line": 3}
    assert result.value_as(Found) == A3


async def test_an_answer_that_does_not_fit_has_no_value(tmp_path: Path):
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, memory=True, model=script(tmp_path, *["no"] * 9)) as manager:
            run = await manager.spawn("Explore", "go", output_schema=Found)
            result = await manager.get_result(run, wait=True)

    assert result.value is None
    with pytest.raises(BadAnswer, match="has no structured answer"):
        result.value_as(Found)


async def test_a_class_that_is_no_schema_begins_nothing(tmp_path: Path):
    async with AgentManager.open(tmp_path, memory=True) as manager:
        with pytest.raises(InvalidSchema, match="no pydantic model"):
            await manager.spawn("Explore", "go", output_schema=Path)
        assert manager.list() == []


def test_the_one_call_gives_it_back_too(tmp_path: Path):
    result = subagents.run(
        "Explore", "go", path=str(tmp_path), model=script(tmp_path, GOOD), output_schema=Found
    )
    assert result.value == A3


def test_the_one_call_takes_tools_of_ones_own_as_well(tmp_path: Path):
    def price(item: str) -> str:
        """What an item costs."""
        return f"{item} costs 3"

    turns = [
        {"tool_calls": [{"name": "price", "arguments": {"item": "tea"}}]},
        {"match": "costs 3", "text": "dear"},
    ]
    (tmp_path / "turns.yaml").write_text(json.dumps({"turns": turns}))
    model = f"script:{tmp_path / 'turns.yaml'}"
    result = subagents.run("Explore", "go", path=str(tmp_path), model=model, tools={"shop": [price]})
    assert result.text == "dear"
