"""Tools of one's own in a run: who sees them, what is recorded of a call, and what becomes of one that goes wrong."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from pydantic_ai import ModelRetry, RunContext, Tool, ToolReturn
from pydantic_ai.toolsets import FunctionToolset

from subagents import ToolProvider
from subagents.bootstrap import AgentManager
from subagents.delegation.toolset import delegation_toolset
from subagents.errors import BadTools
from subagents.events import Event, ToolCalled, ToolReturned
from subagents.runs.state import RunState, RunStatus
from subagents.spec import SpawnRequest

pytestmark = pytest.mark.anyio


def price(item: str) -> str:
    """What an item costs."""
    return f"{item} costs 3"


async def order(item: str, count: int = 1) -> dict[str, Any]:
    """Orders an item."""
    return {"item": item, "count": count}


def agent(project: Path, name: str = "buyer", tools: str = "none", **fields: str) -> None:
    folder = project / ".subagents" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    (folder / f"{name}.md").write_text(f"---\ndescription: buys\ntools: {tools}\n{more}---\nBuy.\n")


def script(project: Path, *turns: dict[str, object]) -> str:
    file = project / "turns.yaml"
    file.write_text(json.dumps({"turns": turns}))
    return f"script:{file}"


def calls(*tools: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments} for tool in tools]}


@dataclass(frozen=True)
class Told:
    """What a story has to tell: the run, its answer, its transcript, and each call with whether it went well."""

    run: RunState
    text: str
    lines: list[str]
    calls: list[tuple[str, bool]]

    @property
    def good(self) -> list[bool]:
        return [ok for _, ok in self.calls]


async def run_with(tools: Any, project: Path, *turns: dict[str, object], **wishes: Any) -> Told:
    returned: list[tuple[str, bool]] = []
    done: dict[str, object] = {"text": "done"}
    model = script(project, *turns, done, done, done)
    with anyio.fail_after(60):
        async with AgentManager.open(project, memory=True, model=model, tools=tools) as manager:
            manager.listen(lambda entry: returned.extend(_returned(entry.event)))
            run = await manager.spawn("buyer", "buy", **wishes)
            result = await manager.get_result(run, wait=True)
            lines = [line.text for line in (await manager.peek(run, lines=200)).lines]
            return Told(manager.state.run(run), result.text, lines, returned)


def _returned(event: Event) -> list[tuple[str, bool]]:
    return [(event.tool, event.ok)] if isinstance(event, ToolReturned) else []


# --- using them


async def test_functions_are_tools_with_what_they_say_of_themselves(tmp_path: Path):
    agent(tmp_path)

    told = await run_with({"shop": [price, order]}, tmp_path, calls("price", "order", item="tea"))

    assert (told.text, told.run.status) == ("done", RunStatus.COMPLETED)
    assert "tea costs 3" in told.lines
    assert '{"item":"tea","count":1}' in told.lines
    assert told.good == [True, True]


async def test_a_call_is_recorded_before_it_acts_as_one_that_may_change_something(tmp_path: Path):
    agent(tmp_path)
    facts: list[Any] = []
    model = script(tmp_path, calls("price", item="tea"), {"text": "done"})
    async with AgentManager.open(tmp_path, memory=True, model=model, tools={"shop": [price]}) as manager:
        manager.listen(lambda entry: facts.append(entry.event))
        await manager.get_result(await manager.spawn("buyer", "buy"), wait=True)

    (called,) = (fact for fact in facts if isinstance(fact, ToolCalled))
    assert (called.tool, json.loads(called.arguments), called.changes) == ("price", {"item": "tea"}, True)


async def test_a_tool_may_ask_which_run_calls_it_and_where_it_works(tmp_path: Path):
    agent(tmp_path)

    def where(ctx: RunContext[Any]) -> str:
        """Where we are."""
        return f"{ctx.deps.run} in {ctx.deps.coding.root}"

    told = await run_with([ToolProvider("here", [where])], tmp_path, calls("where"))

    assert f"{told.run.id} in {tmp_path.resolve()}" in told.lines


async def test_a_sync_tool_runs_in_a_thread_of_its_own(tmp_path: Path):
    agent(tmp_path)
    here = threading.get_ident()

    def thread() -> bool:
        """Whether it is another thread."""
        return threading.get_ident() != here

    assert "true" in (await run_with({"t": [thread]}, tmp_path, calls("thread"))).lines


async def test_a_toolset_or_what_makes_one_will_do_as_well(tmp_path: Path):
    agent(tmp_path)
    made: list[str] = []

    def make() -> FunctionToolset[Any]:
        made.append("once")
        return FunctionToolset([price])

    tools = {"a": FunctionToolset([order]), "b": make, "c": lambda: [Tool(price, name="price_of")]}
    told = await run_with(tools, tmp_path, calls("order", "price", "price_of", item="tea"))

    assert sorted(told.calls) == [("order", True), ("price", True), ("price_of", True)]
    assert made == ["once"]


# --- what goes wrong


async def test_what_a_tool_raises_is_told_to_the_model_and_the_run_goes_on(tmp_path: Path):
    agent(tmp_path)

    def broken(item: str) -> str:
        """Breaks."""
        raise RuntimeError(f"no {item} left")

    async def again(item: str) -> str:
        """Wants to be called differently."""
        raise ModelRetry(f"not {item!r}")

    told = await run_with({"shop": [broken, again]}, tmp_path, calls("broken", "again", item="tea"))

    assert told.text == "done"
    assert told.good == [False, False]
    assert sorted(line for line in told.lines if line.startswith("Error")) == [
        "Error: the tool 'again' failed with ModelRetry: not 'tea'. Do without it, or try it differently.",
        "Error: the tool 'broken' failed with RuntimeError: no tea left. Do without it, or try it differently.",
    ]


async def test_an_answer_that_is_no_json_or_far_too_long_is_an_answer_still(tmp_path: Path):
    agent(tmp_path)

    def odd() -> object:
        """Answers what nobody can read."""
        return object()

    def long() -> str:
        """Answers too much."""
        return "x" * 200_000

    lengths: list[int] = []
    model = script(tmp_path, calls("odd"), calls("long"), {"text": "done"})
    async with AgentManager.open(tmp_path, memory=True, model=model, tools={"t": [odd, long]}) as manager:
        run = await manager.spawn("buyer", "buy")
        assert (await manager.get_result(run, wait=True)).text == "done"
        lines = [line.text for line in (await manager.peek(run, lines=200)).lines]
        lengths = [len(line) for line in lines]
    assert any(line.startswith("Error: the tool 'odd' failed with ") for line in lines)
    assert max(lengths) < 60_000


class Odd(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("has nothing to say of itself")


async def cancelled() -> str:
    """Raises what the event loop ends its own with."""
    raise anyio.get_cancelled_exc_class()


async def cancels() -> str:
    """Raises it from what it waits for."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anyio.lowlevel.checkpoint()
    raise anyio.get_cancelled_exc_class()


