"""What the front does with each message in each state, without a process."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.serve.front_parts import (
    MODERN,
    NEW,
    OLD,
    file_of_answers,
    line,
    modern,
    notification,
    request,
    result,
    tools_of,
)

from subagents.serve.front import state
from subagents.serve.front.answers import Offered
from subagents.serve.front.state import OWN, Front, Link, Step
from subagents.serve.rpc.too_long import TooLong

FILE = file_of_answers()
FRONT = Front(offered=Offered(FILE["digest"], FILE["handshake"], FILE["modern"]))
LISTENING = modern("l", "subscriptions/listen")
ACKNOWLEDGED = notification(
    "notifications/subscriptions/acknowledged", _meta={"io.modelcontextprotocol/subscriptionId": "l"}
)


def decoded(lines: tuple[bytes, ...]) -> list[Any]:
    assert all(each.endswith(b"\n") and each.count(b"\n") == 1 for each in lines)
    return [json.loads(each) for each in lines]


class Story:
    """A front, and all it said and told since it was looked at last."""

    def __init__(self, front: Front = FRONT) -> None:
        self.front = front
        self._said: list[Any] = []
        self._told: list[Any] = []
        self.connects = 0

    def _take(self, step: Step) -> Story:
        self.front = step.front
        self._said += decoded(step.say)
        self._told += decoded(step.tell)
        self.connects += step.connect
        return self

    def client(self, *messages: Any) -> Story:
        for message in messages:
            self._take(state.from_client(self.front, line(message)))
        return self

    def host(self, *messages: Any) -> Story:
        for message in messages:
            self._take(state.from_host(self.front, line(message)))
        return self

    def greet(self, *, new: bool = False) -> dict[str, Any]:
        self.front, greeting = state.greeting(
            self.front, version="9.9", folder="/shop", environment={}, new=new
        )
        params: dict[str, Any] = json.loads(greeting)["params"]
        return params

    def arrive(self) -> Story:
        return self._take(state.arrived(self.front))

    def fail(self, sentence: str = "There is no host.") -> Story:
        return self._take(state.failed(self.front, sentence))

    def lose(self) -> Story:
        return self._take(state.lost(self.front))

    def drain(self) -> None:
        """Looks away."""
        self._said, self._told = [], []

    @property
    def said(self) -> list[Any]:
        said, self._said = self._said, []
        return said

    @property
    def told(self) -> list[Any]:
        told, self._told = self._told, []
        return told


def there(front: Front = FRONT) -> Story:
    """With a host, and no handshake yet."""
    return Story(replace(front, link=Link.THERE, met=True))


def methods(messages: list[Any]) -> list[str]:
    return [each["method"] for each in messages]


def shaken(story: Story) -> Story:
    """After the handshake, whose copy the host has answered."""
    story.client(request(0, "initialize", protocolVersion=OLD), notification("notifications/initialized"))
    story.host(*(result(each["id"]) for each in story.told if "id" in each))
    assert story.said == [result(0, protocolVersion=OLD)]
    return story


# --- answered here


def test_a_request_that_is_answered_goes_to_the_host_under_an_id_of_its_own():
    story = Story().client(request(0, "initialize", protocolVersion=OLD), request(0, "tools/list"))
    assert story.said == [result(0, protocolVersion=OLD), result(0, **tools_of(f"old {OLD}"))]
    told = story.arrive().told
    assert [(each["id"], each["method"]) for each in told] == [
        (f"{OWN}0", "initialize"),
        (f"{OWN}1", "tools/list"),
    ]
    assert story.host(result(f"{OWN}1"), {"jsonrpc": "2.0", "id": f"{OWN}0", "error": {}}).said == []
    assert story.front.own == {}


def test_a_host_is_looked_for_once_and_not_for_a_ping():
    story = Story().client(request(1, "ping"))
    assert (story.said, story.connects) == ([result(1)], 0)
    story.client(request(2, "prompts/list"), notification("notifications/initialized"))
    assert (story.said, story.told, story.connects) == ([], [], 1)
    assert methods(story.arrive().told) == ["prompts/list", "notifications/initialized"]


def test_pings_of_the_handshake_are_answered_here_with_a_host_too_and_modern_ones_are_not_known():
    story = there().client(request(1, "ping"), modern(2, "ping"))
    assert story.said == [result(1)]
    assert story.told == [modern(2, "ping")]


def test_with_a_host_it_alone_knows_the_tools_and_the_handshake_stays():
    story = shaken(there())
    story.client(request(1, "tools/list"), modern(2, "server/discover"), modern(3, "tools/list"))
    assert story.said == []
    assert [each["id"] for each in story.told] == [1, 2, 3]
    story.client(request(0, "initialize", protocolVersion=NEW))
    assert story.said == [result(0, protocolVersion=NEW)]


def test_also_after_a_host_was_lost_the_file_is_not_asked_for_tools():
    story = shaken(there()).lose()
    assert story.client(request(1, "tools/list")).said == []
    assert story.connects == 1


def test_without_a_file_the_host_answers():
    story = Story(Front()).client(request(0, "initialize", protocolVersion=OLD), request(1, "ping"))
    assert story.said == [result(1)]
    assert story.arrive().told == [request(0, "initialize", protocolVersion=OLD)]
    assert story.host(result(0, protocolVersion=OLD)).said == [result(0, protocolVersion=OLD)]


def test_an_id_may_be_taken_again_at_once():
    """pi cancels its first handshake and sends it again under the same id."""
    opening = request(0, "initialize", protocolVersion=OLD)
    story = Story().client(opening, notification("notifications/cancelled", requestId=0), opening)
    assert story.said == [result(0, protocolVersion=OLD)] * 2
    assert [each["id"] for each in story.arrive().told] == [f"{OWN}0", f"{OWN}1"]


# --- what the host learns of the file's tools


def test_the_greeting_says_which_tools_the_client_was_told():
    story = Story()
    assert story.greet()["told"] == ""
    story = Story().client(request(0, "initialize", protocolVersion=OLD), request(1, "tools/list"))
    assert story.greet(new=True) == {
        "version": "9.9",
        "folder": "/shop",
        "environment": {},
        "new": True,
        "told": "d1",
    }
    assert Story().client(modern(1, "tools/list")).greet()["told"] == "d1"


def test_a_later_host_goes_on_with_the_session_of_the_first():
    story = Story().client(request(0, "prompts/list"))
    story.fail()
    assert story.greet(new=True)["new"] is True
    story.arrive().lose()
    assert story.greet(new=True)["new"] is False


@pytest.mark.parametrize(("fresh", "changed"), [(f"old {OLD}", False), ("other", True)])
def test_tools_that_were_told_after_the_greeting_are_compared_here(fresh: str, changed: bool):
    story = Story().client(request(0, "initialize", protocolVersion=OLD))
    assert story.greet()["told"] == ""
    story.client(request(1, "tools/list")).arrive()
    copy = story.told[-1]
    assert [each["id"] for each in story.said] == [0, 1]
    said = story.host(result(copy["id"], **tools_of(fresh))).said
    assert said == ([{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}] if changed else [])


def test_tools_that_the_greeting_spoke_of_are_the_hosts_to_compare():
    story = Story().client(request(0, "initialize", protocolVersion=OLD), request(1, "tools/list"))
    story.greet()
    copy = story.arrive().told[-1]
    story.drain()
    assert story.host(result(copy["id"], **tools_of("other"))).said == []


# --- passed on


def test_answers_and_news_are_passed_on_as_they_are():
    story = there().client(request("a", "tools/call"))
    assert story.told == [request("a", "tools/call")]
    progress = notification("notifications/progress", progress=1)
    assert story.host(progress, result("a", content=[])).said == [progress, result("a", content=[])]
    assert story.front.asked == {}


def test_what_the_host_says_that_is_no_message_is_dropped():
    story = there()
    for said in (b"a stray print\n", b"7\n", b"\xff\n", TooLong()):
        assert state.from_host(story.front, said) == Step(story.front)
    assert story.host(result(99)).said == []
    nameless = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "?"}}
    assert story.host(nameless).said == [nameless]


def test_ids_of_a_number_and_of_its_text_are_two():
    story = there().client(request(1, "tools/call"), request("1", "tools/call"))
    story.host(result("1"))
    assert [each.id for each in story.front.asked.values()] == [1]


def test_a_cancellation_is_passed_on_while_there_is_something_to_cancel():
    cancelled = notification("notifications/cancelled", requestId=1)
    story = there().client(request(1, "tools/call"), cancelled)
    assert methods(story.told) == ["tools/call", "notifications/cancelled"]
    assert story.client(cancelled, notification("notifications/cancelled")).told == []
    assert story.host(result(1)).said == []
    assert story.lose().said == []


def test_a_batch_is_passed_on_and_each_of_its_requests_is_owed_an_answer():
    batch = [request(1, "tools/call"), request(2, "prompts/list"), notification("x"), 7]
    story = there().client(batch, [])
    assert story.told == [batch, []]
    assert story.host([result(1), 7]).said == [[result(1), 7]]
    assert [each["id"] for each in story.lose().said] == [2]


def test_a_request_of_the_host_is_answered_once():
    story = there().host(request(3, "elicitation/create"))
    assert story.said == [request(3, "elicitation/create")]
    assert story.client(result(3, action="accept")).told == [result(3, action="accept")]
    assert story.client(result(3, action="accept"), result(4)).told == []


def test_what_is_no_message_is_answered_and_not_passed_on():
    for said in (b"nothing\n", b"7\n", TooLong()):
        step = state.from_client(FRONT, said)
        assert step.front == FRONT
        assert not step.tell
        assert not step.connect
        assert decoded(step.say)[0]["id"] is None


@pytest.mark.parametrize("method", ["initialize", "tools/call", "notifications/cancelled"])
def test_no_depth_of_nesting_ends_it(method: str):
    for depth in range(900, 1001, 10):
        nested = "[" * depth + "]" * depth
        params = f'{{"protocolVersion": "{OLD}", "requestId": {nested}}}'
        said = f'{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {params}}}\n'.encode()
        step = state.from_client(FRONT, said)
        assert step.say or step.connect or method == "notifications/cancelled"
        assert state.from_host(FRONT, said).tell == ()


# --- no host, or no host any more


def test_a_host_that_cannot_be_had_is_told_to_each_who_waits():
    story = Story().client(
        request(0, "initialize", protocolVersion=OLD),
        request(1, "tools/call"),
        modern(2, "tools/call"),
        request(3, "prompts/list"),
        LISTENING,
    )
    assert story.said[0]["id"] == 0
    content = [{"type": "text", "text": "There is no host."}]
    assert story.fail().said == [
        result(1, content=content, isError=True),
        result(2, content=content, isError=True, resultType="complete"),
        {"jsonrpc": "2.0", "id": 3, "error": {"code": -32000, "message": "There is no host."}},
        {"jsonrpc": "2.0", "id": "l", "error": {"code": -32000, "message": "There is no host."}},
    ]
    story.client(request(4, "prompts/list"))
    assert story.connects == 2
    assert methods(story.arrive().told) == ["initialize", "prompts/list"]


def test_a_lost_host_is_told_to_who_waits_and_its_own_questions_are_taken_back():
    story = shaken(there()).client(request(1, "tools/call"), request(2, "prompts/list"))
    story.host(request("q", "elicitation/create"))
    assert story.said == [request("q", "elicitation/create")]
    called, listed, taken_back = story.lose().said
    assert called["result"]["isError"] is True
    assert "call list_subagents" in called["result"]["content"][0]["text"]
    assert listed["error"]["message"] == called["result"]["content"][0]["text"]
    assert taken_back["params"]["requestId"] == "q"
    assert story.connects == 0
    assert story.client(result("q", action="accept")).connects == 0


def test_the_next_host_is_told_what_the_last_one_knew():
    story = shaken(there())
    one, two = (request(n, "resources/subscribe", uri=f"run://{n}") for n in (1, 2))
    refused = request(3, "resources/subscribe", uri="run://3")
    story.client(one, two, refused, request(4, "resources/unsubscribe", uri="run://1"))
    story.host(result(1), result(2), {"jsonrpc": "2.0", "id": 3, "error": {}}, result(4))
    assert [each["id"] for each in story.said] == [1, 2, 3, 4]
    story.drain()
    story.lose().client(request(5, "tools/call"))
    told = story.arrive().told
    assert methods(told) == [
        "initialize",
        "notifications/initialized",
        "resources/subscribe",
        "tools/call",
    ]
    assert told[2]["params"] == {"uri": "run://2"}
    assert story.host(*(result(each["id"]) for each in told if "id" in each)).said == [result(5)]


def test_a_host_that_is_lost_twice_and_cannot_be_started_in_between_is_told_it_all_the_same():
    story = shaken(there()).lose().client(request(1, "tools/call")).fail()
    story.client(request(2, "tools/call"))
    assert methods(story.arrive().told) == ["initialize", "notifications/initialized", "tools/call"]
    story.lose().client(request(3, "tools/call"))
    assert methods(story.arrive().told) == ["initialize", "notifications/initialized", "tools/call"]


def test_a_client_of_the_modern_era_has_nothing_that_a_host_must_be_told():
    story = there().client(modern(1, "tools/call")).lose().client(modern(2, "tools/call"))
    story.drain()
    assert methods(story.arrive().told) == ["tools/call"]


def test_a_stream_goes_on_with_the_next_host_and_is_acknowledged_once():
    story = there().client(LISTENING).host(ACKNOWLEDGED)
    assert story.said == [ACKNOWLEDGED]
    assert story.lose().said == []
    story.client(modern(2, "prompts/list")).drain()
    assert story.arrive().told == [LISTENING, modern(2, "prompts/list")]
    assert story.host(ACKNOWLEDGED).said == []
    assert story.host(ACKNOWLEDGED).said == [ACKNOWLEDGED]  # a third would be news
    assert story.host(result("l")).said == [result("l")]


def test_a_stream_that_was_not_acknowledged_yet_still_is():
    story = there().client(LISTENING).lose().client(modern(2, "prompts/list"))
    story.drain()
    assert story.arrive().told == [LISTENING, modern(2, "prompts/list")]
    assert story.host(ACKNOWLEDGED).said == [ACKNOWLEDGED]


def test_a_stream_survives_a_host_that_cannot_be_started():
    story = there().client(LISTENING).host(ACKNOWLEDGED).lose().client(modern(2, "prompts/list"))
    story.drain()
    assert [each["id"] for each in story.fail().said] == [2]
    story.client(modern(3, "prompts/list")).drain()
    assert story.arrive().told == [LISTENING, modern(3, "prompts/list")]


def test_a_stream_that_was_cancelled_does_not_come_again():
    story = there().client(LISTENING).host(ACKNOWLEDGED)
    story.client(notification("notifications/cancelled", requestId="l")).lose()
    story.client(modern(2, "prompts/list")).drain()
    assert methods(story.arrive().told) == ["prompts/list"]


# --- the host's answer to the greeting


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (line(result(0)), ""),
        (line({"jsonrpc": "2.0", "id": 0, "error": {"code": 1, "message": "Not today."}}), "Not today."),
        (b"{}\n", "What answers for this project does not speak our language."),
        (b"no\n", "What answers for this project does not speak our language."),
        (line({"id": 0, "error": 5}), "What answers for this project does not speak our language."),
        (TooLong(), "What answers for this project does not speak our language."),
    ],
)
def test_the_host_goes_on_or_says_why_not(said: bytes | TooLong, refused: str):
    assert state.refusal(said) == refused


def test_the_version_of_the_modern_era_is_in_each_request():
    story = Story().client(modern(1, "server/discover"), modern(2, "tools/list"), request(3, "tools/list"))
    assert story.said == [result(1, supportedVersions=[MODERN]), result(2, **tools_of("modern"))]
