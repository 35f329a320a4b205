"""What git prints, read: NUL-separated, since a name may hold all else. Pure; names as the file system has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A path that differs: `staged` from the commit, `unstaged` from what is staged, `.` where it does not.

    A new path that git does not track is `?` in both. What ends with a slash is a repository inside the tree.
    """

    path: str
    staged: str
    unstaged: str
    submodule: bool = False

    @property
    def twice(self) -> bool:
        """Whether what is staged is neither what was committed nor what lies in the folder."""
        return self.staged not in ".?U" and self.unstaged not in ".?U"

    @property
    def unmerged(self) -> bool:
        """Whether git has several versions of it."""
        return self.staged == "U"

    @property
    def nested(self) -> bool:
        return self.submodule or self.path.endswith("/")


@dataclass(frozen=True, slots=True)
class Flagged:
    """A tracked path with its tag of `git ls-files -v`."""

    tag: str
    path: str

    @property
    def hidden(self) -> bool:
        """Whether git was told not to look at the file: assume-unchanged (a small letter) or skip-worktree (`S`)."""
        return self.tag.islower() or self.tag == "S"


@dataclass(frozen=True, slots=True)
class Tracked:
    """A path in an index, and the blob that it has there."""

    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The size of a difference. Binary files count as files only."""

    files: int = 0
    insertions: int = 0
    deletions: int = 0


NO_FIGURES = Figures()


def names(output: bytes) -> tuple[str, ...]:
    """NUL-separated names."""
    return tuple(os.fsdecode(name) for name in output.split(b"\0") if name)


def joined(paths: list[str] | tuple[str, ...]) -> bytes:
    """The same the other way, for git's standard input."""
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def changes(output: bytes) -> tuple[Change, ...]:
    """`git status --porcelain=v2 -z` without `--branch` and `--ignored` (git-status(1))."""
    return tuple(_changes(iter(output.split(b"\0"))))


def _changes(fields: Iterator[bytes]) -> Iterator[Change]:
    for entry in fields:
        kind = entry[:1]
        if kind == b"?":
            yield Change(os.fsdecode(entry[2:]), "?", "?")
        elif kind in (b"1", b"2", b"u"):
            # The path is the last field: of 9, of 10 for a rename, of 11 for one that is unmerged.
            parts = entry.split(b" ", {b"1": 8, b"2": 9, b"u": 10}[kind])
            path, staged, unstaged = os.fsdecode(parts[-1]), chr(parts[1][0]), chr(parts[1][1])
            if kind == b"u":
                # Which sides added or deleted it makes no difference here.
                staged = unstaged = "U"
            yield Change(path, staged, unstaged, submodule=parts[2][:1] == b"S")
            if kind == b"2":
                yield Change(os.fsdecode(next(fields)), "D", ".")


def head_in(status: bytes) -> str:
    """The commit in what `git status --porcelain=v2 --branch -z` says; "" before the first."""
    said = next((each for each in status.split(b"\0", 4) if each.startswith(b"# branch.oid ")), b"")
    oid = said.removeprefix(b"# branch.oid ").decode()
    return "" if oid == "(initial)" else oid


def is_detached(status: bytes) -> bool:
    """Whether a HEAD is on no branch, in the same."""
    return b"\0# branch.head (detached)\0" in status


def flags(output: bytes) -> tuple[Flagged, ...]:
    """`git ls-files -v -z`."""
    return tuple(Flagged(name[0], name[2:]) for name in names(output))


def tracked(output: bytes) -> tuple[Tracked, ...]:
    """`git ls-files --stage -z`: mode, blob and stage before a tab, the path behind it (git-ls-files(1))."""
    rows = (row.partition(b"\t") for row in output.split(b"\0") if row)
    return tuple(Tracked(os.fsdecode(path), facts.split(b" ")[1].decode()) for facts, _tab, path in rows)


def figures(output: bytes) -> Figures:
    """`git diff --numstat -z --no-renames`."""
    rows = [row.split(b"\t", 2) for row in output.split(b"\0") if row]
    return Figures(
        files=len(rows),
        insertions=sum(int(row[0]) for row in rows if row[0].isdigit()),
        deletions=sum(int(row[1]) for row in rows if row[1].isdigit()),
    )


def commit(output: bytes) -> str:
    """One object's name; "" when there is none."""
    return output.decode().strip()
