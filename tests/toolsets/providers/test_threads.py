"""Threads for sync tools: who hangs holds up neither the others nor the end of the program."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import Future

from subagents.toolsets.providers.threads import LooseThreads

BOUND = 20

HANGS = """
import threading
import anyio
import subagents
from subagents import AgentManager

def hang() -> str:
    "Hangs."
    threading.Event().wait()

async def main():
    model = "script:turns.yaml"
    async with AgentManager.open(".", memory=True, model=model, tools={"t": [hang]}) as manager:
        run = await manager.spawn("general-purpose", "go", max_seconds=1)
        print((await manager.get_result(run, wait=True)).run.status)

anyio.run(main)
"""


def test_calls_wait_for_a_free_thread_and_what_was_cancelled_meanwhile_never_begins():
    threads, gate, ran = LooseThreads(most=2), threading.Event(), list[str]()
    held = [threads.submit(gate.wait, BOUND) for _ in range(2)]
    waiting = [threads.submit(ran.append, name) for name in ("a", "b")]
    assert waiting[0].cancel()

    gate.set()
    assert [future.result(BOUND) for future in held] == [True, True]
    waiting[1].result(BOUND)
    assert ran == ["b"]
    assert threads.submit(len, "abc").result(BOUND) == 3


def test_whatever_a_call_raises_is_raised_where_it_is_waited_for():
    class Odd(BaseException):
        pass

    def odd() -> None:
        raise Odd("boo")

    def stops() -> None:
        raise StopIteration

    futures: list[Future[None]] = [LooseThreads().submit(call) for call in (odd, stops)]
    assert [type(future.exception(BOUND)).__name__ for future in futures] == ["Odd", "ForeignFailed"]


def test_a_program_ends_though_a_tool_of_it_hangs(tmp_path):
    (tmp_path / "turns.yaml").write_text("turns: [{tool_calls: [{name: hang}]}, {text: done}]")
    ended = subprocess.run(
        [sys.executable, "-c", HANGS], cwd=tmp_path, capture_output=True, text=True, timeout=BOUND, check=True
    )
    assert (ended.stdout, ended.stderr) == ("stopped\n", "")
