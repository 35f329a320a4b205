"""The process that an MCP client starts, between a client and a host on a real socket."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.serve.front_parts import (
    BOUND,
    MODERN,
    NEW,
    OLD,
    Client,
    Host,
    HostLine,
    file_of_answers,
    fronted,
    modern,
    notification,
    request,
    result,
    tools_of,
)

from subagents.serve.front.process import TRIES

RECORDINGS = Path(__file__).parents[1] / "wire" / "mcp"


@pytest.fixture
def host(home: Path) -> Iterator[Host]:
    host = Host(home / "h")
    yield host
    host.close()


@pytest.fixture
def client(tmp_path: Path, home: Path) -> Iterator[Client]:
    with fronted(tmp_path, home, answers=file_of_answers()) as client:
        yield client


def met(client: Client, host: Host) -> HostLine:
    """A client of the handshake and a host, past their greetings."""
    client.send(request(0, "initialize", protocolVersion=OLD), notification("notifications/initialized"))
    assert client.read()["id"] == 0
    line = host.welcome()
    copy = line.read()
    assert copy["method"] == "initialize"
    line.send(result(copy["id"], protocolVersion=OLD))
    assert line.read()["method"] == "notifications/initialized"
    return line


def calling(identity: Any) -> dict[str, Any]:
    return request(identity, "tools/call", name="Agent", arguments={"prompt": "look"})


# --- before the host


def test_the_handshake_is_answered_although_there_is_no_host_and_only_protocol_is_written(client: Client):
    client.send(
        request(0, "initialize", protocolVersion=OLD),
        notification("notifications/initialized"),
        request(1, "tools/list"),
        request(2, "ping"),
        modern(3, "server/discover"),
        modern(4, "tools/list"),
        calling(5),
    )
    assert [client.read() for _ in range(5)] == [
        result(0, protocolVersion=OLD),
        result(1, **tools_of(f"old {OLD}")),
        result(2),
        result(3, supportedVersions=[MODERN]),
        result(4, **tools_of("modern")),
    ]
    assert client.read()["id"] == 5
    assert "a stray print" in client.leave()


def test_who_waits_for_a_host_that_cannot_be_started_is_told_and_the_next_request_tries_again(
    client: Client, home: Path
):
    client.send(calling(1), request(2, "prompts/list"))
    called, listed = client.read(), client.read()
    sentence = "no host can be started here"
    assert called["result"] == {"content": [{"type": "text", "text": sentence}], "isError": True}
    assert listed["error"] == {"code": -32000, "message": sentence}

    host = Host(home / "h")
    client.send(request(3, "prompts/list"))
    line = host.welcome()
    assert line.read() == request(3, "prompts/list")
    line.send(result(3, prompts=[]))
    assert client.read() == result(3, prompts=[])
    host.close()


def test_without_a_file_everything_waits_for_the_host(tmp_path: Path, home: Path, host: Host):
    with fronted(tmp_path, home) as client:
        client.send(request(0, "initialize", protocolVersion=OLD), request(1, "ping"))
        assert client.read() == result(1)
        line = host.welcome()
        assert line.read() == request(0, "initialize", protocolVersion=OLD)
        line.send(result(0, protocolVersion=OLD))
        assert client.read() == result(0, protocolVersion=OLD)


# --- with the host


def test_the_host_learns_who_calls_and_what_was_told(tmp_path: Path, home: Path, host: Host):
    with fronted(tmp_path, home, "--new", answers=file_of_answers()) as client:
        client.send(request(0, "initialize", protocolVersion=NEW), request(1, "tools/list"))
        assert [client.read()["id"], client.read()["id"]] == [0, 1]
        _, greeting = host.accept()
        assert greeting == {
            "version": "9.9",
            "folder": str(tmp_path),
            "environment": {"SUBAGENTS_MODEL": "offline"},
            "new": True,
            "told": "d1",
        }


def test_everything_reaches_the_host_in_order_and_its_answers_to_what_is_answered_are_swallowed(
    client: Client, host: Host
):
    client.send(
        request(0, "initialize", protocolVersion=OLD),
        notification("notifications/initialized"),
        request(1, "tools/list"),
        calling(2),
    )
    line = host.welcome()
    heard = [line.read() for _ in range(4)]
    assert [each["method"] for each in heard] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
        "tools/call",
    ]
    assert heard[3] == calling(2)
    line.send(result(heard[0]["id"]), result(heard[2]["id"]), result(2, content=[]))
    assert [client.read()["id"] for _ in range(3)] == [0, 1, 2]

    client.send(request(3, "tools/list"))  # the host is there, so it is asked
    assert line.read() == request(3, "tools/list")
    line.send(notification("notifications/progress", progress=1), result(3, **tools_of("fresh")))
    assert client.read()["method"] == "notifications/progress"
    assert client.read() == result(3, **tools_of("fresh"))


def test_a_refusal_of_the_host_is_what_the_client_is_told(client: Client, host: Host):
    client.send(calling(1))
    line, _ = host.accept()
    line.send(
        {"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "This project is not trusted."}}
    )
    assert client.read()["result"]["content"][0]["text"] == "This project is not trusted."
    assert line.read() is None


def test_a_host_that_says_nothing_is_given_up(tmp_path: Path, home: Path, host: Host):
    with fronted(tmp_path, home, "--impatient") as client:
        client.send(request(1, "prompts/list"))
        line, _ = host.accept()
        assert "did not answer within 0.1 seconds" in client.read()["error"]["message"]
        assert line.read() is None


def test_a_host_that_ends_before_it_answers_is_replaced(client: Client, host: Host):
    client.send(request(1, "prompts/list"))
    line, _ = host.accept()
    line.close()
    assert host.welcome().read() == request(1, "prompts/list")


def test_when_one_host_after_the_other_ends_before_it_answers_it_is_said(client: Client, host: Host):
    client.send(request(1, "prompts/list"))
    for _ in range(1 + TRIES):
        line, _params = host.accept()
        line.close()
    assert "ended before it answered" in client.read()["error"]["message"]
    client.send(request(2, "prompts/list"))
    assert host.welcome().read() == request(2, "prompts/list")


def test_a_second_handshake_on_the_same_connection_is_answered_too(client: Client, host: Host):
    line = met(client, host)
    client.send(request(0, "initialize", protocolVersion=NEW), calling(1))
    assert client.read() == result(0, protocolVersion=NEW)
    assert [line.read()["method"], line.read()["method"]] == ["initialize", "tools/call"]


def test_a_cancellation_reaches_the_host_unless_its_request_was_answered(client: Client, host: Host):
    line = met(client, host)
    client.send(notification("notifications/cancelled", requestId=0), calling(1))
    assert line.read() == calling(1)
    client.send(notification("notifications/cancelled", requestId=1))
    assert line.read() == notification("notifications/cancelled", requestId=1)
    line.send(result(1, content=[]))  # nobody waits for it any more
    client.send(calling(2))
    assert line.read() == calling(2)
    line.send(result(2, content=[]))
    assert client.read()["id"] == 2


def test_what_the_host_asks_is_answered_by_the_client(client: Client, host: Host):
    line = met(client, host)
    line.send(request(7, "roots/list"))
    assert client.read() == request(7, "roots/list")
    client.send(result(7, roots=[]))
    assert line.read() == result(7, roots=[])


# --- a host that ends


def test_a_host_that_ends_in_mid_call_is_told_and_the_next_one_learns_what_it_knew(
    client: Client, host: Host
):
    line = met(client, host)
    client.send(request(4, "resources/subscribe", uri="subagents://tree"))
    line.read()
    line.send(result(4))
    client.read()
    client.send(calling(5), request(6, "prompts/list"))
    assert [line.read()["id"], line.read()["id"]] == [5, 6]

    line.close()

    called, listed = client.read(), client.read()
    assert called["result"]["isError"] is True
    assert "call list_subagents" in called["result"]["content"][0]["text"]
    assert "call list_subagents" in listed["error"]["message"]

    client.send(calling(7))
    line = host.welcome()
    heard = [line.read() for _ in range(4)]
    assert [each["method"] for each in heard] == [
        "initialize",
        "notifications/initialized",
        "resources/subscribe",
        "tools/call",
    ]
    assert heard[2]["params"] == {"uri": "subagents://tree"}
    line.send(result(heard[0]["id"]), result(heard[2]["id"]), result(7, content=[]))
    assert client.read() == result(7, content=[])


def test_a_stream_that_is_listened_to_goes_on_with_the_next_host(client: Client, host: Host):
    listening = modern("listen:0", "subscriptions/listen", notifications={"toolsListChanged": True})
    meta = {"io.modelcontextprotocol/subscriptionId": "listen:0"}
    acknowledged = notification("notifications/subscriptions/acknowledged", _meta=meta)
    client.send(listening)
    line = host.welcome()
    assert line.read() == listening
    line.send(acknowledged)
    assert client.read() == acknowledged
    line.close()

    client.send(modern(1, "prompts/list"))
    line = host.welcome()
    assert [line.read(), line.read()["id"]] == [listening, 1]
    changed = notification("notifications/tools/list_changed", _meta=meta)
    line.send(acknowledged, changed, result(1, prompts=[]))
    assert [client.read(), client.read()["id"]] == [changed, 1]


# --- clients as they are


def test_garbage_is_answered_and_ends_nothing(client: Client, host: Host):
    line = met(client, host)
    client.send_raw(b"\n  \nnot json\n[1,\n\xff\xfe\n5\n" + b"[" * 100_000 + b"\n" + b'{"id": 3}\n')
    codes = [(found["id"], found["error"]["code"]) for found in (client.read() for _ in range(6))]
    assert codes == [(None, -32700)] * 3 + [(None, -32600), (None, -32700), (3, -32600)]

    client.send([calling(1), request(2, "no/such/method")])
    assert line.read() == [calling(1), request(2, "no/such/method")]
    line.send([result(1), result(2)])
    assert client.read() == [result(1), result(2)]
    assert client.leave()
    assert line.read() is None


def test_a_message_of_many_megabytes_passes_both_ways(client: Client, host: Host):
    line = met(client, host)
    long = "x" * 20_000_000
    sender = threading.Thread(target=client.send, args=(request(1, "tools/call", prompt=long),))
    sender.start()
    assert len(line.read()["params"]["prompt"]) == len(long)
    sender.join(BOUND)
    answering = threading.Thread(target=line.send, args=(result(1, text=long),))
    answering.start()
    assert len(client.read()["result"]["text"]) == len(long)
    answering.join(BOUND)


def test_a_client_that_asks_for_much_and_reads_late_costs_little_memory(tmp_path: Path, home: Path):
    answers = file_of_answers()
    answers["handshake"][OLD]["tools/list"]["tools"][0]["description"] = "x" * 1_000_000
    with fronted(tmp_path, home, "--weigh", answers=answers) as client:
        client.send(request(0, "initialize", protocolVersion=OLD))
        assert client.read()["id"] == 0
        # All in one piece, and so heard at once.
        client.send(*(request(number, "tools/list") for number in range(300)))
        waiting, last = set(range(300)), -1
        while waiting:
            message = client.read()
            if "result" in message:
                assert message["id"] == last + 1
                last = message["id"]
                waiting.discard(last)
        # The stray print of the thread that looks for a host may come after it.
        (weight,) = (int(said) for said in client.leave().split() if said.isdigit())
        assert weight < 100_000_000


def test_it_ends_with_its_client_whether_or_not_the_host_answers(client: Client, host: Host):
    client.send(calling(1))
    line, _ = host.accept()
    client.leave()
    assert line.read() is None


def test_it_ends_with_its_client_while_a_host_is_looked_for(tmp_path: Path, home: Path):
    with fronted(tmp_path, home, "--forever") as client:
        client.send(calling(1), request(2, "ping"))
        assert client.read() == result(2)
        client.leave()


def test_the_last_message_may_have_no_end_of_line(client: Client):
    client.send_raw(json.dumps(request(0, "initialize", protocolVersion=OLD)).encode())
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.read()["id"] == 0
    assert client.process.wait(BOUND) == 0


def test_it_ends_quietly_when_nobody_reads_any_more(client: Client):
    assert client.process.stdout is not None
    client.process.stdout.close()
    client.send(request(0, "initialize", protocolVersion=OLD))
    assert client.process.wait(BOUND) == 0
    assert client.process.stderr is not None
    assert b"Traceback" not in client.process.stderr.read()


def test_it_ends_by_a_signal(client: Client, host: Host):
    met(client, host)
    client.process.send_signal(signal.SIGTERM)
    assert client.process.wait(BOUND) == -signal.SIGTERM


# --- what real clients sent


def answering(host: Host, heard: list[str]) -> None:
    """A host that answers everything, and notes what it was sent."""
    line = host.welcome()
    while (message := line.read()) is not None:
        heard.append(message["method"])
        if message["method"] == "subscriptions/listen":
            meta = {"io.modelcontextprotocol/subscriptionId": message["id"]}
            line.send(notification("notifications/subscriptions/acknowledged", _meta=meta))
        elif "id" in message:
            line.send(result(message["id"], echo=message["method"]))


@pytest.mark.parametrize("recording", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_real_clients_get_every_answer_they_got_and_the_host_hears_them(
    recording: Path, client: Client, host: Host
):
    heard: list[str] = []
    serving = threading.Thread(target=answering, args=(host, heard))
    serving.start()
    sent: list[str] = []
    answered: list[Any] = []
    for frame in map(json.loads, recording.read_text(encoding="utf-8").splitlines()):
        message = frame["msg"]
        if frame["dir"] == "in":
            client.send(message)
            sent.append(message["method"])
        elif "id" in message:
            # More may come: pi cancelled its first handshake, which the front has answered by then.
            while message["id"] not in answered:
                answered.append(client.read().get("id"))
            answered.remove(message["id"])
    client.leave()
    serving.join(BOUND)
    assert heard == [method for method in sent if method not in ("notifications/cancelled", "ping")]
