"""Files of an agent's memory, which other runs and processes write at the same time: no line of theirs is lost.

Who writes holds a lock on the memory's folder from reading the file until it is replaced whole, and nobody replaces a
file that changed since they read it. Commands of a shell are not held to this; what they append is kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from subagents import atomic
from subagents.toolsets.coding.deps import CodingDeps, MemoryPlace
from subagents.toolsets.coding.failures import ToolFailed, explained
from subagents.toolsets.coding.paths import Target

LOCK_BOUND = 10.0  # seconds that others may take to write a file of a few kilobytes
LOOK_AGAIN = 0.01  # seconds; the kernel tells nobody who does not wait in it


def memory_of(place: CodingDeps, target: Target) -> MemoryPlace | None:
    """The memory that the target is in; None for what is in the workspace."""
    return place.memory if place.memory is not None and place.memory.holds(target.path) else None


@asynccontextmanager
async def undisturbed(place: CodingDeps, target: Target) -> AsyncIterator[None]:
    """While it lasts no other run writes into the memory that the target is in; in the workspace nothing is held.

    Raises `ToolFailed` where others hold it for longer than `LOCK_BOUND`.
    """
    if (memory := memory_of(place, target)) is None:
        yield
        return
    with explained(str(memory.folder)):
        opened = os.open(memory.folder, os.O_RDONLY)
    try:
        with anyio.move_on_after(LOCK_BOUND) as bound:
            while not _locked(opened):  # noqa: ASYNC110 it is the kernel's lock
                await anyio.sleep(LOOK_AGAIN)
        if bound.cancelled_caught:
            raise ToolFailed(
                f"others have been writing to {str(memory.folder)!r} for a while; try again later."
            )
        yield
    finally:
        os.close(opened)  # which gives the lock back


def _locked(opened: int) -> bool:
    """Whether the lock is ours now. Where a file system has none it is done without."""
    import fcntl

    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def note_seen(place: CodingDeps, target: Target, data: bytes) -> None:
    """The run has read the file as it is."""
    if (memory := memory_of(place, target)) is not None:
        memory.seen[target.path] = digest_of(data)


def refuse_unseen(place: CodingDeps, target: Target, before: bytes | None) -> None:
    """Raises `ToolFailed` where replacing the whole file would lose lines that the run has not read."""
    memory = memory_of(place, target)
    if memory is not None and before and memory.seen.get(target.path) != digest_of(before):
        raise ToolFailed(
            f"{target.shown!r} holds what you have not read: other runs add to it too. Read it, then write it with "
            "what is to stay; or add your lines with edit."
        )


async def keep(place: CodingDeps, target: Target, before: bytes | None, after: bytes) -> None:
    """Replaces the file in one step, its folders included, and notes what of it the run has seen then."""
    with explained(target.shown):
        await anyio.to_thread.run_sync(_replace, target.path, after)
    if (memory := memory_of(place, target)) is not None:
        has_seen = not before or memory.seen.get(target.path) == digest_of(before)
        if has_seen:
            memory.seen[target.path] = digest_of(after)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.replace(path, data)


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
