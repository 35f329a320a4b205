"""edit: one passage of a file, or every occurrence of it."""

import re
from dataclasses import dataclass

from pydantic_ai import RunContext

from subagents.toolsets.coding.deps import CodingDeps, HasCoding
from subagents.toolsets.coding.failures import ToolFailed, failure_as_answer
from subagents.toolsets.coding.files import BOM, Span, bytes_of, encoded, held, plural, refuse_binary, replace
from subagents.toolsets.coding.paths import Target, to_write

SHOWN_PLACES = 10
NUMBERED = re.compile(r"\d+\t")


@failure_as_answer
async def edit(
    ctx: RunContext[HasCoding], path: str, old_string: str, new_string: str, replace_all: bool = False
) -> str:
    """Replace a passage in a text file. old_string must be in the file exactly as given, white space
    included and without line numbers, and only once unless replace_all is set.

    Args:
        path: The file, relative to the workspace or absolute inside it.
        old_string: The passage to replace.
        new_string: What shall stand there instead.
        replace_all: Replace every occurrence.
    """
    place = ctx.deps.coding
    target = await to_write(place, path, "edit")
    _refuse_what_changes_nothing(old_string, new_string)
    async with held(place, target):
        return await _replaced(place, target, (old_string, new_string), everywhere=replace_all)


async def _replaced(place: CodingDeps, target: Target, passages: tuple[str, str], *, everywhere: bool) -> str:
    before = await bytes_of(place, target)
    refuse_binary(before, target)
    text = FileText.of(before)
    old, new = (text.with_its_line_ends(passage) for passage in passages)
    pieces = text.body.split(old)
    if len(pieces) == 1:
        raise ToolFailed(_not_found(target.shown, text.body, old))
    if len(pieces) > 2 and not everywhere:
        raise ToolFailed(_not_unique(target.shown, pieces, old))
    changed = new.join(pieces)
    span = _written(changed, start=len(pieces[0]), end=len(changed) - len(pieces[-1]))
    note = await replace(place, target, before, text.to_bytes(changed), span)
    where = str(span) if changed else "it is empty now"
    return f"Replaced {plural(len(pieces) - 1, 'passage')} in {target.shown} ({where}).{note}"


@dataclass(frozen=True)
class FileText:
    """A file's text without what an edit must not disturb: its byte order mark and its kind of line end.

    Models write line ends as a line feed alone. A file with CR LF throughout is therefore edited without
    the CRs, which it gets back; in one with both kinds everything stands for itself. Bytes that are not
    UTF-8 come back as they were.
    """

    mark: str
    crlf: bool
    body: str

    @classmethod
    def of(cls, data: bytes) -> "FileText":
        text = data.decode(errors="surrogateescape")
        mark = BOM if text.startswith(BOM) else ""
        body = text.removeprefix(BOM)
        crlf = 0 < body.count("\n") == body.count("\r\n")
        return cls(mark, crlf, body.replace("\r\n", "\n") if crlf else body)

    def with_its_line_ends(self, passage: str) -> str:
        return passage.replace("\r\n", "\n") if self.crlf else passage

    def to_bytes(self, body: str) -> bytes:
        whole = self.mark + (body.replace("\n", "\r\n") if self.crlf else body)
        return whole.encode(errors="surrogateescape")


def _refuse_what_changes_nothing(old: str, new: str) -> None:
    if not old:
        raise ToolFailed("old_string is empty. Give the passage to replace; a new file is made with write.")
    if old == new:
        raise ToolFailed("old_string and new_string are the same, so there is nothing to change.")
    encoded(old, "old_string")
    encoded(new, "new_string")


def _written(changed: str, *, start: int, end: int) -> Span:
    """The lines of the new text that the characters from `start` up to `end` stand in."""
    if not changed:
        return Span(0, 0)
    first = changed.count("\n", 0, start) + 1
    last = changed.count("\n", 0, max(start, end - 1)) + 1
    return Span(first, last)


def _not_found(shown: str, body: str, old: str) -> str:
    sentence = f"old_string is not in {shown!r}."
    if all(NUMBERED.match(line) for line in old.splitlines()):
        return f"{sentence} Leave out the line numbers and tabs that read puts before the lines."
    if line := _but_for_white_space(body, old):
        return (
            f"{sentence} A passage that differs in white space only begins at line {line}; copy it exactly."
        )
    return f"{sentence} Read the part you want to change again and copy it exactly."


def _but_for_white_space(body: str, old: str) -> int | None:
    """The line where `old` begins if white space around lines is ignored; None if it is nowhere even then."""
    wanted = [line.strip() for line in old.strip().split("\n")]
    present = [line.strip() for line in body.split("\n")]
    for n in range(len(present) - len(wanted) + 1):
        if present[n] == wanted[0] and present[n : n + len(wanted)] == wanted:
            return n + 1
    return None


def _not_unique(shown: str, pieces: list[str], old: str) -> str:
    lines, position = [], 1
    for piece in pieces[:-1]:
        position += piece.count("\n")
        lines.append(str(position))
        position += old.count("\n")
    more = ", …" if len(lines) > SHOWN_PLACES else ""
    return (
        f"old_string is in {shown!r} {len(lines)} times (lines {', '.join(lines[:SHOWN_PLACES])}{more}). "
        "Add lines around it until it is there once, or set replace_all."
    )
