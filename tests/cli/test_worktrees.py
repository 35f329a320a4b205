"""`subagents worktrees`: the words, the exit codes, and what is left where."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from inline_snapshot import snapshot
from tests.cli.acting import BOUND, Done, cli
from tests.cli.test_help import help_of
from tests.runtime.test_worktrees import Editing, spawned
from tests.workspaces.contributions import committed, state
from tests.workspaces.repositories import git, head, repository, shown, write

from subagents.bootstrap import AgentManager
from subagents.events import WorkspaceClosed
from subagents.serve.control import control

pytestmark = pytest.mark.anyio

Edit = Callable[[Path], object]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = repository(tmp_path / "ré po", **{"README": "one\n", "sub/a": "a\n"})
    monkeypatch.chdir(folder)
    return folder


@asynccontextmanager
async def at_work(repo: Path, edit: Edit, **wish) -> AsyncIterator[str]:
    """A run in progress that has edited."""
    runner = Editing(edit, waits=True)
    with anyio.fail_after(BOUND):
        async with AgentManager.open(repo, runners={"native": runner}) as manager, control(manager):
            run = await spawned(manager, **wish)
            await runner.there.wait()
            yield run
            await manager.stop(run)


async def ended(repo: Path, edit: Edit, **wish) -> str:
    """A run that edited and ended, whose worktree was put away."""
    with anyio.fail_after(BOUND):
        async with AgentManager.open(repo, runners={"native": Editing(edit)}) as manager:
            closed = anyio.Event()
            manager.listen(lambda entry: closed.set() if isinstance(entry.event, WorkspaceClosed) else None)
            run = await spawned(manager, **wish)
            await manager.get_result(run, wait=True)
            await closed.wait()
            return run


def writing(name: str, text: str = "x\n") -> Edit:
    return lambda folder: write(folder / name, text)


def keeping(folder: Path) -> None:
    """As an agent that clones something, which is in no commit."""
    repository(folder / "inner")
    write(folder / "new", "x\n")


async def worktrees(*arguments: str) -> Done:
    return await cli("worktrees", *arguments)


def plain(done: Done, **names: str) -> Done:
    """With names for what is different each time."""
    out, err = done.out, done.err
    for name, text in names.items():
        out, err = out.replace(text, f"<{name}>"), err.replace(text, f"<{name}>")
    return Done(done.code, re.sub(r" +\d+s$", " 0s", out, flags=re.MULTILINE), err)


async def test_nothing_is_said_as_that(repo: Path):
    assert await worktrees("list") == Done(
        0,
        "",
        "There are no worktrees, and no branches of runs. `subagents worktrees list --all` lists what there was.\n",
    )
    assert (await worktrees("list", "--json")).out == "[]\n"
    assert (await worktrees("gc")).err == "There are no worktrees here.\n"
    assert (await worktrees("merge", "--all")).err == "There is no branch of a run that is not merged yet.\n"


async def test_a_run_is_followed_from_its_work_to_the_merge(repo: Path):
    base = head(repo)
    async with at_work(repo, writing("new"), description="Add it") as run:
        (row,) = json.loads((await worktrees("list", "--json")).out)
        assert (row["run"], row["state"], row["files"], row["insertions"]) == (run, "in use", 1, 1)
        assert (row["base"], row["branch"], row["status"]) == (base, "", "running")
        assert row["size"] > 0
        assert (await worktrees("diff", run, "--name-only")).out == "new\n"
        assert "+x\n" in (await worktrees("diff", run)).out
        refused = await worktrees("merge", run)
        assert refused == Done(
            2,
            "",
            f"Error: Run {run} is still at work, so its branch is not made yet; wait for it with: subagents result "
            f"--wait {run}\n",
        )
        assert (await worktrees("discard", run, "--yes")).code == 2
        assert (await worktrees("commit", run)).code == 2
        assert (await worktrees("merge", "--all")).err == (
            "1 run is left out: it is still at work.\nThere is no branch of a run that is not merged yet.\n"
        )
        (line,) = (await worktrees("gc")).out.splitlines()
        assert line.endswith("in use")
    listed = await worktrees("list")
    assert plain(listed, run=run, base=base[:7]) == snapshot(
        Done(
            code=0,
            out="""\
