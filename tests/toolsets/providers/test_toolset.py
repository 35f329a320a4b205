"""The tools of providers as one toolset: what is offered at each turn, and what a provider's trouble costs."""

from __future__ import annotations

import logging
from typing import Any, Self

import pytest
from pydantic_ai import RunContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ExternalToolset, FunctionToolset, ToolsetTool
from pydantic_ai.usage import RunUsage

from subagents.spec import ProviderRule, ToolSelection
from subagents.toolsets.providers.provider import ToolProvider
from subagents.toolsets.providers.toolset import Provided, opened

pytestmark = pytest.mark.anyio

RUN = RunContext[Any](deps=None, model=TestModel(), usage=RunUsage())


def price(item: str) -> str:
    """What an item costs."""
    return f"{item} costs 3"


def odd() -> str:
    """Has a name that no model can call."""
    return "odd"


def provided(
    *providers: tuple[str, Any], tools: ToolSelection | None = None, reserved: tuple[str, ...] = ()
) -> Provided:
    made = [opened(ToolProvider(name, source)) for name, source in providers]
    return Provided(made, tools or ToolSelection(), reserved)


async def offered(toolset: Provided) -> dict[str, ToolsetTool[Any]]:
    """What one run is offered at its first turn."""
    of_run = await toolset.for_run(RUN)
    async with of_run:
        return await (await of_run.for_run_step(RUN)).get_tools(RUN)


async def test_what_may_be_used_is_looked_at_again_when_it_is_called():
    tools = await offered(provided(("shop", [price])))
    narrow = provided(("shop", [price]), tools=ToolSelection(providers=(ProviderRule(selected=("mcp",)),)))

    assert await narrow.call_tool("price", {"item": "tea"}, RUN, tools["price"]) == (
        "Error: the tool 'price' may not be used here."
    )
    wide = provided(("shop", [price]))
    assert await wide.call_tool("price", {"item": "tea"}, RUN, tools["price"]) == "tea costs 3"


@pytest.mark.parametrize("denied", ["price", "shop/price", "shop__price"])
async def test_a_tool_is_denied_by_each_of_its_names(denied: str):
    tools = ToolSelection(denied=(denied,))
    assert await offered(provided(("shop", [price]), tools=tools, reserved=("price",))) == {}


@pytest.mark.parametrize("denied", ["Price", "SHOP/PRICE", "Shop__Price", "shop__price"])
async def test_what_is_denied_is_denied_in_any_case_and_by_names_it_does_not_have_here(denied: str):
    tools = ToolSelection(denied=(denied,))
    assert await offered(provided(("shop", [price]), tools=tools)) == {}


async def test_a_name_is_taken_also_by_a_tool_that_may_not_be_seen():
    tools = ToolSelection(providers=(ProviderRule(selected=("yours",)),))
    assert list(await offered(provided(("mine", [price]), ("yours", [price]), tools=tools))) == [
        "yours__price"
    ]


async def test_a_tool_that_somebody_else_is_to_run_is_not_offered():
    elsewhere: AbstractToolset[Any] = ExternalToolset([ToolDefinition(name="elsewhere")])
    assert list(await offered(provided(("far", elsewhere), ("shop", [price])))) == ["price"]


async def test_a_tool_without_a_name_that_a_model_could_call_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
):
    toolset: FunctionToolset[Any] = FunctionToolset()
    toolset.add_function(odd, name="no.such.name")
    with caplog.at_level(logging.WARNING, "subagents"):
        assert await offered(provided(("shop", toolset))) == {}
    assert "'shop/no.such.name' cannot be offered" in caplog.text


class Moody(FunctionToolset[Any]):
    """Breaks wherever it is told to."""

    breaks = ""

    def _break(self, at: str) -> None:
        if self.breaks == at:
            raise RuntimeError(f"broken at {at}")

    async def for_run(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        self._break("for_run")
        return self

    async def for_run_step(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        self._break("for_run_step")
        return self

    async def __aenter__(self) -> Self:
        self._break("entering")
        return self

    async def __aexit__(self, *args: Any) -> bool | None:
        self._break("leaving")
        return None

    async def get_instructions(self, ctx: RunContext[Any]) -> Any:
        self._break("get_instructions")
        return ["Buy little."]

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        self._break("get_tools")
        return await super().get_tools(ctx)


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("", ["pay", "price"]),
        ("for_run", ["price"]),
        ("entering", ["price"]),
        ("get_tools", ["price"]),
        ("for_run_step", ["pay", "price"]),
        ("get_instructions", ["pay", "price"]),
        ("leaving", ["pay", "price"]),
    ],
)
async def test_wherever_a_provider_breaks_the_others_are_there(
    at: str, left: list[str], caplog: pytest.LogCaptureFixture
):
    moody = Moody()
    moody.add_function(price, name="pay")
    moody.breaks = at
    with caplog.at_level(logging.WARNING, "subagents"):
        of_run = await provided(("bank", moody), ("shop", [price])).for_run(RUN)
        async with of_run:
            await of_run.for_run_step(RUN)
            first, second = await of_run.get_tools(RUN), await of_run.get_tools(RUN)
            said = await of_run.get_instructions(RUN)
    assert sorted(first) == sorted(second) == left
    assert said == (["Buy little."] if at in ("", "get_tools", "for_run_step", "leaving") else None)
    assert [record.getMessage().count(f"broken at {at}") for record in caplog.records] == ([1] if at else [])


async def test_two_runs_at_once_do_not_get_in_each_others_way():
    toolset = provided(("shop", [price]))
    one, other = await toolset.for_run(RUN), await toolset.for_run(RUN)
    async with one:
        async with other:
            assert list(await other.get_tools(RUN)) == ["price"]
        assert list(await one.get_tools(RUN)) == ["price"]
    assert one is not other
