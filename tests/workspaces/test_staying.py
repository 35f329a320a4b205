"""What cannot be proven to be kept elsewhere stays in its folder, whatever fails."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.workspaces.repositories import git, head, repository, shown, tracked, write
from tests.workspaces.trees import checkout, everything, failing, is_gone, made, place_in, record, stays

from subagents.errors import WorkspaceError
from subagents.runs.kept import KeptWork
from subagents.workspaces.git.program import Answer, Call, execute
from subagents.workspaces.worktrees.life import finish


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


async def test_a_repository_inside_it_stays_with_it(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    repository(worktree.tree / "inner", precious="x")
    git(worktree.tree, "init", "-q", "sub/empty")
    write(worktree.tree / "new", "x")
    assert "'inner', 'sub/empty' are repositories of their own inside it" in await stays(worktree, place)
    assert "new" in tracked(repo, "subagents/General-run00001")
    assert (worktree.tree / "inner/precious").read_text() == "x"


@pytest.mark.parametrize("name", ["venv", "build/target", "node_modules"])
async def test_one_that_is_called_like_what_is_worth_nothing_stays_unless_git_ignores_it(
    repo: Path, tmp_path: Path, name: str
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    repository(worktree.tree / name, work="precious\n")
    assert f"'{name}' is a repository of its own inside it" in await stays(worktree, place)
    write(worktree.tree / ".gitignore", f"{name}\n")
    assert (await finish(record(worktree), place)).preserved == ""


async def test_several_versions_of_a_file_stay_with_the_index_that_has_them(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    blobs = [git(repo, "hash-object", "-w", "--stdin", stdin=text) for text in ("base", "ours", "theirs")]
    rows = "".join(f"100644 {blob} {stage}\tsub/a.txt\n" for stage, blob in enumerate(blobs, 1))
    git(worktree.tree, "rm", "-q", "--cached", "sub/a.txt")
    git(worktree.tree, "update-index", "--index-info", stdin=rows)
    assert "git has more than one version of 'sub/a.txt' there" in await stays(worktree, place)
    assert git(worktree.tree, "ls-files", "--unmerged").count("sub/a.txt") == 3


async def test_a_submodule_that_was_emptied_again_stays(repo: Path, tmp_path: Path):
    """Its commits are in git's folder of the worktree, and nowhere else."""
    other = repository(tmp_path / "other")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    allowed = ("-c", "protocol.file.allow=always")
    git(worktree.tree, *allowed, "submodule", "add", "-q", str(other), "sub-module")
    write(worktree.tree / "sub-module/new", "x\n")
    git(worktree.tree / "sub-module", "add", "-A")
    git(worktree.tree / "sub-module", "commit", "-qm", "inside")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "submodule", "deinit", "-q", "-f", "sub-module")
    assert "git keeps repositories of submodules for it: 'sub-module'" in await stays(worktree, place)


async def test_a_submodule_that_was_filled_stays(repo: Path, tmp_path: Path):
    inner = repository(tmp_path / "inner", f="x")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "module")
    git(repo, "commit", "-qam", "module")
    place = place_in(tmp_path)
    untouched = await made(repo, place, run="other")
    assert (await finish(untouched, place)).preserved == ""
    worktree = await made(repo, place)
    git(worktree.tree, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    write(worktree.tree / "module/work", "x")
    assert "'module' is a repository of its own" in await stays(worktree, place)


async def test_files_in_the_place_of_an_empty_submodule_go_to_the_archive(repo: Path, tmp_path: Path):
    inner = repository(tmp_path / "inner", f="x")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "module")
    git(repo, "commit", "-qam", "module")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "module/work", "x")
    kept = await finish(worktree, place)
    assert kept.preserved or everything(Path(kept.archived)) == {"module/work": b"x"}


async def test_a_link_in_the_place_of_the_tree_is_not_followed(repo: Path, tmp_path: Path):
    """What it leads to is not the agent's work; what git knows of it is."""
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-q", "-m", "by the agent")
    private = write(tmp_path / "private/key", "secret\n")
    shutil.rmtree(worktree.tree)
    worktree.tree.symlink_to(private.parent)
    kept = await finish(worktree, place)
    assert tracked(repo, kept.branch) - tracked(repo, kept.base) == {"new"}
    assert (kept.preserved, private.read_text()) == ("", "secret\n")
    assert is_gone(worktree)


