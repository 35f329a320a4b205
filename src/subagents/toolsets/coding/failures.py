"""How a tool that cannot do what was asked says so: in its answer, for the model to try something else.

Raised as the model library's `ModelRetry` it would use up retries that are meant for malformed calls, and
the run would fail on the second wrong path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

from pydantic_ai.workspaces import WorkspaceUnavailableError

from subagents.errors import SubagentsError
from subagents.toolsets.coding import FAILED

P = ParamSpec("P")


class ToolFailed(SubagentsError):
    """What a model asked of a tool cannot be done; the sentence tells the model what would work."""


def failure_as_answer(tool: Callable[P, Awaitable[str]]) -> Callable[P, Awaitable[str]]:
    """The tool, with a `ToolFailed` turned into an answer that begins with `FAILED`."""

    @wraps(tool)
    async def answering(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return await tool(*args, **kwargs)
        except ToolFailed as failure:
            return f"{FAILED}{failure}"

    return answering


@contextmanager
def explained(shown: str) -> Iterator[None]:
    """Around work on one file: what the disk refuses is told in words, with the path as `shown`.

    Kept this narrow because a report to the journal may raise OSError too, and that is not the model's.
    """
    try:
        yield
    except WorkspaceUnavailableError as error:
        raise ToolFailed(
            f"{error}. Nothing can be done in this workspace any more; say so and end."
        ) from error
    except OSError as error:
        raise ToolFailed(_sentence(shown, error)) from error


def _sentence(shown: str, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"{shown!r} does not exist. See what there is with ls or find."
        case IsADirectoryError():
            return f"{shown!r} is a folder. List it with ls."
        case NotADirectoryError():
            return f"{shown!r} is not a folder, or part of the path is a file."
        case PermissionError():
            return f"permission denied for {shown!r}."
        case OSError(errno=None):
            return f"{shown!r} is no regular file."  # the model library's own refusal of pipes and devices
        case _:
            return f"{shown!r} cannot be used: {error.strerror}."
