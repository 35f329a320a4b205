"""What no client should send, and what it gets: an error, and the line goes on."""

from __future__ import annotations

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.mcp.stories import ByHand, Host, MemoryByteStream, called, envelope, line, settled, story

from subagents.errors import BadDefinition
from subagents.own_tasks import own_tasks
from subagents.serve.mcp.batch import Batch
from subagents.serve.mcp.lines import MAX_LINE, LineWriter, lines, written
from subagents.serve.mcp.server import SubagentsServer
from subagents.serve.mcp.speak import MAX_ASKED, Line, speak

pytestmark = pytest.mark.anyio

NOT_JSON = [
    b"hello",
    b"{",
    b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a": ' * 100_000,
    b"1" * 10_000,
]
NO_MESSAGES: list[Any] = [
    3,
    "x",
    None,
    True,
    {},
    {"jsonrpc": "2.0", "id": None, "method": "ping"},
    {"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"},
    {"jsonrpc": "2.0", "id": [1], "method": "ping"},
    {"jsonrpc": "2.0", "id": 5, "method": 7},
    {"jsonrpc": "2.0", "id": 5, "result": 7},
    {"jsonrpc": "2.0", "method": "ping", "params": [1]},
]


@pytest.mark.parametrize("sent", NOT_JSON, ids=range(len(NOT_JSON)))
async def test_what_is_no_json_gets_a_parse_error_without_an_id(sent: bytes):
    async with story() as told:
        client = await told.by_hand()
        await client.send_bytes(sent + b"\n")
        answer = await client.answer_to(None)
        assert answer["error"]["code"] == -32700
        assert len(answer["error"]["message"]) < 400
        assert (await client.shake_hands())["serverInfo"]


@pytest.mark.parametrize("sent", NO_MESSAGES, ids=range(len(NO_MESSAGES)))
async def test_what_is_no_message_is_refused(sent: Any):
    async with story() as told:
        client = await told.shaken()
        await client.send(sent)
        await settled()
        assert client.heard[-1]["error"]["code"] == -32600
        assert client.heard[-1]["id"] is None
        assert await client.ask("ping") == {}


async def test_a_bad_request_with_an_id_is_refused_under_it():
    async with story() as told:
        client = await told.shaken()
        await client.send({"jsonrpc": "2.0", "id": 77, "method": "ping", "params": 3})
        assert (await client.answer_to(77))["error"]["code"] == -32600
        await client.send({"jsonrpc": "1.0", "id": 78, "method": "ping"})
        assert (await client.answer_to(78))["error"]["code"] == -32600


async def test_a_line_of_five_megabytes_is_refused_and_the_next_is_heard():
    async with story() as told:
        client = await told.shaken()
        piece = b"x" * 65_536
        for _ in range(80):
            await client.send_bytes(piece)
        await client.send_bytes(b"\n")
        answer = await client.answer_to(None)
        assert answer["error"]["code"] == -32600
        assert f"{MAX_LINE:,}" in answer["error"]["message"]
        assert await client.ask("ping") == {}


async def test_a_request_of_five_megabytes_is_refused_under_its_id():
    async with story() as told:
        client = await told.shaken()
        params = called("Agent", prompt="x" * (MAX_LINE + 1))
        for identity, message in (
            (71, {"id": 71, "method": "tools/call", "params": params}),
            (72, {"method": "tools/call", "params": params, "id": 72}),
        ):
            whole = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
            for at in range(0, len(whole), 65_536):
                await client.send_bytes(whole[at : at + 65_536])
            assert f"{MAX_LINE:,}" in (await client.answer_to(identity))["error"]["message"]


async def test_a_request_under_half_a_surrogate_pair_is_answered_under_it():
    async with story() as told:
        client = await told.shaken()
        await client.send_bytes(b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "tools/list"}\n')
        assert await client.answer_to("\ud800")


async def test_wrong_types_and_unknown_methods_are_refused_in_both_eras():
    async with story() as told:
        client = await told.shaken()
        assert (await client.ask("no/such"))["code"] == -32601
        assert (await client.ask("no/such", {"_meta": envelope()}))["code"] == -32601
        wrong: tuple[dict[str, Any], ...] = (
            {"name": 3},
            {"name": "Agent", "arguments": "x"},
            {"arguments": {}},
            {"name": None},
        )
        for params in wrong:
            assert (await client.ask("tools/call", params))["code"] == -32602
            assert (await client.ask("tools/call", {**params, "_meta": envelope()}))["code"] == -32602
        assert (await client.ask("tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": 3}}))[
            "code"
        ]
        odd = {"_meta": {"io.modelcontextprotocol/protocolVersion": "1999-01-01"}}
        assert (await client.ask("tools/list", odd))["code"]
        assert (await client.ask("tools/list", {"_meta": "x"}))["code"] == -32602
        for name in ("Agent", "get_subagent_result", "start_agents"):
            answer = await client.call(name, nonsense=[{"deep": [1]}])
            assert answer["isError"]
            assert "structuredContent" not in answer