async def test_a_tree_whose_git_file_was_replaced_is_found_by_our_own_record(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    (worktree.tree / ".git").unlink()
    git(worktree.tree, "init", "-q")
    git(worktree.tree, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    write(worktree.tree / "new", "x")
    assert "'.' is a repository of its own" in await stays(worktree, place)
    assert shown(repo, "subagents/General-run00001", "new") == b"x"
    assert not (tmp_path / "ran").exists()


async def test_settings_that_the_agent_wrote_for_its_tree_run_nothing(repo: Path, tmp_path: Path):
    git(repo, "config", "extensions.worktreeConfig", "true")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "config", "--worktree", "filter.x.clean", f"touch {tmp_path}/ran")
    write(worktree.tree / ".gitattributes", "* filter=x\n")
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "new") == b"x"
    assert not (tmp_path / "ran").exists()


async def test_a_rebase_in_the_middle_stays(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "README", "theirs\n")
    git(worktree.tree, "commit", "-qam", "theirs")
    git(worktree.tree, "checkout", "-q", "-b", "mine", "HEAD~")
    write(worktree.tree / "README", "mine\n")
    git(worktree.tree, "commit", "-qam", "mine")
    git(worktree.tree, "rebase", "HEAD@{1}", check=False)
    git(worktree.tree, "rebase", worktree_reflog(worktree), check=False)
    assert "git is in the middle of a rebase there" in await stays(worktree, place)


def worktree_reflog(worktree) -> str:
    return git(worktree.tree, "log", "-g", "--format=%H", "--grep-reflog=commit: theirs", "-1", "HEAD")


