"""Standard output while somebody else's code runs."""

from __future__ import annotations

import io
import sys
import threading

import anyio
import pytest

from subagents.toolsets.providers.printing import printed_aside

pytestmark = pytest.mark.anyio


def test_what_they_print_goes_to_standard_error_and_what_others_print_does_not(
    capsys: pytest.CaptureFixture[str],
):
    real = sys.stdout
    with printed_aside():
        print("theirs")
        other = threading.Thread(target=print, args=("ours",))
        other.start()
        other.join()
        sys.stdout.flush()
    print("after")

    assert capsys.readouterr() == ("ours\nafter\n", "theirs\n")
    assert sys.stdout is real


async def test_two_at_once_put_back_what_was_there(capsys: pytest.CaptureFixture[str]):
    real, first, second = sys.stdout, anyio.Event(), anyio.Event()

    async def aside(own: anyio.Event, other: anyio.Event) -> None:
        with printed_aside():
            own.set()
            await other.wait()
            print("theirs")
        print("ours")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(aside, first, second)
        tasks.start_soon(aside, second, first)

    assert capsys.readouterr() == ("ours\nours\n", "theirs\ntheirs\n")
    assert sys.stdout is real


def test_who_put_something_else_in_its_place_meanwhile_keeps_it(monkeypatch: pytest.MonkeyPatch):
    mine = io.StringIO()
    with printed_aside():
        monkeypatch.setattr(sys, "stdout", mine)
    assert sys.stdout is mine