ID        AGENT    STATE   COMMITS  FILES  LINES  SIZE  BASE     BRANCH                      AGE
<run>  Explore  branch        1      1  +1 -0     –  <base>  subagents/Explore-<run> 0s
""",
            err="",
        )
    )
    assert (await worktrees("diff", run, "--stat")).out == snapshot("""\
 new | 1 +
 1 file changed, 1 insertion(+)
""")
    merged = await worktrees("merge", run)
    assert plain(merged, run=run, before=base[:12], after=head(repo)[:12]) == snapshot(
        Done(
            code=0,
            out=(
                "Merged subagents/Explore-<run> into main: 1 commit, 1 file, +1 -0. It was at <before>, "
                "and is at <after>.\n"
            ),
            err="The branch stays; delete it with: subagents worktrees discard <run>\n",
        )
    )
    assert (repo / "new").read_text() == "x\n"
    assert plain(await worktrees("merge", "explore"), run=run) == snapshot(
        Done(
            code=0,
            out="All of subagents/Explore-<run> is in main already.\n",
            err="The branch stays; delete it with: subagents worktrees discard <run>\n",
        )
    )
    (row,) = json.loads((await worktrees("list", "--json")).out)
    assert row["state"] == "merged"
    tip = git(repo, "rev-parse", row["branch"])
    assert plain(await worktrees("discard", run, "--yes"), run=run, tip=tip, repo=str(repo)) == snapshot(
        Done(
            code=0,
            out="""\
Deleted the branch subagents/Explore-<run>. As long as git keeps it, it comes back with:
git -C '<repo>' branch subagents/Explore-<run> <tip>
""",
            err="",
        )
    )
    assert (await worktrees("list", "--json")).out == "[]\n"
    (row,) = json.loads((await worktrees("list", "--json", "--all")).out)
    assert row["state"] == "gone"
    assert plain(await worktrees("discard", run, "--yes"), run=run) == snapshot(
        Done(code=0, out="Nothing is left of run <run> to be discarded.\n", err="")
    )


async def test_a_conflict_is_a_failure_that_names_the_files_and_changes_nothing(repo: Path):
    run = await ended(repo, writing("README", "theirs\n"))
    committed(repo, "README", "ours\n")
    before = state(repo)
    assert plain(await worktrees("merge", run), run=run, repo=str(repo)) == snapshot(
        Done(
            code=1,
            out="",
            err="""\
subagents/Explore-<run> conflicts with main in 1 file, so nothing was changed:
  'README'
To settle that by hand: git -C '<repo>' merge subagents/Explore-<run>
""",
        )
    )
    assert plain(await worktrees("apply", run), run=run, repo=str(repo)) == snapshot(
        Done(
            code=1,
            out="",
            err="""\
subagents/Explore-<run> does not fit on '<repo>', where nothing was changed. In the way:
  'README'