def odd() -> str:
    """Raises what is no Exception and cannot be told."""
    raise Odd


def leaves() -> str:
    """Wants to end the program."""
    raise SystemExit(3)


async def closes() -> str:
    """Raises what ends generators."""
    raise GeneratorExit


def endless() -> Any:
    """Answers without end."""
    return iter(int, 1)


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        (cancelled, "was cancelled from inside before it answered."),
        (cancels, "was cancelled from inside before it answered."),
        (odd, "failed with Odd. Do"),
        (leaves, "failed with SystemExit: 3. Do"),
        (closes, "failed with GeneratorExit. Do"),
        (endless, "failed with TypeError: it returned a callable_iterator, of which the end is not known; "),
    ],
)
async def test_nothing_that_a_tool_raises_ends_more_than_its_call(tmp_path: Path, tool: Any, said: str):
    agent(tmp_path)
    told = await run_with({"t": [tool]}, tmp_path, calls(tool.__name__))

    assert (told.text, told.run.status, told.good) == ("done", RunStatus.COMPLETED, [False])
    assert any(line.startswith(f"Error: the tool '{tool.__name__}' {said}") for line in told.lines)


async def test_an_answer_that_cannot_be_stored_is_mended_and_one_for_programs_is_left_out(tmp_path: Path):
    agent(tmp_path)

    def half() -> str:
        """Answers half a character."""
        return "a\ud83d"

    def halves() -> dict[str, Any]:
        """Answers it inside."""
        return {"b\ud83d": ["c\ud83d"]}

    def rich() -> ToolReturn[str]:
        """Answers more than can be kept."""
        return ToolReturn("fine", content=["x" * 80_000, "y" * 10], metadata=object())

    told = await run_with({"t": [half, halves, rich]}, tmp_path, calls("half", "halves", "rich"))

    assert (told.text, told.good) == ("done", [True, True, True])
    assert "a\ufffd" in told.lines
    assert "fine" in told.lines


