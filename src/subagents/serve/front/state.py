"""What the front does with each message: answer it, pass it on, keep it for itself, or drop it. Pure.

A `Front` is what it remembers; each function takes one and returns a `Step`: the next one, and what to send to whom.
Nothing here waits, reads or knows a socket. Standard library only.

A request that the front answers itself still goes to the host, so that the host's MCP session sees all there was, but
under an id of the front's own: some clients take an id twice (mistral-vibe and pi begin again at 0), and by its id the
host's answer can then always be told from the one that the client waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from subagents.language import _
from subagents.serve.front import answers, messages
from subagents.serve.front.answers import Offered, modern_version
from subagents.serve.front.messages import Fault, Message, is_answer, is_request, key_of
from subagents.serve.front.persistent import Persistent
from subagents.serve.rpc import json_rpc
from subagents.serve.rpc.too_long import TooLong

OWN = "subagents-front:"  # begins the ids of what the front asks the host for itself
LISTEN = "subscriptions/listen"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId"
# Requests whose text is needed again.
_KEPT = frozenset({LISTEN, "resources/subscribe", "resources/unsubscribe"})


class Link(StrEnum):
    APART = "apart"  # nobody looks for the host
    COMING = "coming"  # it is looked for, started or greeted
    THERE = "there"


@dataclass(frozen=True)
class Asked:
    """A request of the client that the host owes an answer to. `line` is "" where it is not needed again."""

    id: str | int
    method: str
    modern: bool = False
    line: bytes = b""
    uri: str = ""
    acknowledged: bool = False


@dataclass(frozen=True)
class Front:
    """All that is remembered. Keys are ids as `key_of` writes them."""

    offered: Offered | None = None
    link: Link = Link.APART
    met: bool = False  # a host was there once, so the file of answers is not asked for tools any more
    greeted: bool = False  # the host was told what the client knows; of later answers from the file it is not
    spoken: str = ""  # the version of the handshake that the file answered
    told: str = ""  # the digest of the tools that the client was told from the file
    asked: Persistent[Asked] = field(default_factory=Persistent)
    own: Persistent[Any] = field(default_factory=Persistent)  # see `_copy`
    asked_back: Persistent[str | int] = field(default_factory=Persistent)  # what the host asked the client
    waiting: Persistent[bytes] = field(
        default_factory=Persistent
    )  # for a host that is coming, by their numbers
    weight: int = 0  # bytes of those
    initialize: Message | None = None
    initialized: bytes = b""
    subscribed: Persistent[bytes] = field(default_factory=Persistent)  # by URI
    again: tuple[bytes, ...] = ()  # what the next host is told first, because the last one knew it
    second: frozenset[str] = frozenset()  # subscriptions whose next acknowledgement the client has already
    count: int = 0  # of ids of the front's own


@dataclass(frozen=True)
class Step:
    """What follows: the next state, lines for the client, lines for the host, whether to look for one."""

    front: Front
    say: tuple[bytes, ...] = ()
    tell: tuple[bytes, ...] = ()
    connect: bool = False


# --- from the client


def from_client(front: Front, line: bytes | TooLong) -> Step:
    """One line of the client."""
    try:
        return _heard_of_client(front, line)
    except RecursionError:  # it could just be read, and cannot be written any more
        return Step(
            front, say=(messages.error_line(None, json_rpc.PARSE_ERROR, "this is nested too deeply"),)
        )


def _heard_of_client(front: Front, line: bytes | TooLong) -> Step:
    match messages.read(line):
        case Fault(answer):
            return Step(front, say=(answer,))
        case list() as batch:
            # Batches were in one version of the protocol only; the host knows what it makes of them.
            for each in batch:
                front = _noted(front, each, b"") if isinstance(each, dict) and is_request(each) else front
            return _forwarded(front, _ended(line))
        case message if is_answer(message):
            return _answered_back(front, message, _ended(line))
        case message if is_request(message):
            return _requested(front, message, _ended(line))
        case message:
            return _notified(front, message, _ended(line))


def _requested(front: Front, message: Message, line: bytes) -> Step:
    if message["method"] == "ping" and not modern_version(message):
        # Not passed on: it says that the client lives, not that it read anything, and must not start a host.
        return Step(front, say=(messages.result_line(message["id"], {}),))
    if message["method"] == "initialize":
        front = replace(front, initialize=message, initialized=b"")
    if (result := _known(front, message)) is None:
        return _forwarded(_noted(front, message, line), line)
    front, copy = _copy(_having_told(front, message), message, _tools_told(front, message, result))
    step = _forwarded(front, copy)
    return replace(step, say=(messages.result_line(message["id"], result),))


def _known(front: Front, message: Message) -> Mapping[str, Any] | None:
    """The result from the file. Once a host was there, it alone knows its tools; the handshake stays what it is."""
    if front.offered is None or (front.met and message["method"] != "initialize"):
        return None
    return answers.answer(front.offered, message, front.spoken)


def _having_told(front: Front, message: Message) -> Front:
    assert front.offered is not None
    if message["method"] == "tools/list":
        return replace(front, told=front.offered.digest)
    if message["method"] == "initialize":
        params = message.get("params")
        requested = params.get("protocolVersion") if isinstance(params, dict) else None
        return replace(front, spoken=front.offered.handshake_version(requested))
    return front


def _tools_told(front: Front, message: Message, result: Mapping[str, Any]) -> Any:
    """The tools, when the host cannot know that the client was told them: the greeting was sent before.

    In the modern era only who listens is told of a change, and who does not asks again by itself.
    """
    late = front.greeted and message["method"] == "tools/list" and not modern_version(message)
    return result.get("tools") if late else None


def _noted(front: Front, message: Message, line: bytes) -> Front:
    """The request is owed an answer from now on."""
    params = message.get("params")
    uri = params.get("uri") if isinstance(params, dict) else None
    kept = message["method"] in _KEPT
    asked = Asked(
        id=message["id"],
        method=message["method"],
        modern=bool(modern_version(message)),
        line=line if kept else b"",
        uri=uri if kept and isinstance(uri, str) else "",
    )
    return replace(front, asked=front.asked.put(key_of(message["id"]), asked))


def _notified(front: Front, message: Message, line: bytes) -> Step:
    if message["method"] == "notifications/initialized":
        return _forwarded(replace(front, initialized=line), line)
    if message["method"] != "notifications/cancelled":
        return _forwarded(front, line)
    params = message.get("params")
    key = key_of(params.get("requestId")) if isinstance(params, dict) else ""
    if key not in front.asked:
        return Step(front)  # it has its answer, as opencode and kimi-code cancel what they have
    return _forwarded(replace(front, asked=front.asked.without(key)), line)


def _answered_back(front: Front, message: Message, line: bytes) -> Step:
    """The client's answer to the host; the host that asked may be gone."""
    key = key_of(message["id"])
    if key not in front.asked_back:
        return Step(front)
    return _forwarded(replace(front, asked_back=front.asked_back.without(key)), line)


