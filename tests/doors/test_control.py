"""A session's owner answers on its socket, whoever asks and however badly."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyio.abc import SocketStream

from subagents import AgentManager
from subagents.errors import SessionError, SessionNotFound
from subagents.serve.address import MAX_PATH, announce, new_socket
from subagents.serve.asking import call
from subagents.serve.control import MAX_CLIENTS, control
from subagents.serve.rpc.json_rpc import MAX_LINE
from subagents.serve.rpc.question import OwnerRefused
from subagents.serve.verbs import VERBS
from subagents.testing.runner import Reach, Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio

BOUND = 60.0


@asynccontextmanager
async def owner(
    project: Path, runner: ScriptedRunner | None = None
) -> AsyncIterator[tuple[AgentManager, Path]]:
    """The owner of a new session, and its socket."""
    opened = AgentManager.open(project, runners={"native": runner or ScriptedRunner()})
    with anyio.fail_after(BOUND):
        async with opened as manager, control(manager) as path:
            assert path is not None
            yield manager, path


async def asked(manager: AgentManager, method: str, **params: Any) -> Any:
    """What another process is answered."""
    assert manager.folder is not None
    return await anyio.to_thread.run_sync(partial(call, manager.folder.path, method, params, timeout=BOUND))


async def said(stream: SocketStream, *lines: bytes) -> list[dict[str, Any]]:
    """Sends lines and reads as many answers."""
    await stream.send(b"".join(line + b"\n" for line in lines))
    received = b""
    while received.count(b"\n") < len(lines):
        received += await stream.receive()
    return [json.loads(line) for line in received.splitlines()]


def request(method: str = "ping", number: Any = 1, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


async def test_the_verbs(project: Path):
    gate, far = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate, "so far"), Say("done")])
    async with owner(project, runner) as (manager, _path):
        run = await manager.spawn("answerer", "go")
        await far.wait()
        known = await asked(manager, "ping")
        assert (known["pid"], known["protocol"], known["session"]) == (os.getpid(), 1, manager.session)
        await asked(manager, "pause", run=run)
        assert manager.state.run(run).paused
        await asked(manager, "unpause", run=run)
        assert not manager.state.run(run).paused
        await asked(manager, "steer", run=run, message="hurry")
        assert manager.state.run(run).waiting_steers
        assert await asked(manager, "stop", run=run, reason="enough") == {"stopped": True}
        assert await asked(manager, "stop", run=run) == {"stopped": False}
        outcome = manager.state.run(run).outcome
        assert outcome is not None
        assert (outcome.by, outcome.reason, outcome.preview) == ("user", "enough", "so far")


async def test_what_the_manager_refuses_comes_back_as_its_sentence(project: Path):
    async with owner(project) as (manager, _path):
        with pytest.raises(OwnerRefused, match="no run 'nobody'") as refused:
            await asked(manager, "stop", run="nobody")
        assert refused.value.kind == "RunNotFound"
        with pytest.raises(OwnerRefused, match="there is no method 'dance'"):
            await asked(manager, "dance")
        with pytest.raises(OwnerRefused, match="'run' must be a text"):
            await asked(manager, "stop", run=3)


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        (b"", -32700, None),
        (b"hello", -32700, None),
        (b"\xff\xfe{}", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "stop", "params": {"run": "\xff"}}', -32700, None),
        (
            b'{"jsonrpc": "2.0", "id": 8, "method": "stop", "params": {"run": %s}}' % (b"9" * 5000),
            -32700,
            None,
        ),
        (b'{"jsonrpc": "2.0", "id": %s, "method": "ping"}' % (b"9" * 5000), -32700, None),
        (b"[]", -32600, None),
        (b"7", -32600, None),
        (b'{"id": 4, "method": "ping"}', -32600, 4),
        (b'{"jsonrpc": "2.0", "id": 5, "method": 6}', -32600, 5),
        (b'{"jsonrpc": "2.0", "id": "a", "method": "ping", "params": [1]}', -32600, "a"),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": 6, "method": "stop"}', -32602, 6),
        (b'{"jsonrpc": "2.0", "id": 7, "method": "toString"}', -32601, 7),
    ],
)
async def test_garbage_is_answered_as_such_and_the_line_stays_open(
    project: Path, line: bytes, code: int, number: Any
):
    async with owner(project) as (_manager, path), await anyio.connect_unix(path) as stream:
        garbage, ping = await said(stream, line, request(number=2))
        assert (garbage["error"]["code"], garbage["id"]) == (code, number)
        assert ping["result"]["pid"] == os.getpid()


async def test_a_verb_that_breaks_is_answered_and_ends_nobody(project: Path):
    async def broken(*_: object) -> None:
        raise KeyError("oh")

    async with AgentManager.open(project) as manager, control(manager, {**VERBS, "break": broken}) as path:
        assert path is not None
        async with await anyio.connect_unix(path) as stream:
            answer, ping = await said(stream, request("break"), request(number=2))
        assert answer["error"]["message"] == "this broke while it was carried out: KeyError"
        assert ping["id"] == 2


async def test_a_notification_is_carried_out_and_not_answered(project: Path):
    async with owner(project) as (_manager, path), await anyio.connect_unix(path) as stream:
        await stream.send(b'{"jsonrpc": "2.0", "method": "ping"}\n{"jsonrpc": "2.0", "method": "dance"}\n')
        (answer,) = await said(stream, request(number=9))
        assert answer["id"] == 9


async def test_a_line_without_end_is_refused_before_it_fills_the_memory(project: Path):
    async with owner(project) as (manager, path), await anyio.connect_unix(path) as stream:
        with suppress(anyio.BrokenResourceError):
            for _ in range(100):
                await stream.send(b"x" * (MAX_LINE // 4))
            raise AssertionError("25 MiB were taken for one line")
        assert (await asked(manager, "ping"))["protocol"] == 1


async def test_clients_that_dawdle_or_vanish_hold_up_nobody(project: Path):
    async with owner(project) as (manager, path):
        dawdling = await anyio.connect_unix(path)
        await dawdling.send(request()[:10])
        vanished = await anyio.connect_unix(path)
        await vanished.send(request() + b"\n" + request()[:5])
        await vanished.aclose()
        async with await anyio.connect_unix(path) as one, await anyio.connect_unix(path) as other:
            assert [(await said(each, request()))[0]["id"] for each in (one, other, one)] == [1, 1, 1]
        assert (await asked(manager, "ping"))["protocol"] == 1
        await dawdling.aclose()


async def test_one_client_too_many_is_told_so_and_there_is_room_again_afterwards(project: Path):
    async with owner(project) as (_manager, path):
        clients = [await anyio.connect_unix(path) for _ in range(MAX_CLIENTS)]
        for client in clients:
            await said(client, request())
        async with await anyio.connect_unix(path) as late:
            assert "clients are connected already" in (await late.receive()).decode()
        for client in clients:
            await client.aclose()
        async with await anyio.connect_unix(path) as stream:
            assert (await said(stream, request()))[0]["result"]


async def test_an_answer_under_way_is_given_before_the_owner_leaves(project: Path):
    gate, far = anyio.Event(), anyio.Event()
    answers: list[Any] = []
    async with owner(project, ScriptedRunner(default=[Reach(far), Wait(gate)])) as (manager, path):
        run = await manager.spawn("answerer", "go")
        await far.wait()
        async with anyio.create_task_group() as tasks:
            stream = await anyio.connect_unix(path)

            async def stop() -> None:
                answers.extend(await said(stream, request("stop", run=run)))

            tasks.start_soon(stop)
            await manager.get_result(run, wait=True)
            # As the command line does: it leaves the moment the run has ended.
    assert answers[0]["result"] == {"stopped": True}
    await stream.aclose()


async def test_the_socket_is_the_users_alone_and_gone_afterwards(project: Path, home: Path):
    async with owner(project) as (manager, path):
        assert path.parent == home / "run" / "subagents"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert manager.folder is not None
        note = manager.folder.path / "socket"
        assert note.read_text() == str(path)
    assert not path.exists()
    assert not note.exists()


async def test_what_a_dead_owner_left_is_replaced(project: Path):
    async with AgentManager.open(project) as manager:
        assert manager.folder is not None
        left = new_socket(manager.folder.id)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(left))
        announce(manager.folder.path, left)
        with pytest.raises(SessionNotFound, match="Nobody answers"):
            await asked(manager, "ping")
        async with control(manager) as path:
            assert path == left
            assert (await asked(manager, "ping"))["protocol"] == 1


async def test_sockets_that_dead_owners_left_are_removed_and_no_others(home: Path):
    folder = new_socket("mine").parent
    dead, young, live = (folder / f"{name}.sock" for name in ("dead", "young", "live"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(live))
        listening.listen()
        for path in (dead, young):
            with socket.socket(socket.AF_UNIX) as left:
                left.bind(str(path))
        (folder / "file.sock").touch()
        for path in (dead, live, folder / "file.sock"):
            os.utime(path, (0, 0))
        new_socket("mine")
    assert sorted(path.stem for path in folder.iterdir()) == ["file", "live", "young"]


async def test_a_session_in_memory_has_no_socket(project: Path):
    async with AgentManager.open(project, memory=True) as manager, control(manager) as path:
        assert path is None


def test_a_folder_that_somebody_else_made_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / "theirs").mkdir()
    (home / "run" / "subagents").symlink_to(home / "theirs")
    with pytest.raises(SessionError, match="is not a folder of yours"):
        new_socket("session")
    (home / "run" / "subagents").unlink()
    (home / "run" / "subagents").mkdir(mode=0o755)
    assert new_socket("session").parent == home / "run" / "subagents"
    assert stat.S_IMODE((home / "run" / "subagents").stat().st_mode) == 0o700


def test_a_path_that_is_too_long_for_a_socket_gives_way_to_the_temporary_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    deep = home / ("d" * MAX_PATH)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", str(home))
    assert new_socket("session") == home / f"subagents-{os.getuid()}" / "session.sock"
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(SessionError, match="short enough path"):
        new_socket("session")


def test_an_owner_that_does_not_answer_is_given_up(tmp_path: Path, home: Path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(home / "silent"))
        silent.listen()
        announce(tmp_path, home / "silent")
        with pytest.raises(SessionError, match=r"did not answer within 0\.05 seconds"):
            call(tmp_path, "ping", {}, timeout=0.05)


@pytest.mark.parametrize("answer", [b"no json\n", b"[]\n", b'{"id": 1}\n', b'{"error": 3}\n', b""])
def test_something_else_that_answers_is_recognised(tmp_path: Path, home: Path, answer: bytes):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(home / "other"))
        other.listen()
        announce(tmp_path, home / "other")

        def talk() -> None:
            line, _ = other.accept()
            with line:
                line.recv(1000)
                line.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(SessionError, match=r"does not speak our language|went away"):
            call(tmp_path, "ping", {}, timeout=BOUND)
        thread.join(BOUND)
