"""read: a file's lines with their numbers."""

from pydantic_ai import RunContext

from subagents.toolsets.coding.deps import HasCoding
from subagents.toolsets.coding.failures import ToolFailed, failure_as_answer
from subagents.toolsets.coding.files import BOM, bytes_of, count_lines, note_read, plural, refuse_binary
from subagents.toolsets.coding.paths import to_read

LINE_LIMIT = 2_000
ANSWER_LIMIT = 100_000


@failure_as_answer
async def read(ctx: RunContext[HasCoding], path: str, offset: int = 1, limit: int = 2000) -> str:
    """Read a text file. Each line is shown as its number, a tab and its text; the number and the tab are
    not part of the file. Of a long file you get a part and are told where to read on.

    Args:
        path: The file, relative to the workspace or absolute inside it.
        offset: The number of the first line to show.
        limit: How many lines to show at most.
    """
    place = ctx.deps.coding
    target = await to_read(place, path, "read")
    data = await bytes_of(place, target)
    refuse_binary(data, target)
    note_read(place, target, data)
    return page(data, target.shown, max(offset, 1), max(limit, 1))


def page(data: bytes, shown: str, offset: int, limit: int) -> str:
    """The lines from `offset` on that `limit` and `ANSWER_LIMIT` characters allow, and what is missing."""
    text = data.decode(errors="replace").removeprefix(BOM)
    count = count_lines(text)
    if not count:
        return "[the file is empty]"
    if offset > count:
        raise ToolFailed(f"{shown!r} has {plural(count, 'line')}, so offset={offset} is past its end.")
    lines: list[str] = []
    size = 0
    for number, line in enumerate(
        text.split("\n")[offset - 1 : min(offset - 1 + limit, count)], start=offset
    ):
        numbered = f"{number}\t{_cut(line)}"
        size += len(numbered) + 1
        if lines and size > ANSWER_LIMIT:
            break
        lines.append(numbered)
    return "\n".join(lines + _footer(offset, offset + len(lines) - 1, count, _valid(data)))


def _footer(first: int, last: int, count: int, valid: bool) -> list[str]:
    notes = [] if valid else ["[the file is not valid UTF-8; what could not be decoded is shown as \ufffd]"]
    if last < count:
        notes.append(f"[lines {first}-{last} of {count}; read on with offset={last + 1}]")
    elif first > 1:
        notes.append(f"[lines {first}-{last} of {count}]")
    return notes


def _cut(line: str) -> str:
    line = line.removesuffix("\r").replace("\0", "\u2400")
    if len(line) <= LINE_LIMIT:
        return line
    return f"{line[:LINE_LIMIT]} [… {len(line) - LINE_LIMIT:,} more characters in this line]"


def _valid(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
