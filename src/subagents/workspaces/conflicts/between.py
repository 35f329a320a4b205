"""Whether what two trees hold can be merged, found by merging it: really, in three ways, and without a trace.

git does the merge and writes it into a directory of ours (`git merge-tree`, from 2.38 on). An older git is told of by a
word, and then all that is known is which files both sides changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import anyio.to_thread

from subagents.conflict import ConflictKind, ConflictPlace
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.conflicts.functions import touched
from subagents.workspaces.conflicts.live import Snapshot, git_for
from subagents.workspaces.git.merge_output import Hunk, Merged, hunks, merged
from subagents.workspaces.git.output import commit, names
from subagents.workspaces.git.program import MERGES_IN_MEMORY, Git, complaint
from subagents.workspaces.worktrees.scratch import Scratch

MOST_FILES = 50  # of one pair whose lines are looked at; of others only the names are told
CONFLICTED = 1  # the exit code of a merge that left something unmerged

#: What `git merge` does of itself; everything else of ours compares without renames.
AS_MERGE = ("merge.renames=true", "diff.renames=true", "merge.directoryRenames=conflict")


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of what two trees have in common, with the places."""

    kind: ConflictKind
    places: tuple[ConflictPlace, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a merge of two trees would come to: nothing found is a clean merge of different files. `tree` is the merged
    one, "" where nothing could be merged, and then `word` says why."""

    found: tuple[Found, ...] = ()
    tree: str = ""
    word: str = ""

    @property
    def clean(self) -> bool:
        """Whether git would merge it by itself, as far as was looked."""
        return not any(each.kind.stops_merge for each in self.found)


@dataclass(frozen=True, slots=True)
class Sides:
    """Two states to be compared, the commit that both began from, and git to ask."""

    git: Git
    base: str
    ours: str
    theirs: str


async def compare(
    ours: Snapshot, theirs: Snapshot, scratch: Scratch, version: tuple[int, ...] = MERGES_IN_MEMORY
) -> Compared:
    """Merges two snapshots of one repository. Raises `WorkspaceError` where git cannot, `OSError` where the disk can't.

    `version` is git's own (`version_of`).
    """
    git = git_for(scratch, ours.of, theirs.of)
    git = replace(git, settings=(*git.settings, *AS_MERGE))
    if version < MERGES_IN_MEMORY:
        return await _by_files(git, ours, theirs, version)
    answer = await git.answer(
        "merge-tree", "--write-tree", "-z", "--messages", ours.commit, theirs.commit, fine=(0, CONFLICTED)
    )
    if answer.code and not answer.output:
        return Compared(word=complaint(answer.errors))
    result = merged(answer.output)
    if not result.both and not result.unmerged:
        return Compared(tree=result.tree)
    base = commit(await git("merge-base", ours.commit, theirs.commit, fine=(0, 1)))
    found = await _found(Sides(git, base, ours.commit, theirs.commit), result)
    return Compared(found, result.tree)


async def _found(sides: Sides, result: Merged) -> tuple[Found, ...]:
    kinds: dict[ConflictKind, dict[str, ConflictPlace]] = {}
    told = {path: said.kind for said in result.said if said.kind for path in said.paths}
    # A path may be left unmerged without being named in a message of its own.
    stopped = told | {path: told.get(path, ConflictKind.OTHER) for path in result.unmerged}
    for path, kind in stopped.items():
        kinds.setdefault(kind, {})[path] = ConflictPlace(path=storable(path))
    for path in [path for path in result.both if stopped.get(path, ConflictKind.TEXT) is ConflictKind.TEXT]:
        if sum(len(each) for each in kinds.values()) > MOST_FILES:
            break
        for kind, place in await _of_both(sides, path, stops=path in stopped):
            kinds.setdefault(kind, {})[path] = place
    return tuple(Found(kind, tuple(places.values())) for kind, places in sorted(kinds.items()))


async def _of_both(sides: Sides, path: str, *, stops: bool) -> list[tuple[ConflictKind, ConflictPlace]]:
    """What is to be said of a file that both sides changed: where they meet, and which functions both edited."""
    ours, theirs = await _hunks(sides, sides.ours, path), await _hunks(sides, sides.theirs, path)
    if stops:
        met = [(one, other) for one in ours for other in theirs if one.meets(other)]
        mine, others = ([one for one, _ in met], [other for _, other in met]) if met else (ours, theirs)
        return [(ConflictKind.TEXT, _place(path, mine, others))]
    found = [(ConflictKind.SAME_FILE, _place(path, ours, theirs))]
    if shared := await _functions(sides, path, ours, theirs):
        found.append((ConflictKind.SAME_FUNCTION, _place(path, ours, theirs, shared)))
    return found


def _place(
    path: str, ours: Iterable[Hunk], theirs: Iterable[Hunk], functions: tuple[str, ...] = ()
) -> ConflictPlace:
    mine, others = (tuple(dict.fromkeys(hunk.lines for hunk in each)) for each in (ours, theirs))
    return ConflictPlace(path=storable(path), ours=mine, theirs=others, functions=functions)


async def _hunks(sides: Sides, side: str, path: str) -> tuple[Hunk, ...]:
    """What a side changed in a file; nothing where it has another name there."""
    options = ("-p", "-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
    return hunks(await sides.git("diff-tree", *options, sides.base, side, "--", path)) if sides.base else ()


async def _functions(
    sides: Sides, path: str, ours: Sequence[Hunk], theirs: Sequence[Hunk]
) -> tuple[str, ...]:
    if PurePath(path).suffix not in (".py", ".pyi") or not ours or not theirs:
        return ()
    mine = await _touched(sides.git, sides.ours, path, ours)
    others = await _touched(sides.git, sides.theirs, path, theirs)
    return tuple(sorted(mine & others))


async def _touched(git: Git, side: str, path: str, changed: Sequence[Hunk]) -> frozenset[str]:
    """In a thread: a large file takes the parser a second."""
    source = await _content(git, side, path)
    return await anyio.to_thread.run_sync(touched, source, [hunk.lines for hunk in changed])


async def _content(git: Git, revision: str, path: str) -> bytes:
    return await git("cat-file", "blob", f"{revision}:{path}", fine=(0, 128))


# --- an old git


async def _by_files(git: Git, ours: Snapshot, theirs: Snapshot, version: tuple[int, ...]) -> Compared:
    """Only which files both sides changed."""
    base = commit(await git("merge-base", ours.commit, theirs.commit, fine=(0, 1)))
    said = _(
        "git {version} cannot merge in memory, {needed} can: only the files that both changed are known."
    )
    word = said.format(version=_dotted(version), needed=_dotted(MERGES_IN_MEMORY))
    if not base:
        return Compared(word=word)
    both = await _changed(git, base, ours.commit) & await _changed(git, base, theirs.commit)
    places = tuple(ConflictPlace(path=storable(path)) for path in sorted(both, key=os.fsencode))
    return Compared((Found(ConflictKind.UNMERGED, places),) if places else (), word=word)


async def _changed(git: Git, base: str, side: str) -> set[str]:
    return set(names(await git("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, side)))


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(number) for number in version)