def _forwarded(front: Front, line: bytes) -> Step:
    if front.link is Link.THERE:
        return Step(front, tell=(line,))
    coming = replace(
        front,
        link=Link.COMING,
        waiting=front.waiting.put(str(len(front.waiting)), line),
        weight=front.weight + len(line),
    )
    return Step(coming, connect=front.link is Link.APART)


def _copy(front: Front, message: Message, tools: Any = None) -> tuple[Front, bytes]:
    """The request under an id of the front's own. `tools` are to be the same in the answer, None if that is all one."""
    identity = f"{OWN}{front.count}"
    copy = messages.line_of({**message, "id": identity})
    return replace(front, count=front.count + 1, own=front.own.put(key_of(identity), tools)), copy


# --- from the host


def from_host(front: Front, line: bytes | TooLong) -> Step:
    """One line of the host. What is no message is dropped: the client's stream carries nothing else."""
    try:
        return _heard_of_host(front, line)
    except RecursionError:
        return Step(front)


def _heard_of_host(front: Front, line: bytes | TooLong) -> Step:
    match messages.read(line):
        case Fault():
            return Step(front)
        case list() as batch:
            for each in batch:
                front = _settled(front, each) if isinstance(each, dict) and is_answer(each) else front
            return Step(front, say=(_ended(line),))
        case message if is_answer(message):
            return _answered(front, message, _ended(line))
        case message if is_request(message):
            asked_back = front.asked_back.put(key_of(message["id"]), message["id"])
            return Step(replace(front, asked_back=asked_back), say=(_ended(line),))
        case message if message["method"] == ACKNOWLEDGED:
            return _acknowledged(front, message, _ended(line))
        case _:
            return Step(front, say=(_ended(line),))


def _answered(front: Front, message: Message, line: bytes) -> Step:
    key = key_of(message["id"])
    if key in front.own:
        tools, result = front.own[key], message.get("result")
        changed = tools is not None and isinstance(result, dict) and result.get("tools") != tools
        return Step(replace(front, own=front.own.without(key)), say=(_TOOLS_CHANGED,) if changed else ())
    if key in front.asked or message["id"] is None:
        return Step(_settled(front, message), say=(line,))
    return Step(front)  # the client cancelled it, and may have taken the id again


def _settled(front: Front, message: Message) -> Front:
    key = key_of(message["id"])
    asked = front.asked.get(key)
    if asked is None:
        return front
    front = replace(front, asked=front.asked.without(key))
    match asked.method, "result" in message:
        case "resources/subscribe", True:
            return replace(front, subscribed=front.subscribed.put(asked.uri, asked.line))
        case "resources/unsubscribe", True:
            return replace(front, subscribed=front.subscribed.without(asked.uri))
        case _:
            return front