async def test_a_filter_that_is_needed_and_missing_keeps_the_tree(repo: Path, tmp_path: Path):
    """As with LFS: pointers come along as they are, and what cannot be turned into one stays in the folder.
    Under another name, which no machine has a program for."""
    write(repo / ".gitattributes", "*.bin filter=large\n")
    write(repo / "old.bin", "version https://git-lfs.github.com/spec/v1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "pointers")
    place = place_in(tmp_path)
    git(repo, "config", "filter.large.smudge", "cat")
    git(repo, "config", "filter.large.clean", "no-such-program clean -- %f")
    git(repo, "config", "filter.large.required", "true")
    worktree = await made(repo, place)
    write(worktree.tree / "new.bin", "large")
    assert "failed" in await stays(worktree, place)
    git(repo, "config", "--remove-section", "filter.large")
    kept = await finish(record(worktree), place)
    assert (kept.preserved, kept.why) == ("", "")
    assert shown(repo, kept.branch, "new.bin") == b"large"


async def test_a_sparse_checkout_keeps_what_was_made_outside_of_it(tmp_path: Path):
    repo = repository(tmp_path / "repo", **{"in/a": "1\n", "out/b": "2\n"})
    git(repo, "sparse-checkout", "set", "--cone", "in")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    assert (worktree.tree / "in/a").is_file()
    write(worktree.tree / "out/b", "changed\n")
    write(worktree.tree / "out/new", "x\n")
    kept = await finish(worktree, place)
    assert (kept.files, kept.preserved) == (2, "")
    assert shown(repo, kept.branch, "out/b") == b"changed\n"
    assert tracked(repo, kept.branch) == {"in/a", "out/b", "out/new"}


async def test_names_that_differ_in_case_are_two_where_the_disk_thinks_so(repo: Path, tmp_path: Path):
    git(repo, "config", "core.ignoreCase", "true")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    if worktree.ignores_case:
        return
    write(worktree.tree / "readme", "another\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "readme") == b"another\n"


async def test_q11_a_worktree_that_was_deleted_by_hand_still_gives_its_commits(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-qm", "mine")
    write(worktree.tree / "staged", "y")
    git(worktree.tree, "add", "-A")
    shutil.rmtree(worktree.tree)
    kept = await finish(worktree, place)
    assert tracked(repo, kept.branch) >= {"new", "staged"}
    assert (kept.preserved, kept.why) == ("", "")
    assert is_gone(worktree)


async def test_q11_one_that_was_removed_with_git_is_gone_and_nobody_says_that_it_was_empty(
    repo: Path, tmp_path: Path
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(repo, "worktree", "remove", "-f", "-f", str(worktree.tree))
    kept = await finish(worktree, place)
    assert msgspec.structs.replace(kept, why="") == KeptWork(repository=str(repo), base=head(repo))
    assert kept.why.endswith("so it is not known what was done in it")
    assert is_gone(worktree)


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("add", "--all"),
        ("write-tree",),
        ("commit-tree",),
        ("update-ref",),
        ("ls-files",),
        ("diff-tree",),
        ("rev-list",),
        ("rev-parse",),
        ("diff-index",),
        ("worktree", "remove"),
    ],
    ids=" ".join,
)
async def test_every_step_of_git_may_fail_and_nothing_is_lost(
    repo: Path, tmp_path: Path, words: tuple[str, ...]
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(
        worktree, replace(place, execute=failing(*words, said="fatal: No space left on device"))
    )
    assert "No space left" in kept.why
    if kept.preserved:
        assert Path(kept.preserved, "new").read_text() == "x"
    else:
        assert shown(repo, kept.branch, "new") == b"x"
    again = await finish(record(worktree), place)
    assert (again.preserved, again.why) == ("", "")
    assert shown(repo, again.branch, "new") == b"x"
    assert again.branch == "subagents/General-run00001"
    assert is_gone(worktree)


async def test_a_link_in_the_place_of_the_folder_above_is_not_followed(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    home = Path(worktree.home)
    home.rename(tmp_path / "elsewhere")
    victim = tmp_path / "victim" / worktree.name
    write(victim / "precious", "x")
    home.symlink_to(tmp_path / "victim")
    write(home / worktree.file.name, (tmp_path / "elsewhere" / worktree.file.name).read_bytes())
    kept = await finish(worktree, place)
    assert "is reached by a link now" in kept.why
    assert (victim / "precious").read_text() == "x"


async def test_a_process_of_the_agent_that_still_writes_keeps_it(repo: Path, tmp_path: Path):
    """It stands in the folder, and so follows it when it is moved aside."""
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    inside = os.open(worktree.tree, os.O_RDONLY)

    async def slow(call):
        from subagents.workspaces.git.program import execute

        if "update-ref" in call.argv:
            os.close(os.open("late", os.O_CREAT | os.O_WRONLY, dir_fd=inside))
        return await execute(call)

    kept = await finish(worktree, replace(place, execute=slow))
    os.close(inside)
    assert "'late' changed after its work was kept" in kept.why
    assert (worktree.tree / "late").exists()


async def limited(call: Call) -> Answer:
    """git on a disk that has no room for a file of more than a few kilobytes."""
    return await execute(replace(call, argv=("sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *call.argv)))


async def test_where_the_disk_is_full_nothing_is_lost(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    large = os.urandom(200_000)
    write(worktree.tree / "large", large)
    kept = await finish(worktree, replace(place, execute=limited))
    assert kept.why
    assert Path(kept.preserved, "large").read_bytes() == large
    again = await finish(record(worktree), place)
    assert (again.why, shown(repo, again.branch, "large")) == ("", large)


async def test_what_cannot_be_made_for_want_of_room_leaves_nothing(repo: Path, tmp_path: Path):
    write(repo / "large", os.urandom(200_000))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "large")
    full = place_in(tmp_path, execute=limited)
    with pytest.raises(WorkspaceError, match="could not be made"):
        await made(repo, full)
    assert [path for path in full.root.rglob("*") if path.is_file()] == []
    assert git(repo, "worktree", "list").count("\n") == 0


async def test_what_was_done_in_a_folder_that_is_gone_is_not_known_where_git_cannot_tell(
    repo: Path, tmp_path: Path
):
    worktree = await made(repo, place_in(tmp_path))
    write(worktree.tree / "new", "x")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-qm", "mine")
    shutil.rmtree(worktree.tree)
    broken = await finish(worktree, place_in(tmp_path, execute=failing("rev-parse")))
    assert (broken.branch, broken.preserved, "injected" in broken.why) == ("", "", True)
    shutil.rmtree(worktree.git_dir)
    lost = await finish(worktree, place_in(tmp_path))
    assert (lost.branch, lost.preserved) == ("", "")
    assert lost.why.startswith(
        f"its folder is gone and git has no {worktree.git_dir} any more, so it is not known"
    )