async def test_half_a_surrogate_pair_harms_nobody():
    async with story() as told:
        client = await told.shaken()
        for tool, text in (
            ("Agent", "prompt"),
            ("get_subagent_result", "agent_id"),
            ("steer_subagent", "message"),
        ):
            sent = json.dumps(
                {"jsonrpc": "2.0", "id": tool, "method": "tools/call", "params": called(tool, **{text: "X"})}
            )
            await client.send_bytes(sent.replace('"X"', '"\\ud800"').encode() + b"\n")
            assert (await client.answer_to(tool))["result"]["isError"]
        assert written({"x": "\ud800"}) == b'{"x":"?"}\n'


async def test_an_array_of_messages_is_refused_where_the_protocol_has_none():
    async with story() as told:
        client = await told.shaken()
        await client.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
        answer = await client.answer_to(None)
        assert answer["error"]["code"] == -32600
        assert "2025-03-26" in answer["error"]["message"]
        assert "2025-11-25" in answer["error"]["message"]


async def test_an_array_of_messages_is_answered_by_one_where_the_protocol_has_them():
    async with story() as told:
        client = await told.shaken(version="2025-03-26")
        before = len(client.heard)
        await client.send(
            [
                {"jsonrpc": "2.0", "id": "p", "method": "ping"},
                {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}},
                {"jsonrpc": "2.0", "id": "t", "method": "tools/list"},
                {"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {}},
                5,
            ]
        )
        await settled()
        (answers,) = client.heard[before:]
        assert {each["id"] for each in answers} == {"p", "t", "i", None}
        assert all("error" in each for each in answers if each["id"] in ("i", None))
        await client.send([])
        assert (await client.answer_to(None))["error"]
        await client.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
        assert await client.ask("ping") == {}


async def test_what_is_cancelled_in_an_array_is_not_waited_for():
    async with story() as told:
        client = await told.shaken(version="2025-03-26")
        await client.call("Agent", prompt="a", subagent_type="plain")
        before = len(client.heard)
        wait = {
            "jsonrpc": "2.0",
            "id": "w",
            "method": "tools/call",
            "params": called("get_subagent_result", wait=True),
        }
        await client.send([{"jsonrpc": "2.0", "id": "p", "method": "ping"}, wait])
        await settled()
        assert client.heard[before:] == []
        await client.notify("notifications/cancelled", requestId="w")
        await settled()
        assert [[each["id"] for each in answers] for answers in client.heard[before:]] == [["p"]]


def test_a_batch_gives_its_answers_once():
    batch = Batch()
    assert batch.take() == []
    batch.expect(1)
    batch.add({"id": None})
    assert batch.take() == []
    batch.add({"id": 1}, 1)
    assert [each["id"] for each in batch.take()] == [None, 1]
    assert batch.take() == []


async def test_a_client_that_reads_nothing_holds_up_nobody_else():
    async with story() as told:
        ours, theirs = line(room=0)
        told.tasks.start_soon(speak, ours, told.host)
        for number in range(3):
            hello = {"jsonrpc": "2.0", "id": number, "method": "ping"}
            told.tasks.start_soon(theirs.send, json.dumps(hello).encode() + b"\n")
        await settled()
        other = await told.shaken()
        answer = await other.call("Agent", prompt="quick", subagent_type="plain")
        assert not answer["isError"]
        await theirs.aclose()


async def test_what_is_asked_before_the_line_is_closed_is_answered():
    async with story() as told:
        client = await told.by_hand()
        ids = [await client.request("ping") for _ in range(3)]
        asked = await client.request("tools/list", {"_meta": envelope()})
        await client.stream.send_eof()
        with anyio.fail_after(5):
            for each in (*ids, asked):
                assert "result" in await client.answer_to(each)


async def test_a_line_that_ends_in_the_middle_ends_what_waits_for_it():
    async with story() as told:
        async with own_tasks() as tasks:
            ours, theirs = line()
            tasks.start_soon(speak, ours, told.host)
            await theirs.send(b'{"jsonrpc": "2.0", "id": 1, "me')
            await theirs.aclose()
        assert isinstance(told.host, Host)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": JSON,
        "method": st.sampled_from(
            ["initialize", "tools/call", "tools/list", "notifications/cancelled", "resources/read"]
        ),
        "params": JSON,
        "result": JSON,
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGES | JSON, max_size=6))
def test_whatever_is_sent_the_line_goes_on(messages: list[Any]):
    async def send() -> None:
        async with story() as told:
            client = await told.by_hand()
            for message in messages:
                await client.send(message)
            await client.ask("server/discover", {"_meta": envelope()})
            assert (await client.shake_hands())["serverInfo"]

    anyio.run(send)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_lines_are_the_same_however_they_arrive(size: int):
    sent = b"one\n\n" + b"x" * 50 + b"\ntwo\n" + b"y" * 11 + b"\nthree\nrest"
    ours, theirs = line()
    for start in range(0, len(sent), size):
        await theirs.send(sent[start : start + size])
    await theirs.send_eof()
    found = [each if isinstance(each, bytes) else None async for each in lines(ours, most=10)]
    assert found == [b"one", b"", None, b"two", None, b"three"]
    await theirs.aclose()
    await ours.aclose()


