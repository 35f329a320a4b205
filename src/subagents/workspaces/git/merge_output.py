"""What `git merge-tree --write-tree -z` prints, read (git-merge-tree(1)). Pure; names as the file system has them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from subagents.conflict import ConflictKind, LineRange

_KINDS = {
    "contents": ConflictKind.TEXT,
    "modify/delete": ConflictKind.DELETED,
    "rename/delete": ConflictKind.RENAMED,
    "rename/rename": ConflictKind.RENAMED,
    "rename involved in collision": ConflictKind.RENAMED,
    "directory rename suggested": ConflictKind.RENAMED,
    "directory rename split": ConflictKind.RENAMED,
}
_CONFLICT = re.compile(r"CONFLICT \((.*)\)\Z")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a merge: which kind of thing happened to these paths."""

    paths: tuple[str, ...]
    what: str

    @property
    def kind(self) -> ConflictKind | None:
        """None for what is no conflict."""
        found = _CONFLICT.match(self.what)
        return _KINDS.get(found[1], ConflictKind.OTHER) if found else None


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to: its tree, the paths that it left unmerged, and what it said."""

    tree: str
    unmerged: tuple[str, ...]
    said: tuple[Said, ...]

    @property
    def both(self) -> tuple[str, ...]:
        """The files that both sides changed, and whose lines it put together or could not."""
        return tuple(dict.fromkeys(said.paths[0] for said in self.said if said.what == "Auto-merging"))


def merged(output: bytes) -> Merged:
    """The three parts of it: the tree, the unmerged entries up to an empty field, the messages."""
    tree, *fields = output.split(b"\0")
    end = fields.index(b"") if b"" in fields else len(fields)
    unmerged = dict.fromkeys(os.fsdecode(field.split(b"\t", 1)[1]) for field in fields[:end])
    return Merged(tree.decode(), tuple(unmerged), tuple(_messages(iter(fields[end + 1 :]))))


def _messages(fields: Iterator[bytes]) -> Iterator[Said]:
    for count in fields:
        if not count.isdigit():
            return
        paths = tuple(os.fsdecode(next(fields)) for _ in range(int(count)))
        what = next(fields).decode(errors="replace")
        next(fields)  # the sentence for people: the kind and the paths say it too
        yield Said(paths, what)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a file before and after, each the first and how many. Of none, it is the line before them."""

    old: tuple[int, int]
    new: tuple[int, int]

    @property
    def lines(self) -> LineRange:
        """The new lines; of a deletion the line before those that stood there."""
        first, count = self.new
        return LineRange(first, first + count - 1) if count else LineRange(max(first, 1), max(first, 1))

    def meets(self, other: Hunk) -> bool:
        """Whether both change the same lines of what they began from, or lines with nothing in between."""
        (first, last), (other_first, other_last) = self._gap, other._gap
        return first <= other_last and other_first <= last

    @property
    def _gap(self) -> tuple[int, int]:
        """The edges between lines where it begins and ends: n is the one behind line n."""
        first, count = self.old
        return (first - 1, first - 1 + count) if count else (first, first)


def hunks(patch: bytes) -> tuple[Hunk, ...]:
    """Those of one file in a patch without lines of surroundings (`-U0`)."""
    return tuple(
        Hunk((int(a), int(b) if b else 1), (int(c), int(d) if d else 1))
        for a, b, c, d in _HUNK.findall(patch)
    )
