"""Text files as the tools read and write them: how big, in which encoding, and who is told of a change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from subagents.toolsets.coding.deps import CodingDeps, FileChanged, Preflight
from subagents.toolsets.coding.failures import ToolFailed, explained
from subagents.toolsets.coding.memory import digest_of, keep, memory_of, note_seen, undisturbed
from subagents.toolsets.coding.paths import Target

FILE_LIMIT = 10_000_000
SNIFFED = 8_192
BOM = "\ufeff"


async def bytes_of(place: CodingDeps, target: Target) -> bytes:
    """The file's bytes; raises ToolFailed if it is missing, no regular file, or too big to be held."""
    with explained(target.shown):
        entry = await place.workspace.stat(str(target.path))
        if entry.size is not None and entry.size > FILE_LIMIT:
            raise ToolFailed(
                f"{target.shown!r} has {entry.size:,} bytes, and at most {FILE_LIMIT:,} are taken at once. "
                "Search it with grep, or look at a part of it with a command such as `sed -n 1,100p`."
            )
        return await place.workspace.read_bytes(str(target.path))


def refuse_binary(data: bytes, target: Target) -> None:
    """Raises ToolFailed for a file that is not text. Like git's: a NUL byte near the beginning."""
    if b"\0" in data[:SNIFFED]:
        raise ToolFailed(
            f"{target.shown!r} is a binary file of {len(data):,} bytes; only text can be shown or edited."
        )


@dataclass(frozen=True)
class Span:
    """Lines, the first and the last, counted from 1; (0, 0) is none."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"


@asynccontextmanager
async def held(place: CodingDeps, target: Target) -> AsyncIterator[None]:
    """Around reading and replacing a file: nobody else of the session replaces it in between; a file of the agent's
    memory, nobody of any."""
    if (preflight := _preflight(place, target)) is None:
        async with undisturbed(place, target):
            yield
        return
    await preflight.ready(target.shown)
    async with preflight.alone_with(target.shown):
        yield


def note_read(place: CodingDeps, target: Target, data: bytes) -> None:
    """The model sees the file as it is now."""
    note_seen(place, target, data)
    _saw(place, target, data)


async def replace(
    place: CodingDeps, target: Target, before: bytes | None, after: bytes, span: Span, *, whole: bool = False
) -> str:
    """Writes the file, its folders included, and reports it; to be `held`. `before` is None for a new file, and `whole`
    tells that nobody has looked what stays of it.

    Answers what speaks against it, with a blank before, "" where nothing does. Raises ToolFailed where it is refused.
    """
    note = _spoken_against(place, target, before, whole=whole)
    if memory_of(place, target) is not None:
        await keep(place, target, before, after)
    else:
        with explained(target.shown):
            await place.workspace.write_bytes(str(target.path), after)
    await place.report(
        FileChanged(
            path=target.shown,
            before=None if before is None else digest_of(before),
            after=digest_of(after),
            first_line=span.first,
            last_line=span.last,
        )
    )
    _saw(place, target, after)
    return note


def _preflight(place: CodingDeps, target: Target) -> Preflight | None:
    """What looks out for others; an agent's memory sees to that itself."""
    return None if memory_of(place, target) is not None else place.preflight


def _saw(place: CodingDeps, target: Target, data: bytes) -> None:
    if (preflight := _preflight(place, target)) is not None:
        preflight.saw(target.shown, digest_of(data))


def _spoken_against(place: CodingDeps, target: Target, before: bytes | None, *, whole: bool) -> str:
    if (preflight := _preflight(place, target)) is None:
        return ""
    digest = None if before is None else digest_of(before)
    if (objection := preflight.objection(target.shown, digest, whole=whole)) is None:
        return ""
    if objection.refuses:
        raise ToolFailed(objection.text)
    return f" {objection.text}"


def encoded(text: str, parameter: str) -> bytes:
    """The text as UTF-8; raises ToolFailed for half of a surrogate pair, which no file can hold."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ToolFailed(
            f"{parameter} has no UTF-8 form: {error.reason} at character {error.start}."
        ) from error


def count_lines(text: str) -> int:
    """A last line counts with or without a line end."""
    return text.count("\n") + (not text.endswith("\n") and text != "")


def plural(count: int, one: str, many: str = "") -> str:
    """`1 line`, `12,000 lines`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
