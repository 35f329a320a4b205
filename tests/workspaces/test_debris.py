"""What owners that died left behind: found with its size, finished by the same proof as any other, never guessed at."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import NOW, failing, made, place_in, record

from subagents.runs.kept import KeptWork
from subagents.spec import Base
from subagents.workspaces.git.program import Answer, Call, execute
from subagents.workspaces.worktrees import removing
from subagents.workspaces.worktrees.debris import DAY, Verdict, gc
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Stage, Worktree, noted
from subagents.workspaces.worktrees.placing import Place, Wish, found
from subagents.workspaces.worktrees.recovering import put_away


class Died(BaseException):
    """The process ends here, whatever it was doing."""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", **{"README": "one\n", ".gitignore": "*.log\n"})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def abandoned(worktree: Worktree, **changed) -> Worktree:
    """As its owner's end leaves it."""
    return noted(worktree, started="before the last boot", **changed)


def rests(place: Place) -> list[str]:
    return sorted(str(path.relative_to(place.root)) for path in place.root.glob("*/*"))


async def test_what_is_in_use_is_left_alone(repo: Path, place: Place):
    worktree = await made(repo, place)
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.IN_USE
    assert finding.size > 0
    assert worktree.tree.is_dir()


async def test_an_owner_that_died_leaves_work_that_is_kept_and_a_tree_that_goes(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    write(worktree.tree / "new", "x")
    (seen,) = await gc(place, dry_run=True)
    assert (seen.verdict, seen.folder) == (Verdict.EXAMINE, worktree.tree)
    assert worktree.tree.is_dir()
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.REMOVED
    assert finding.kept is not None
    assert shown(repo, finding.kept.branch, "new") == b"x"
    assert rests(place) == []
    assert git(repo, "worktree", "list", "--porcelain").count("locked") == 0


async def test_a_number_of_a_process_that_was_given_away_again_is_nobody(repo: Path, place: Place):
    worktree = noted(await made(repo, place), pid=1, started="0-0-1")
    assert not worktree.owned
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.REMOVED


async def test_what_was_kept_for_a_reason_is_looked_at_again_when_it_is_old(repo: Path, place: Place):
    worktree = await made(repo, place)
    inner = repository(worktree.tree / "inner")
    assert (await finish(worktree, place)).preserved
    (young,) = await gc(place, max_age=DAY)
    assert young.verdict is Verdict.YOUNG
    later = replace(place, now=lambda: NOW + 2 * DAY)
    (stays,) = await gc(later, max_age=DAY)
    assert (stays.verdict, "a repository of its own" in stays.why) == (Verdict.STAYS, True)
    shutil.rmtree(inner)
    (gone,) = await gc(later, max_age=DAY)
    assert gone.verdict is Verdict.REMOVED
    assert rests(place) == []


async def test_over_the_quota_the_oldest_is_looked_at_first_and_no_more_than_needed(repo: Path, place: Place):
    old = await made(repo, place, run="old00001")
    new = await made(repo, replace(place, now=lambda: NOW + 1), run="new00001")
    for worktree in (old, new):
        noted(worktree, stage=Stage.KEPT, why="as a test wants it")
    sizes = [finding.size for finding in await gc(place, dry_run=True)]
    findings = await gc(place, quota=sum(sizes) - 1)
    assert [(each.folder, each.verdict) for each in findings] == [
        (old.tree, Verdict.REMOVED),
        (new.tree, Verdict.YOUNG),
    ]


async def test_what_has_no_record_or_a_broken_one_is_never_touched(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    other = abandoned(await made(repo, place, run="other001"))
    worktree.file.unlink()
    write(other.file, "{")
    write(worktree.tree / "new", "x")
    findings = {finding.folder: finding for finding in await gc(place)}
    assert {finding.verdict for finding in findings.values()} == {Verdict.STRANGE}
    assert "no record of ours" in findings[worktree.tree].why
    assert "cannot be read" in findings[other.tree].why
    assert worktree.tree.is_dir()
    assert other.tree.is_dir()


async def test_a_record_that_was_copied_has_no_say(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    copied = worktree.file.with_name("other.json")
    shutil.copy(worktree.file, copied)
    shutil.copytree(worktree.tree, worktree.file.with_name("other"))
    verdicts = {finding.folder.name: finding.verdict for finding in await gc(place)}
    assert verdicts["other"] is Verdict.STRANGE
    assert worktree.file.with_name("other").is_dir()


async def test_a_repository_that_is_gone_keeps_the_tree(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    write(worktree.tree / "new", "x")
    shutil.rmtree(repo)
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.STAYS
    assert (worktree.tree / "new").read_text() == "x"


# --- a death at every point


async def _die_while_making(repo: Path, place: Place, call: int) -> bool:
    with pytest.raises(Died):
        await made(repo, replace(place, execute=_dying(call)), base=Base.SNAPSHOT)
    return True


def _dying(at: int):
    """git whose `at`th call is the last thing that the process sees, when git has done it."""
    count = 0

    async def run(call: Call) -> Answer:
        nonlocal count
        count += 1
        answer = await execute(call)
        if count >= at:
            raise Died
        return answer

    return run


@pytest.mark.parametrize("call", range(2, 14))
async def test_a_death_while_it_is_made_leaves_what_can_be_tidied_up(repo: Path, place: Place, call: int):
    write(repo / "README", "edited\n")
    write(repo / "untracked", "x")
    try:
        worktree = await made(repo, replace(place, execute=_dying(call)), base=Base.SNAPSHOT)
    except* Died:  # of two calls at once, both
        pass
    else:
        abandoned(worktree)
    for file in place.root.glob("*/*.json"):
        file.write_text(file.read_text().replace('"started": "', '"started": "x'))
    assert {finding.verdict for finding in await gc(place)} <= {Verdict.REMOVED}
    assert rests(place) == []
    assert git(repo, "worktree", "list").count("\n") == 0
    assert git(repo, "branch", "--list", "subagents*") == ""
    assert (repo / "README").read_text() == "edited\n"


@pytest.mark.parametrize("call", range(1, 30))
async def test_a_death_while_it_ends_loses_and_repeats_nothing(repo: Path, place: Place, call: int):
    worktree = await made(repo, place)
    write(worktree.tree / "README", "staged\n")
    git(worktree.tree, "add", "README")
    write(worktree.tree / "README", "later\n")
    write(worktree.tree / "run.log", "ignored")
    try:
        await finish(worktree, replace(place, execute=_dying(call)))
    except Died:
        abandoned(record(worktree))
        (finding,) = await gc(place, max_age=0)
        assert finding.verdict is Verdict.REMOVED
    assert rests(place) == []
    assert (
        git(repo, "branch", "--list", "subagents/*", "--format=%(refname:short)")
        == "subagents/General-run00001"
    )
    assert git(repo, "rev-list", "--count", "main..subagents/General-run00001") == "2"
    assert shown(repo, "subagents/General-run00001", "README") == b"later\n"
    assert (place.archive / "run00001/run.log").read_text() == "ignored"


async def _put_aside(worktree: Worktree) -> None:
    removing.move_aside(noted(worktree, stage=Stage.REMOVING))


async def test_one_that_was_aside_and_not_proven_is_proven_again(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    write(worktree.tree / "new", "x")
    await _put_aside(worktree)
    (finding,) = await gc(place)
    assert finding.kept is not None
    assert shown(repo, finding.kept.branch, "new") == b"x"
    assert rests(place) == []


async def test_one_that_was_proven_and_half_deleted_is_deleted(repo: Path, place: Place):
    worktree = noted(abandoned(await made(repo, place)), stage=Stage.PROVEN)
    removing.move_aside(worktree)
    (worktree.aside / "README").unlink()
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.REMOVED
    assert rests(place) == []
    assert git(repo, "branch", "--list", "subagents/*") == ""


async def test_a_removal_that_git_refuses_is_tried_again(repo: Path, place: Place):
    worktree = await made(repo, place)
    kept = await finish(worktree, replace(place, execute=failing("worktree", "remove")))
    assert (kept.preserved, "injected" in kept.why) == ("", True)
    assert worktree.file.exists()
    abandoned(record(worktree))
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.REMOVED
    assert rests(place) == []
    assert not Path(worktree.git_dir).exists()


# --- opened again


async def test_the_tree_of_a_run_is_found_again_and_is_ours_then(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    write(worktree.tree / "new", "x")
    wish = Wish(folder=repo, run="run00001", agent="General")
    again = await found(wish, place)
    assert again is not None
    assert (again.tree, again.owned, again.stage) == (worktree.tree, True, Stage.OPEN)
    assert await found(replace(wish, run="other"), place) is None


async def test_one_that_was_kept_is_worked_in_again_and_its_branch_goes_on(repo: Path, place: Place):
    worktree = await made(repo, place)
    inner = repository(worktree.tree / "inner")
    write(worktree.tree / "new", "1\n")
    first = await finish(worktree, place)
    assert first.preserved
    again = await found(Wish(folder=repo, run="run00001", agent="General"), place)
    assert again is not None
    assert "locked" in git(repo, "worktree", "list", "--porcelain")
    shutil.rmtree(inner)
    write(worktree.tree / "more", "2\n")
    second = await finish(again, place)
    assert (second.preserved, second.files) == ("", 2)
    assert (second.branch, second.commits) == (first.branch, 2)
    assert shown(repo, second.branch, "new") == b"1\n"
    assert rests(place) == []


async def test_what_was_committed_in_a_folder_that_stayed_goes_on_its_branch_beside_what_was_there(
    repo: Path, place: Place
):
    worktree = await made(repo, place)
    inner = repository(worktree.tree / "inner")
    write(worktree.tree / "new", "1\n")
    first = await finish(worktree, place)
    again = await found(Wish(folder=repo, run="run00001", agent="General"), place)
    assert again is not None
    git(again.tree, "add", "new")
    git(again.tree, "commit", "-q", "-m", "by the agent")
    second = await finish(again, place)
    assert (second.branch, second.commits) == (first.branch, 3)
    assert await finish(record(again), place) == second, "told again, nothing is made again"
    again = await found(Wish(folder=repo, run="run00001", agent="General"), place)
    assert again is not None
    shutil.rmtree(inner)
    write(again.tree / "new", "staged\n")
    git(again.tree, "add", "new")
    write(again.tree / "new", "later\n")
    third = await finish(again, replace(place, execute=failing("worktree", "remove")))
    assert (third.branch, third.commits) == (first.branch, 5)
    assert shown(repo, f"{third.branch}~", "new") == b"staged\n"
    abandoned(record(again))
    (finding,) = await gc(place)
    assert finding.verdict is Verdict.REMOVED
    assert git(repo, "rev-list", "--count", f"{third.base}..{third.branch}") == "5"
    assert rests(place) == []


async def test_a_run_that_goes_on_begins_where_its_branch_is_and_moves_it(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "1\n")
    first = await finish(worktree, place)
    worktree = await made(repo, place, branch=first.branch, since=first.base)
    assert (worktree.tree / "new").read_text() == "1\n"
    write(worktree.tree / "more", "2\n")
    second = await finish(worktree, place)
    assert (second.branch, second.commits, second.files) == (first.branch, 2, 2)
    worktree = await made(repo, place, branch=first.branch, since=first.base)
    assert await finish(worktree, place) == second


async def test_a_branch_that_somebody_looks_at_is_not_moved_under_them(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "1\n")
    first = await finish(worktree, place)
    git(repo, "checkout", "-q", first.branch)
    worktree = await made(repo, place, branch=first.branch, since=first.base)
    write(worktree.tree / "more", "2\n")
    second = await finish(worktree, place)
    assert second.branch == f"{first.branch}-2"
    assert git(repo, "status", "--porcelain") == ""


async def test_one_that_was_removed_before_anybody_could_tell_is_told_by_its_branch(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "1\n")
    write(worktree.tree / "run.log", "ignored")
    kept = await finish(worktree, place)
    wish = Wish(folder=repo, run="run00001", agent="General")
    assert await put_away(wish, place, kept.base) == kept
    unchanged = replace(wish, run="run00002")
    assert await put_away(unchanged, place, kept.base) == KeptWork(repository=str(repo), base=kept.base)
    lost = await put_away(replace(wish, folder=repo.parent), place, kept.base)
    assert "it is in no git repository" in lost.why


async def test_a_record_that_cannot_be_read_is_the_trouble_of_its_run_alone(repo: Path, place: Place):
    worktree = abandoned(await made(repo, place))
    write(worktree.file, "")
    kept = await put_away(Wish(folder=repo, run="run00001", agent="General"), place, worktree.base)
    assert "cannot be read" in kept.why
    assert worktree.tree.is_dir()
    other = await made(repo, place, run="run00002")
    assert (await finish(other, place)).why == ""


async def test_one_that_was_called_otherwise_is_found_for_its_name_was_taken(repo: Path, place: Place):
    died = await made(repo, place)
    noted(died, stage=Stage.OPENING)
    worktree = await made(repo, place)
    assert worktree.name == f"{died.name}-2"
    write(worktree.tree / "new", "1\n")
    wish = Wish(folder=repo, run="run00001", agent="General")
    again = await found(wish, place)
    assert again is not None
    assert again.tree == worktree.tree
    kept = await put_away(wish, place, worktree.base)
    assert kept is not None
    assert shown(repo, kept.branch, "new") == b"1\n"
    assert rests(place) == []