async def test_what_a_tool_prints_does_not_stand_in_our_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    agent(tmp_path)

    def made() -> list[Any]:
        print("made")
        return [chatty, quiet]

    def chatty() -> str:
        """Prints in a thread."""
        print("in a thread")
        return "said"

    async def quiet() -> str:
        """Prints in the loop."""
        print("in the loop")
        return "said"

    await run_with({"t": made}, tmp_path, calls("chatty", "quiet"))

    out, err = capsys.readouterr()
    assert out == ""
    assert sorted(err.splitlines()) == ["in a thread", "in the loop", "made"]


@pytest.mark.parametrize("given", [list, FunctionToolset], ids=["a function", "a toolset"])
async def test_a_run_is_stopped_while_a_tool_hangs(tmp_path: Path, given: Callable[[list[Any]], Any]):
    agent(tmp_path)
    begun, gate = anyio.Event(), threading.Event()
    here = anyio.lowlevel.current_token()

    def hang() -> str:
        """Hangs."""
        anyio.from_thread.run_sync(begun.set, token=here)
        gate.wait(60)
        return "late"

    model = script(tmp_path, calls("hang"), {"text": "done"})
    try:
        with anyio.fail_after(20):
            async with AgentManager.open(
                tmp_path, memory=True, model=model, tools={"t": given([hang])}
            ) as manager:
                run = await manager.spawn("buyer", "buy")
                await begun.wait()
                await manager.stop(run, reason="enough")
                assert (await manager.get_result(run, wait=True)).run.status is RunStatus.STOPPED
    finally:
        gate.set()


class Unreachable(FunctionToolset[Any]):
    """The tools of a server that is not there."""

    async def __aenter__(self) -> Self:
        raise ConnectionError("nobody answers")


async def test_a_provider_that_cannot_be_reached_costs_its_own_tools_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    agent(tmp_path)
    with caplog.at_level(logging.WARNING, "subagents"):
        told = await run_with(
            {"far": Unreachable([order]), "shop": [price]}, tmp_path, calls("price", item="tea")
        )
    assert told.calls == [("price", True)]
    assert [record.getMessage() for record in caplog.records] == [
        "The tools 'far' could not be reached: ConnectionError: nobody answers"
    ]


async def test_tools_that_cannot_be_described_begin_no_run(tmp_path: Path):
    agent(tmp_path)
    agent(tmp_path, "alone", isolated="true")

    wrong: Any = {"shop": price}
    async with AgentManager.open(tmp_path, memory=True, tools=wrong) as manager:
        with pytest.raises(BadTools, match="The tools of 'shop' could not be made"):
            await manager.spawn("buyer", "buy")
        assert manager.list() == []
        await manager.spawn("alone", "look around")


# --- names


async def test_a_name_of_ours_or_of_an_earlier_provider_is_not_given_twice(tmp_path: Path):
    agent(tmp_path, tools="read")

    def read(item: str) -> str:
        """Another read."""
        return f"read {item}"

    tools = {"mine": [read, price], "yours": [price]}
    told = await run_with(tools, tmp_path, calls("mine__read", "price", "yours__price", item="tea"))

    assert sorted(told.calls) == [("mine__read", True), ("price", True), ("yours__price", True)]
    assert "read tea" in told.lines


# --- who sees them


@pytest.mark.parametrize(
    ("fields", "admitted"),
    [
        pytest.param({}, True, id="all by default"),
        pytest.param({"isolated": "true", "exclude_extensions": "shop"}, False, id="E13"),
    ],
)
async def test_an_isolated_agent_sees_none_and_is_told_nothing_of_it(
    tmp_path: Path, fields: dict[str, str], admitted: bool
):
    agent(tmp_path, **fields)

    told = await run_with({"shop": [price]}, tmp_path, calls("price", item="tea"))

    assert told.good == [admitted]
    assert not [note for note in told.run.spec.notes if "provider" in note]


@pytest.mark.parametrize(
    ("late", "admitted"),
    [pytest.param(True, True, id="E15 selected"), pytest.param(False, False, id="E15 not")],
)
async def test_a_tool_that_comes_late_is_admitted_by_the_same_rules(
    tmp_path: Path, late: bool, admitted: bool
):
    agent(tmp_path, tools="ext:shop" if late else "ext:shop/learn")
    toolset: FunctionToolset[Any] = FunctionToolset()

    def learn() -> str:
        """Learns what things cost."""
        toolset.add_function(price)
        return "learnt"

    toolset.add_function(learn)
    told = await run_with(
        {"shop": toolset}, tmp_path, calls("learn"), calls("price", item="tea"), calls("price", item="tea")
    )

    assert told.good == [True, admitted, admitted]