""",
        )
    )
    assert state(repo) == before


async def test_uncommitted_changes_refuse_a_merge_and_not_an_apply(repo: Path):
    run = await ended(repo, writing("new"))
    write(repo / "README", "mine\n")
    assert plain(await worktrees("merge", run), run=run, repo=str(repo)) == snapshot(
        Done(
            code=2,
            out="",
            err=(
                "Error: Changed in '<repo>' and not committed: 'README'. Commit or stash that first, "
                "merge --anyway, or take the work as uncommitted changes too: subagents worktrees apply "
                "<run>\n"
            ),
        )
    )
    assert plain(await worktrees("apply", run), run=run, repo=str(repo)) == snapshot(
        Done(
            code=0,
            out="Applied subagents/Explore-<run> to <repo>: 1 file changed, nothing committed or staged.\n",
            err="",
        )
    )
    assert plain(await worktrees("apply", run), run=run, repo=str(repo)) == snapshot(
        Done(code=0, out="All of subagents/Explore-<run> is in <repo> already.\n", err="")
    )
    assert git(repo, "status", "--porcelain").splitlines() == [" M README", "?? new"]


async def test_it_is_the_same_from_a_sub_folder_and_from_a_linked_worktree(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    one, two = await ended(repo, writing("one")), await ended(repo, writing("two"))
    git(repo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    monkeypatch.chdir(repo / "sub")
    assert (await worktrees("merge", one)).code == 0
    monkeypatch.chdir(tmp_path / "linked")
    assert (await worktrees("merge", two, "--into", "main")).code == 0
    assert {"one", "two"} <= {path.name for path in repo.iterdir()}
    assert not (tmp_path / "linked" / "two").exists()


async def test_a_folder_that_had_to_stay_is_listed_committed_and_discarded(repo: Path):
    run = await ended(repo, keeping, description="Clone")
    (row,) = json.loads((await worktrees("list", "--json")).out)
    names = {"folder": row["folder"], "run": run, "base": row["base"][:12], "repo": str(repo)}
    assert row["state"] == "folder"
    why = (await worktrees("list")).out.splitlines()[-1]
    assert why == f"{run} stays: 'inner' is a repository of its own inside it. Its folder: {row['folder']}"
    write(Path(row["folder"], "new"), "y\n")
    done = await worktrees("commit", run, "-m", "By hand")
    tip = git(repo, "rev-parse", row["branch"])
    assert plain(done, tip=tip[:12], **names) == snapshot(
        Done(
            code=0,
            out="subagents/Explore-<run> is now at <tip>: 2 commits, 1 file, +1 -0 since <base>.\n",
            err="",
        )
    )
    assert plain(await worktrees("commit", run), **names) == snapshot(
        Done(code=0, out="<folder> holds nothing that is not on subagents/Explore-<run> already.\n", err="")
    )
    (line,) = (await worktrees("gc", "--dry-run", "--older-than", "0")).out.splitlines()
    assert line.endswith("would be looked at, and removed if nothing is lost")
    (line,) = (await worktrees("gc", "--older-than", "0")).out.splitlines()
    assert "stays at" in line
    assert plain(await worktrees("discard", run), **names) == snapshot(
        Done(
            code=2,
            out="",
            err=(
                "Error: In no commit, and lost for good: 'inner'. Discard the branch "
                "subagents/Explore-<run> and the folder <folder> of run <run>? Nobody can be asked "
                "here; add --yes.\n"
            ),
        )
    )
    assert Path(row["folder"]).is_dir()
    done = await worktrees("discard", run, "--yes")
    assert plain(done, tip=tip, **names) == snapshot(
        Done(
            code=0,
            out="""\
Deleted the folder <folder>.
Deleted the branch subagents/Explore-<run>. As long as git keeps it, it comes back with:
git -C '<repo>' branch subagents/Explore-<run> <tip>
""",
            err="",
        )
    )
    assert not Path(row["folder"]).exists()
    assert shown(repo, tip, "new") == b"y\n"


async def test_several_are_merged_in_the_order_that_fits(repo: Path):
    first = await ended(repo, writing("README", "1\n"), description="One")
    second = await ended(repo, writing("README", "2\n"), description="Two")
    third = await ended(repo, writing("new"), description="Three")
    names = {"first": first, "second": second, "third": third}
    before = state(repo)
    planned = await worktrees("merge", "--all", "--plan")
    assert plain(planned, **names) == snapshot(
        Done(
            code=0,
            out="""\
Into main, in this order:
  1. subagents/Explore-<third> (Three)
  2. subagents/Explore-<first> (One)
  –  subagents/Explore-<second> (Two) is left out: it conflicts in 'README'
