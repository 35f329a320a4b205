"""What somebody else's code prints goes to standard error: standard output is for answers, which programs read."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_aside: ContextVar[bool] = ContextVar("aside", default=False)
_lock = threading.Lock()
_open: list[_Parted] = []


@contextmanager
def printed_aside() -> Iterator[None]:
    """Around calls of somebody else's code, awaited or not: what it prints meanwhile, also in threads that have its
    context, goes to standard error, and what everybody else prints where it always did."""
    parted = _enter()
    token = _aside.set(True)
    try:
        yield
    finally:
        _aside.reset(token)
        _leave(parted)


class _Parted:
    """Standard output, for all but those who are in `printed_aside`."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def write(self, text: str) -> int:
        return int(self._now.write(text) or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)

    @property
    def _now(self) -> Any:
        return sys.stderr if _aside.get() and sys.stderr is not None else self.real


def _enter() -> _Parted:
    with _lock:
        parted = sys.stdout
        if not isinstance(parted, _Parted):
            parted = sys.stdout = _Parted(sys.stdout)
        _open.append(parted)
        return parted


def _leave(parted: _Parted) -> None:
    """Who is the last puts back what was there, unless another has put something in its place since."""
    with _lock:
        _open.remove(parted)
        if parted not in _open and sys.stdout is parted:
            sys.stdout = parted.real
