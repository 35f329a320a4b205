"""Two trees of one repository are merged without a trace, and what is said of it is what a merge then does."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, repository, write

from subagents.conflict import ConflictKind, LineRange
from subagents.errors import GitFailed
from subagents.workspaces.conflicts.between import Compared, compare
from subagents.workspaces.conflicts.live import LiveTree, Snapshot, git_for, of_repository, snapshot
from subagents.workspaces.git.program import Answer, Call, execute, version_of
from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.worktrees.scratch import Scratch

TEN = "".join(f"line {number}\n" for number in range(1, 11))
CODE = "def one():\n    a = 1\n    b = 2\n    c = 3\n    return a + b + c\n\n\ndef two():\n    return 2\n"


class Pair:
    """A repository with two worktrees."""

    def __init__(self, folder: Path, **files: str) -> None:
        self.repo = repository(folder / "repo", **files)
        self.ours, self.theirs = folder / "ours", folder / "theirs"
        for tree in (self.ours, self.theirs):
            git(self.repo, "worktree", "add", "-q", "--detach", str(tree))
        self.scratch = Scratch(folder / "scratch")

    async def live(self, tree: Path) -> LiveTree:
        return of_repository(await repository_at(tree))

    async def snapshots(self) -> tuple[Snapshot, Snapshot]:
        return (
            await snapshot(await self.live(self.ours), self.scratch),
            await snapshot(await self.live(self.theirs), self.scratch),
        )

    async def compared(self) -> Compared:
        return await compare(*await self.snapshots(), self.scratch)


def told(compared: Compared) -> Mapping[ConflictKind, list[str]]:
    return {found.kind: [place.path for place in found.places] for found in compared.found}


async def test_different_files_merge_and_nothing_is_said(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a="one\n", b="one\n")
    write(pair.ours / "a", "two\n")
    write(pair.theirs / "new", "two\n")
    compared = await pair.compared()
    assert compared.clean
    assert not compared.found
    assert compared.tree


async def test_a_look_that_was_ended_midway_spoils_none_after_it(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a="one\n")
    write(pair.ours / "a", "two\n")

    async def ended(call: Call) -> Answer:
        """As git that is ended while it writes an index: the lock is left."""
        if "update-index" in call.argv:
            write(Path(call.environment["GIT_INDEX_FILE"] + ".lock"), "")
            return Answer(None)
        return await execute(call)

    with pytest.raises(GitFailed):
        await snapshot(await pair.live(pair.ours), replace(pair.scratch, run=ended))
    found = await snapshot(await pair.live(pair.ours), pair.scratch)
    assert found.commit != found.head
    left = [each.name for each in pair.scratch.folder.iterdir() if each.suffix != ".known"]
    assert left == ["objects"]


async def test_the_same_lines_are_a_conflict_with_its_places(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN)
    write(pair.ours / "a", TEN.replace("line 3\n", "ours\nours\n"))
    write(
        pair.theirs / "a",
        TEN.replace("line 1\n", "up here\nup here\nline 1\n").replace("line 3\n", "their\n"),
    )
    compared = await pair.compared()
    (found,) = compared.found
    assert (found.kind, compared.clean) == (ConflictKind.TEXT, False)
    assert [(place.path, place.ours, place.theirs) for place in found.places] == [
        ("a", (LineRange(3, 4),), (LineRange(5, 5),))
    ]


async def test_different_lines_of_a_file_merge_and_are_mentioned(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN)
    write(pair.ours / "a", TEN.replace("line 1\n", "ours\n"))
    write(pair.theirs / "a", TEN.replace("line 9\n", "theirs\n"))
    compared = await pair.compared()
    assert compared.clean
    assert told(compared) == {ConflictKind.SAME_FILE: ["a"]}


async def test_two_edits_of_one_function_are_seen_although_they_merge(tmp_path: Path) -> None:
    pair = Pair(tmp_path, **{"m.py": CODE})
    write(pair.ours / "m.py", CODE.replace("a = 1", "a = 10"))
    write(pair.theirs / "m.py", CODE.replace("a + b + c", "a * b * c"))
    compared = await pair.compared()
    functions = [found for found in compared.found if found.kind is ConflictKind.SAME_FUNCTION]
    assert compared.clean
    assert [place.functions for found in functions for place in found.places] == [("one",)]


async def test_two_functions_of_a_file_are_no_matter(tmp_path: Path) -> None:
    pair = Pair(tmp_path, **{"m.py": CODE})
    write(pair.ours / "m.py", CODE.replace("a = 1", "a = 10"))
    write(pair.theirs / "m.py", CODE.replace("return 2", "return 3"))
    assert told(await pair.compared()) == {ConflictKind.SAME_FILE: ["m.py"]}


async def test_a_file_that_one_changes_and_the_other_deletes(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, b="b\n")
    write(pair.ours / "a", TEN + "more\n")
    (pair.theirs / "a").unlink()
    assert told(await pair.compared()) == {ConflictKind.DELETED: ["a"]}


async def test_a_file_that_gets_two_names(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, b="b\n")
    (pair.ours / "a").rename(pair.ours / "ours")
    (pair.theirs / "a").rename(pair.theirs / "theirs")
    compared = await pair.compared()
    assert set(told(compared)) == {ConflictKind.RENAMED}
    assert {path for paths in told(compared).values() for path in paths} >= {"a", "ours", "theirs"}


async def test_a_renamed_file_that_the_other_edits_merges(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, b="b\n")
    (pair.ours / "a").rename(pair.ours / "moved")
    write(pair.theirs / "a", TEN.replace("line 5", "five"))
    assert (await pair.compared()).clean


async def test_nothing_of_the_trees_is_touched(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, gone="x\n")
    for tree in (pair.ours, pair.theirs):
        write(tree / "a", f"{tree.name}\n")
        write(tree / "new", f"{tree.name}\n")
        (tree / "gone").unlink()
        git(tree, "add", "new")
    before = _everything(pair)
    assert not (await pair.compared()).clean
    assert _everything(pair) == before


async def test_folders_and_links_in_the_place_of_files(tmp_path: Path) -> None:
    pair = Pair(tmp_path, **{"a": "a\n", "folder/b": "b\n", "other/c": "c\n"})
    (pair.ours / "a").unlink()
    write(pair.ours / "a" / "inside", "x\n")
    (pair.ours / "folder" / "b").unlink()
    (pair.ours / "folder").rmdir()
    (pair.ours / "folder").symlink_to("other")
    ours, _ = await pair.snapshots()
    listed = await git_for(pair.scratch, ours.of)("ls-tree", "-r", "--name-only", ours.commit)
    assert listed.decode().split() == ["a/inside", "folder", "other/c"]


async def test_an_old_git_gets_a_word_and_the_files_that_both_changed(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, b="b\n")
    write(pair.ours / "a", "ours\n")
    write(pair.theirs / "a", "theirs\n")
    write(pair.theirs / "b", "theirs\n")
    compared = await compare(*await pair.snapshots(), pair.scratch, (2, 30))
    assert told(compared) == {ConflictKind.UNMERGED: ["a"]}
    assert compared.word == (
        "git 2.30 cannot merge in memory, 2.38 can: only the files that both changed are known."
    )


async def test_the_version_of_git_is_read(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    assert await version_of(git_for(pair.scratch, (await pair.snapshots())[0].of)) >= (2, 25)


async def test_it_agrees_with_what_a_merge_then_does(tmp_path: Path) -> None:
    pair = Pair(tmp_path, **_BASE)
    if await version_of(git_for(pair.scratch, (await pair.snapshots())[0].of)) < (2, 38):
        pytest.skip("this git cannot merge in memory")
    kinds = set[ConflictKind]()
    for seed in range(PAIRS):
        chance = random.Random(seed)
        for tree in (pair.ours, pair.theirs):
            _edit(tree, chance)
        compared = await pair.compared()
        kinds |= set(told(compared))
        assert _really_merged(pair, compared) == compared.clean, (seed, compared)
    assert kinds >= {ConflictKind.TEXT, ConflictKind.DELETED, ConflictKind.RENAMED, ConflictKind.SAME_FILE}


PAIRS = 200
_BASE = {f"f{number}": "".join(f"{number} {n}\n" for n in range(12)) for number in range(4)} | {"d/x": TEN}


def _edit(tree: Path, chance: random.Random) -> None:
    """One to three changes of any sort."""
    for _ in range(chance.randint(1, 3)):
        files = sorted(path for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts[-1])
        path = chance.choice(files)
        match chance.randrange(6):
            case 0:
                path.unlink()
            case 1:
                path.rename(tree / f"moved{chance.randrange(3)}")
            case 2:
                write(tree / f"new{chance.randrange(2)}", f"{chance.randrange(2)}\n")
            case _:
                lines = path.read_text().splitlines(keepends=True) or ["\n"]
                lines[chance.randrange(len(lines))] = f"{chance.randrange(3)} changed\n"
                path.write_text("".join(lines))


async def test_a_look_sees_what_a_first_look_would_whatever_it_knows_of_earlier_ones(tmp_path: Path) -> None:
    pair = Pair(tmp_path, **dict.fromkeys("abcd", "0\n"))
    tree, chance = await pair.live(pair.ours), random.Random(7)
    for number in range(40):
        _edit_somehow(pair.ours, chance)
        known = await snapshot(tree, pair.scratch)
        first = await snapshot(tree, Scratch(tmp_path / f"scratch{number}"))
        assert known == first, number


def _edit_somehow(tree: Path, chance: random.Random) -> None:
    """Texts of one length, written in the same second: neither size nor time tells them apart."""
    path = tree / chance.choice("abcdef")
    match chance.randrange(8):
        case 0:
            path.unlink(missing_ok=True)
        case 1:
            git(tree, "add", "-A")
        case 2:
            git(tree, "add", "-A")
            git(tree, "commit", "-q", "--allow-empty", "-m", "work")
        case 3:
            write(tree / ".gitignore", f"{chance.choice('ef')}\n")
        case 4:
            git(tree, "reset", "-q", "HEAD")
        case _:
            write(path, f"{chance.randrange(10)}\n")


async def test_an_unchanged_tree_is_known_by_its_first_look(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN)
    await pair.snapshots()
    kept = set(pair.scratch.folder.glob("*.known"))
    await pair.snapshots()
    assert len(kept) == 2
    assert kept == set(pair.scratch.folder.glob("*.known"))
    git(pair.ours, "commit", "-q", "--allow-empty", "-m", "work")
    write(pair.ours / "a", "two\n")
    git(pair.ours, "add", "a")
    await pair.snapshots()
    assert len(set(pair.scratch.folder.glob("*.known")) - kept) == 1
    assert len([*pair.scratch.folder.glob("*.known")]) == 2, "what is known of the index before is gone"


async def test_where_git_divides_its_indexes_a_look_leaves_no_trace_either(tmp_path: Path) -> None:
    pair = Pair(tmp_path, a=TEN, b="b\n")
    git(pair.repo, "config", "core.splitIndex", "true")
    for tree in (pair.ours, pair.theirs):
        write(tree / "a", TEN + f"{tree.name}\n")
    before = _everything(pair)
    assert told(await pair.compared()) == {ConflictKind.TEXT: ["a"]}
    assert _everything(pair) == before


def _really_merged(pair: Pair, compared: Compared) -> bool:
    """Commits both, merges for real, and compares what is there; then all is as in the beginning."""
    start = git(pair.repo, "rev-parse", "HEAD")
    for tree in (pair.ours, pair.theirs):
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "--allow-empty", "-m", "work")
    git(pair.ours, "merge", "-q", git(pair.theirs, "rev-parse", "HEAD"), check=False)
    unmerged = set(git(pair.ours, "diff", "--name-only", "--diff-filter=U").split())
    said = {place.path for found in compared.found if found.kind.stops_merge for place in found.places}
    assert unmerged <= said, (unmerged, said)
    if not unmerged:
        assert git(pair.ours, "rev-parse", "HEAD^{tree}") == compared.tree
    for tree in (pair.ours, pair.theirs):
        git(tree, "reset", "-q", "--hard", start)
    return not unmerged


def _everything(pair: Pair) -> dict[str, bytes]:
    """Each file of the repository and its trees, with what is in it."""
    found = dict[str, bytes]()
    for top in (pair.repo, pair.ours, pair.theirs):
        for folder, _, names in os.walk(top):
            found |= {str(Path(folder, name)): Path(folder, name).read_bytes() for name in names}
    return found