""",
            err="",
        )
    )
    assert state(repo) == before
    done = await worktrees("merge", "--all", "--how", "squash")
    assert done.code == 1
    assert git(repo, "log", "-2", "--format=%s") == "One\nThree"
    again = await worktrees("merge", "--all", "--plan")
    assert plain(again, **names).out.splitlines() == [
        "Into main, in this order:",
        "  –  subagents/Explore-<second> (Two) is left out: it conflicts in 'README'",
    ]


async def test_a_branch_that_cannot_be_looked_at_is_not_taken_for_gone(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = await ended(repo, writing("new"))
    broken = '*"rev-list --count"*) echo fatal: bad object >&2; exit 128;;'
    script = f'#!/bin/sh\ncase "$*" in {broken} esac\nexec {shutil.which("git")} "$@"\n'
    write(tmp_path / "bin" / "git", script).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (row,) = json.loads((await worktrees("list", "--json")).out)
    assert (row["state"], "fatal: bad object" in row["problem"]) == ("unknown", True)
    planned = await worktrees("merge", "--all", "--plan")
    assert planned.err.startswith(f"subagents/Explore-{run} is left out: `git rev-list --count` failed")


async def test_a_push_asks_and_a_page_is_named(repo: Path, tmp_path: Path):
    run = await ended(repo, writing("new"))
    git(tmp_path, "init", "-q", "--bare", "far.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "far.git"))
    names = {"run": run, "far": str(tmp_path / "far.git"), "repo": str(repo)}
    assert plain(await worktrees("push", run), **names) == snapshot(
        Done(
            code=2,
            out="",
            err="Error: Push subagents/Explore-<run> to <far>? Nobody can be asked here; add --yes.\n",
        )
    )
    assert plain(await worktrees("push", run, "--yes"), **names) == snapshot(
        Done(code=0, out="Pushed subagents/Explore-<run> to <far>.\n", err="")
    )
    assert plain(await worktrees("push", run, "--remote", "nowhere"), **names) == snapshot(
        Done(code=2, out="", err="Error: '<repo>' has no remote 'nowhere'; name one with --remote: origin.\n")
    )
    assert plain(await worktrees("pr", run), **names) == snapshot(
        Done(
            code=2,
            out="",
            err=(
                "Error: The pages of <far> are not known to us; open the pull request of "
                "subagents/Explore-<run> there by hand.\n"
            ),
        )
    )
    git(repo, "remote", "set-url", "origin", "git@gitlab.example:group/thing.git")
    assert plain(await worktrees("pr", run), **names) == snapshot(
        Done(
            code=0,
            out=(
                "https://gitlab.example/group/thing/-/merge_requests/new?merge_request%5Bsource_branch%5D="
                "subagents%2FExplore-<run>&merge_request%5Btarget_branch%5D=main\n"
            ),
            err="Push it first, unless it is there already: subagents worktrees push <run>\n",
        )
    )


async def test_runs_without_a_worktree_and_wrong_usage_are_refused(repo: Path):
    run = await ended_here(repo)
    assert plain(await worktrees("diff", run), run=run, repo=str(repo)) == snapshot(
        Done(
            code=2,
            out="",
            err=(
                "Error: Run <run> works in '<repo>' itself, and has no worktree. Those that have one: "
                "subagents worktrees list\n"
            ),
        )
    )
    assert (await worktrees("diff", "nobody")).code == 2
    assert (await worktrees("merge")).code == 2
    assert (await worktrees("merge", run, "--all")).code == 2
    assert (await worktrees("merge", run, "--plan")).code == 2
    assert (await worktrees("merge", run, "--how", "octopus")).code == 2
    assert (await worktrees("diff", run, "--stat", "--name-only")).code == 2
    assert (await worktrees("gc", "--older-than", "-1")).code == 2


async def ended_here(repo: Path) -> str:
    with anyio.fail_after(BOUND):
        async with AgentManager.open(repo, runners={"native": Editing(writing("here"))}) as manager:
            run = await spawned(manager, isolation="off")
            await manager.get_result(run, wait=True)
            return run


def test_help():
    assert help_of("worktrees") == snapshot("""\
Usage: subagents worktrees [OPTIONS] COMMAND [ARGS]...

  Look at what runs did in worktrees, and merge or discard it.

  When such a run ends, its work is on a branch of your repository, and its folder goes unless
  something in it would be lost. A run is named by its id, the beginning of one that fits no other,
  or its handle.

    subagents worktrees list
    subagents worktrees diff explore
    subagents worktrees merge explore

Options:
  -h, --help  Show this message and exit.

Commands:
  list       List the worktrees of this project's runs, and the branches with their work.
  diff       Show what a run changed, compared with the commit that it began at.
  merge      Merge a run's branch into the branch that is checked out where the run was started.
  apply      Apply a run's changes as uncommitted changes where the run was started.
  commit     Commit what a kept folder holds to the run's branch, now.
  push       Push a run's branch to a remote, after asking.
  pr         Open a pull request for a run's branch, which was pushed before.
  conflicts  List where runs of this project meet: work that will not merge, and lines that two
             edited.
  discard    Delete a run's branch and its folder, after asking.
  gc         Remove the folders of worktrees that nobody needs any more, where nothing would be
             lost.
""")


def test_help_of_list():
    assert help_of("worktrees", "list") == snapshot("""\
Usage: subagents worktrees list [--all] [--json]

  List the worktrees of this project's runs, and the branches with their work.

  Those in use, the folders that had to stay, and the branches that there are, merged or not; with
  --all also the runs that changed nothing, and those whose branch was deleted.