async def test_who_leaves_while_a_call_waits_is_answered_at_once_and_the_agent_goes_on():
    async with story() as told:
        client = await told.shaken()
        await client.call("Agent", prompt="a", subagent_type="plain")
        await settled()
        waiting = await client.request("tools/call", called("get_subagent_result", wait=True))
        await settled()
        await client.stream.send_eof()
        answer = await client.answer_to(waiting)
        assert "NOT stopped" in answer["result"]["content"][0]["text"]
        run = next(iter(told.manager.state.runs.values()))
        assert (run.status.ended, run.delivered) == (False, False)


class Breaking(SubagentsServer):
    """A server that breaks the first time it runs."""

    runs = 0

    async def run(self, *arguments: Any, **more: Any) -> None:
        self.runs += 1
        if self.runs == 1:
            await anyio.lowlevel.checkpoint()
            raise RuntimeError("it broke")
        await super().run(*arguments, **more)


async def test_an_era_that_breaks_is_made_anew():
    ours, theirs = line()
    async with own_tasks() as tasks:
        client = ByHand(theirs)
        tasks.start_soon(client.listen)
        tasks.start_soon(Line(ours, Breaking("it", version="1"), tasks).listen)
        error = await client.ask("server/discover", {"_meta": envelope()})
        assert error["code"] == -32603
        assert (await client.ask("server/discover", {"_meta": envelope()}))["supportedVersions"]
        tasks.cancel_scope.cancel()
    await ours.aclose()


async def test_who_reads_nothing_for_too_long_is_given_up():
    ours, theirs = line(room=0)
    assert not await LineWriter(ours, bound=0).write({"jsonrpc": "2.0"})
    await theirs.aclose()
    assert not await LineWriter(ours).write({"jsonrpc": "2.0"})
    await ours.aclose()


async def test_agent_files_that_stop_everything_are_said_and_the_line_goes_on():
    async with story() as told:
        told.host.broken = BadDefinition("agents/x.md: line 3 is no YAML.")
        client = await told.shaken(told="old")
        for method in ("tools/list", "prompts/list"):
            for params in ({}, {"_meta": envelope()}):
                assert (await client.ask(method, params))["message"] == "agents/x.md: line 3 is no YAML."
        assert await client.ask("ping") == {}


async def test_deep_arguments_are_answered():
    async with story() as told:
        client = await told.shaken()
        for depth in (50, 400, 900):
            deep: Any = 1
            for _ in range(depth):
                deep = {"a": deep}
            answer = await client.ask("tools/call", called("Agent", prompt=deep, output_schema=deep))
            assert answer
        assert await client.ask("ping") == {}


async def test_more_requests_than_anybody_has_are_refused_until_some_are_answered():
    async with story() as told:
        client = await told.shaken()
        await client.call("Agent", prompt="a", subagent_type="plain")
        await settled()
        waiting = [
            await client.request("tools/call", called("get_subagent_result", wait=True))
            for _ in range(MAX_ASKED)
        ]
        error = await client.ask("ping")
        assert f"{MAX_ASKED} requests" in error["message"]
        told.gates["a"].set()
        for each in waiting:
            assert (await client.answer_to(each))["result"]
        assert await client.ask("ping") == {}


async def test_what_rides_in_an_array_has_arrived_when_a_request_follows_it():
    async with story() as told:
        client = await told.shaken(version="2025-03-26")
        await told.manager.spawn("plain", "a")
        await told.manager.spawn("plain", "quick")
        await told.clock.advance(1)
        wait = called("get_subagent_result", agent_id="plain", wait=True)
        both = [("w", wait), ("l", called("list_subagents"))]
        await client.send(
            [{"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": sent} for id, sent in both]
        )
        await settled()
        await client.ask("ping")
        await settled()
        assert (client.answers("l"), told.acknowledged) == ([], [])
        told.gates["a"].set()
        assert len((await client.answer_to("l"))["result"]["content"]) == 2
        await client.ask("ping")
        await settled()
        assert len(told.acknowledged) == 1


async def test_a_host_is_not_harmed_by_a_line_that_breaks():
    class Broken(MemoryByteStream):
        async def receive(self, max_bytes: int = 65_536) -> bytes:
            raise RuntimeError("it broke")

    async with story() as told:
        ours, theirs = anyio.create_memory_object_stream[bytes](1)
        await speak(Broken(theirs, ours), told.host)
