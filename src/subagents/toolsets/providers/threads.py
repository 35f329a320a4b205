"""Threads for sync tools, which may hang: none of them is waited for, not even when the program ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import ParamSpec, TypeVar

from subagents.foreign import ForeignFailed, said

P = ParamSpec("P")
T = TypeVar("T")

MOST = 64  # calls of one provider at once; further ones wait, so that those that hang do not take all memory


class LooseThreads(Executor):
    """Runs each call in a daemon thread, in the order in which they came. What nobody waits for any more and has not
    begun never begins."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._busy = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        call = partial(_call, future, partial(fn, *args, **kwargs))
        with self._lock:
            if self._busy >= self._most:
                self._waiting.append(call)
                return future
            self._busy += 1
        threading.Thread(target=self._work, args=(call,), name="subagents tool", daemon=True).start()
        return future

    def _work(self, call: Callable[[], None]) -> None:
        """This call, and then those that wait."""
        while True:
            call()
            with self._lock:
                if not self._waiting:
                    self._busy -= 1
                    return
                call = self._waiting.popleft()


def _call(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        answer = call()
    except (StopIteration, GeneratorExit) as error:  # these mean something else to whoever waits
        raised: BaseException = ForeignFailed(said(error))
    except BaseException as error:  # noqa: BLE001 it is raised where the call is waited for
        raised = error
    else:
        future.set_result(answer)
        return
    future.set_exception(raised)