async def test_a_child_never_sees_what_its_parent_could_not(tmp_path: Path):
    agent(tmp_path, tools="Agent, get_subagent_result, ext:shop/price")
    agent(tmp_path, "clerk", tools="ext:shop")
    answers: list[tuple[str, bool]] = []
    model = script(
        tmp_path,
        {"match": "^the clerk", **calls("price", "order", item="tea")},
        {"match": "^buy", **calls("Agent", prompt="the clerk's part", subagent_type="clerk")},
        {"match": "^Started", **calls("get_subagent_result", agent_id="clerk", wait=True)},
        {"text": "done"},
        {"text": "done"},
    )
    with anyio.fail_after(60):
        async with AgentManager.open(
            tmp_path, memory=True, model=model, tools={"shop": [price, order]}
        ) as manager:
            manager.listen(lambda entry: answers.extend(_returned(entry.event)))
            await manager.get_result(await manager.spawn("buyer", "buy"), wait=True)

    assert ("price", True) in answers
    assert ("order", False) in answers


async def test_a_child_does_not_find_under_another_name_what_its_parent_may_not_use(tmp_path: Path):
    agent(tmp_path, tools="Agent, get_subagent_result", disallowed_tools="b__price")
    agent(tmp_path, "clerk", tools="none", extensions="b")

    def other(item: str) -> str:
        """What an item costs elsewhere."""
        return f"{item} costs 4"

    answers: list[tuple[str, bool]] = []
    model = script(
        tmp_path,
        {"match": "^the clerk", **calls("price", "b__price", "order", item="tea")},
        {"match": "^buy", **calls("Agent", prompt="the clerk's part", subagent_type="clerk")},
        {"match": "^Started", **calls("get_subagent_result", agent_id="clerk", wait=True)},
        {"text": "done"},
        {"text": "done"},
    )
    tools: dict[str, Any] = {"a": [price], "b": [Tool(other, name="price"), order]}
    with anyio.fail_after(60):
        async with AgentManager.open(tmp_path, memory=True, model=model, tools=tools) as manager:
            manager.listen(lambda entry: answers.extend(_returned(entry.event)))
            await manager.get_result(await manager.spawn("buyer", "buy"), wait=True)

    assert {("price", False), ("b__price", False), ("order", True)} <= set(answers)


async def test_what_an_agent_file_selects_in_vain_is_told_by_the_run(tmp_path: Path):
    agent(tmp_path, tools="ext:shop/prize")
    async with AgentManager.open(tmp_path, memory=True, tools={"shop": [price]}) as manager:
        run = manager.state.run(await manager.spawn(SpawnRequest(agent="buyer", prompt="look around")))
    assert run.spec.notes == (
        "'ext:shop/prize' selects nothing: the provider has no tool 'prize'. Did you mean 'price'? "
        "There are: price.",
    )


async def test_a_run_that_is_resumed_in_another_process_has_its_tools_again(tmp_path: Path):
    agent(tmp_path)
    model = script(tmp_path, {"text": "first"}, calls("price", item="tea"), {"text": "second"})
    async with AgentManager.open(tmp_path, model=model, tools={"shop": [price]}) as manager:
        run = await manager.spawn("buyer", "buy")
        await manager.get_result(run, wait=True)
        session = manager.session
    async with AgentManager.open(tmp_path, session=session, model=model, tools={"shop": [price]}) as manager:
        await manager.resume(run, "and now?")
        assert (await manager.get_result(run, wait=True)).text == "second"
        assert "tea costs 3" in [line.text for line in (await manager.peek(run, lines=200)).lines]


async def test_the_agents_that_a_model_is_told_of_are_those_it_may_start(tmp_path: Path):
    agent(tmp_path)
    agent(tmp_path, "clerk")
    async with AgentManager.open(tmp_path, memory=True) as manager:
        every, some = (delegation_toolset(manager, ["Agent"], types) for types in (None, ("clerk",)))

    listed = [toolset.tools["Agent"].description or "" for toolset in (every, some)]
    assert ["- clerk: " in text for text in listed] == [True, True]
    assert ["- buyer: " in text for text in listed] == [True, False]


@pytest.mark.parametrize(
    ("tools", "offered"),
    [("read", False), ("all", False), ("read, Agent(clerk)", True), ("read, Agent", True)],
)
async def test_the_tools_that_drive_agents_are_offered_to_those_whose_file_names_them(
    tmp_path: Path, tools: str, offered: bool
):
    agent(tmp_path, tools=tools)
    agent(tmp_path, "clerk", tools="read")

    told = await run_with(None, tmp_path, calls("Agent", prompt="do it", subagent_type="clerk"))

    assert told.good == [offered]
