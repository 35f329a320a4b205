"""Code that is not ours, called: whatever it raises becomes a sentence, and never the end of what called it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from subagents.texts import storable

MAX_SAID = 1_000  # characters of what an exception says that are repeated


class ForeignFailed(Exception):
    """Somebody else's code raised; `str()` is the kind of its exception and what that says."""


@contextmanager
def foreign(*passing: type[BaseException]) -> Iterator[None]:
    """Around calls of somebody else's code. Raises `ForeignFailed` for all that it raises.

    What passes is the user's Ctrl-C and `passing`: around a call that is awaited, the event loop's cancellation.
    """
    try:
        yield
    # Anything may come out of a tool, a factory or an import, and none of it is about the run that asked.
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, ForeignFailed, *passing)):
            raise
        raise ForeignFailed(said(error)) from error


def said(error: BaseException) -> str:
    """`ValueError: no such city`, in at most a thousand characters."""
    kind = type(error).__name__
    try:
        text = " ".join(storable(str(error)).split())
    except Exception:  # noqa: BLE001 what an exception says of itself is somebody else's code as well
        text = ""
    whole = f"{kind}: {text}" if text else kind
    return whole if len(whole) <= MAX_SAID else f"{whole[: MAX_SAID - 1]}…"