def _acknowledged(front: Front, message: Message, line: bytes) -> Step:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    key = key_of(meta.get(SUBSCRIPTION_KEY)) if isinstance(meta, dict) else ""
    if key in front.second:
        return Step(replace(front, second=front.second - {key}))
    if (asked := front.asked.get(key)) is not None:
        front = replace(front, asked=front.asked.put(key, replace(asked, acknowledged=True)))
    return Step(front, say=(line,))


# --- the host comes and goes


def greeting(
    front: Front, *, version: str, folder: str, environment: Mapping[str, str], new: bool
) -> tuple[Front, bytes]:
    """The first line on a connection. `new` counts once: a host that follows on another goes on with its session."""
    params = {
        "version": version,
        "folder": folder,
        "environment": dict(environment),
        "new": new and not front.met,
        "told": front.told,
    }
    line = messages.line_of(json_rpc.request(0, "mcp", params))
    return replace(front, greeted=True), line


def refusal(line: bytes | TooLong) -> str:
    """What the host's answer to the greeting says against it; "" when it may begin."""
    answer = messages.read(line)
    if isinstance(answer, dict) and "result" in answer:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    said = error.get("message") if isinstance(error, dict) else None
    return said if isinstance(said, str) else _("What answers for this project does not speak our language.")


def arrived(front: Front) -> Step:
    """The host said that it goes on: it is told what the last one knew, then what waits."""
    tell = (*front.again, *front.waiting.values())
    return Step(
        replace(front, link=Link.THERE, met=True, again=(), waiting=Persistent(), weight=0), tell=tell
    )


def failed(front: Front, sentence: str) -> Step:
    """No host can be had for now. Whoever waits is told so, and the next message tries again."""
    return _parted(front, lambda asked: asked.acknowledged, sentence)


def lost(front: Front) -> Step:
    """The host ended, and what it was asked has no answer. Streams that are listened to go on with the next host."""
    sentence = _(
        "The host of this project ended while it answered; nothing that was started is lost: "
        "call list_subagents, or make the call again."
    )
    return _parted(front, lambda asked: asked.method == LISTEN, sentence)


def _parted(front: Front, is_kept: Callable[[Asked], bool], sentence: str) -> Step:
    given_up = [each for each in front.asked.values() if not is_kept(each)]
    kept: Persistent[Asked] = Persistent()
    for key, each in front.asked.items():
        kept = kept.put(key, each) if is_kept(each) else kept
    # What the host asked the client, a question to a person perhaps, needs no answer any more.
    say = (*(_unanswered(each, sentence) for each in given_up), *map(_cancelled, front.asked_back.values()))
    none: Persistent[Any] = Persistent()
    apart = replace(
        front,
        link=Link.APART,
        greeted=False,
        asked=kept,
        own=none,
        asked_back=none,
        waiting=none,
        weight=0,
        again=(),
    )
    return Step(_remembering(apart), say=say)


def _remembering(front: Front) -> Front:
    """With all that the next host must be told first; nobody waits for its answers."""
    again: list[bytes] = []
    if front.initialize is not None:
        front, line = _copy(front, front.initialize)
        again += [line, front.initialized] if front.initialized else [line]
    for subscription in front.subscribed.values():
        message = messages.read(subscription)
        assert isinstance(message, dict)
        front, line = _copy(front, message)
        again.append(line)
    again += [each.line for each in front.asked.values()]
    second = frozenset(key for key, each in front.asked.items() if each.acknowledged)
    return replace(front, again=tuple(again), second=second)


def _unanswered(asked: Asked, sentence: str) -> bytes:
    """A call of a tool gets a result that is an error: its text reaches the model, which can act on it.

    Clients treat a JSON-RPC error as a fault of the server: some show the model only a code, some raise it to the
    person. Everything else is asked by the client itself, to which the error of the protocol says it best.
    """
    if asked.method != "tools/call":
        return messages.error_line(asked.id, json_rpc.REFUSED, sentence)
    result: dict[str, Any] = {"content": [{"type": "text", "text": sentence}], "isError": True}
    if asked.modern:
        result["resultType"] = "complete"
    return messages.result_line(asked.id, result)


def _cancelled(identity: str | int) -> bytes:
    params = {"requestId": identity, "reason": "the host of this project ended"}
    return messages.line_of(json_rpc.notification("notifications/cancelled", params))


_TOOLS_CHANGED = messages.line_of(json_rpc.notification("notifications/tools/list_changed"))


def _ended(line: bytes | TooLong) -> bytes:
    return line.rstrip(b"\r\n") + b"\n" if isinstance(line, bytes) else b"\n"