Options:
  -a, --all   Those that left nothing behind, too.
  --json      Print them as JSON.
  -h, --help  Show this message and exit.
""")


def test_help_of_diff():
    assert help_of("worktrees", "diff") == snapshot("""\
Usage: subagents worktrees diff ID [--stat] [--name-only]

  Show what a run changed, compared with the commit that it began at.

  Of a run at work its files as they are now, without touching what git keeps for it; of one that
  ended its branch. In a pipe it is a patch for `git apply`, byte for byte.

Options:
  --stat       Only how much, file by file.
  --name-only  Only the names of the files.
  -h, --help   Show this message and exit.
""")


def test_help_of_merge():
    assert help_of("worktrees", "merge") == snapshot("""\
Usage: subagents worktrees merge ID|--all [OPTIONS]

  Merge a run's branch into the branch that is checked out where the run was started.

  Whole or not at all: where files conflict they are listed, and nothing is changed. Nothing that is
  not committed is written over. The merge is by you, names the run in its last line, and runs no
  hooks. With --all every branch that is not merged yet, in an order in which most of them fit.

Options:
  --how HOW      merge, squash (one commit), or rebase (its commits on top).
  --into BRANCH  Into this branch.
  --anyway       Also beside changes that are not committed, where it needs none of those.
  --all          Every run's branch.
  --plan         With --all: only print the order.
  -h, --help     Show this message and exit.
""")


def test_help_of_apply():
    assert help_of("worktrees", "apply") == snapshot("""\
Usage: subagents worktrees apply ID

  Apply a run's changes as uncommitted changes where the run was started.

  All of them or none: where files conflict they are listed, and nothing is changed. Nothing is
  staged.

Options:
  -h, --help  Show this message and exit.
""")


def test_help_of_commit():
    assert help_of("worktrees", "commit") == snapshot("""\
Usage: subagents worktrees commit ID [-m MESSAGE]

  Commit what a kept folder holds to the run's branch, now.

  As `git add --all` and `git commit` in that folder would, without hooks.

Options:
  -m, --message MESSAGE  What the commit says; else what the run was to do.
  -h, --help             Show this message and exit.
""")


def test_help_of_push():
    assert help_of("worktrees", "push") == snapshot("""\
Usage: subagents worktrees push ID [--remote NAME] [--yes]

  Push a run's branch to a remote, after asking.

  With the keys and credential helpers that you have set for git. It never waits for a password, and
  runs no hooks; a pre-push hook that is skipped is named.

Options:
  --remote NAME  The remote; origin.
  -y, --yes      Don't ask.
  -h, --help     Show this message and exit.
""")


def test_help_of_pr():
    assert help_of("worktrees", "pr") == snapshot("""\
Usage: subagents worktrees pr ID [OPTIONS]

  Open a pull request for a run's branch, which was pushed before.

  With `gh`, where that is installed and the remote is GitHub's, after asking; else it prints the
  address of the page on which one is opened, for GitHub and GitLab.

Options:
  --remote NAME  The remote; origin.
  --into BRANCH  The branch it is for; else the one that is checked out.
  -y, --yes      Don't ask.
  -h, --help     Show this message and exit.
""")


def test_help_of_discard():
    assert help_of("worktrees", "discard") == snapshot("""\
Usage: subagents worktrees discard ID [--yes]

  Delete a run's branch and its folder, after asking.

  What the folder holds is committed first, and the commit that had everything is printed, with how
  to get it back. Ignored files and repositories inside the folder are in no commit; they are named
  before you answer.

Options:
  -y, --yes   Don't ask.
  -h, --help  Show this message and exit.
""")


def test_help_of_gc():
    assert help_of("worktrees", "gc") == snapshot("""\
Usage: subagents worktrees gc [--older-than DAYS] [--dry-run]

  Remove the folders of worktrees that nobody needs any more, where nothing would be lost.

  Those whose owner died, and those that had to stay and are old enough to be looked at again. Work
  that is found goes to its branch first, and branches stay. A line says of each what became of it,
  and why.

Options:
  --older-than DAYS  Look again at what stayed after so many days; else the setting's.
  --dry-run          Only say what would be looked at.
  -h, --help         Show this message and exit.
""")
