"""How many at once, first come first served; across processes when there is a file to lock.

Slot number i of a file is a lock on its byte i: one open file however many slots, and the kernel frees
them all when the process dies. Such locks belong to the process, not to the file that was opened, so each
process opens a slot file once and keeps it.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from pathlib import Path

import anyio

from subagents.clock import Clock
from subagents.sessions.folder import make_private

# How often the first in the queue looks whether another process gave up a slot (seconds). One look is
# one system call for each slot.
LOOK_EVERY = 0.1


class SlotFile:
    """The slots of one file that this process holds."""

    def __init__(self, path: Path) -> None:
        self._held: set[int] = set()
        make_private(path.parent)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, capacity: int) -> int | None:
        """The number of a free slot below `capacity`, now held; None when there is none."""
        for number in range(capacity):
            if number not in self._held and self._lock(number):
                self._held.add(number)
                return number
        return None

    def give_back(self, number: int) -> None:
        self._held.discard(number)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    @property
    def idle(self) -> bool:
        """Whether this process holds none of them."""
        return not self._held

    def close(self) -> None:
        """Only when idle: closing the file frees all locks of this process on it."""
        os.close(self._file)

    def _lock(self, number: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:  # held by another process, in one of two spellings (fcntl(2): EACCES or EAGAIN)
            return False
        return True


_files: dict[Path, SlotFile] = {}


def slot_file(path: Path) -> SlotFile:
    """This process's one handle on a slot file."""
    key = Path(os.path.realpath(path))
    if key not in _files:
        _files[key] = SlotFile(key)
    return _files[key]


def forget_slot_file(path: Path) -> None:
    """Closes this process's handle, unless slots are held through it."""
    key = Path(os.path.realpath(path))
    if (file := _files.get(key)) is not None and file.idle:
        del _files[key]
        file.close()


class Slots:
    """At most `capacity` holders at once, shared with other processes through `file` when it is given."""

    def __init__(self, capacity: int, clock: Clock, file: SlotFile | None = None) -> None:
        self._capacity = max(1, capacity)
        self._clock = clock
        self._file = file
        self._holders = 0
        self._queue: deque[_Waiting] = deque()

    @property
    def capacity(self) -> int:
        return self._capacity

    @property
    def holders(self) -> int:
        """How many slots are held through this object."""
        return self._holders

    def resize(self, capacity: int) -> None:
        """From now on; at least 1. Raising it starts who waits, lowering it ends nobody's turn."""
        self._capacity = max(1, capacity)
        self._wake_first()

    async def acquire(self, *, front: bool = False) -> Slot:
        """A slot, when it is our turn. `front` is for who had one and gave it up."""
        waiting = _Waiting()
        self._queue.appendleft(waiting) if front else self._queue.append(waiting)
        try:
            while True:
                # Made before looking: what changes after the look wakes us again.
                waiting.woken = anyio.Event()
                first = self._queue[0] is waiting
                if first and (slot := self._try_take()) is not None:
                    return slot
                await self._wait(waiting, first=first)
        finally:
            self._queue.remove(waiting)
            self._wake_first()

    def _try_take(self) -> Slot | None:
        if self._holders >= self._capacity:
            return None
        number = None
        if self._file is not None and (number := self._file.take(self._capacity)) is None:
            return None
        self._holders += 1
        return Slot(self, number)

    async def _wait(self, waiting: _Waiting, *, first: bool) -> None:
        # With room among our own, only another process can be in the way, and it does not tell us.
        if first and self._holders < self._capacity:
            await self._clock.sleep(LOOK_EVERY)
        else:
            await waiting.woken.wait()

    def _give_back(self, number: int | None) -> None:
        self._holders -= 1
        if self._file is not None and number is not None:
            self._file.give_back(number)
        self._wake_first()

    def _wake_first(self) -> None:
        # Only the first may take a slot, so only it is woken: a queue of a thousand costs no more than one of two.
        if self._queue:
            self._queue[0].woken.set()


class _Waiting:
    """Somebody in the queue; `woken` is made anew for each look."""

    def __init__(self) -> None:
        self.woken = anyio.Event()


class Slot:
    """One held slot; giving it back twice is harmless."""

    def __init__(self, slots: Slots, number: int | None) -> None:
        self._slots: Slots | None = slots
        self._number = number

    def release(self) -> None:
        if self._slots is not None:
            slots, self._slots = self._slots, None
            slots._give_back(self._number)
