"""Where a run is: asked of git once, without changing anything, and never failing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from subagents.clock import SystemClock
from subagents.prompts import environment
from subagents.prompts.environment import GitState, parse_head, parse_status, read_environment

pytestmark = pytest.mark.anyio


class StillClock(SystemClock):
    """Time stands still, until it is set."""

    def __init__(self) -> None:
        self.at = 1_795_168_800.0  # 2026-11-20 10:00 UTC

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init")
    (folder / "a.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each call of git, and its variables."""
    log = tmp_path / "calls"
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\necho "$(env | grep "^GIT_\\|^LC_ALL" | sort | tr "\\n" " ")" >> {log}\nexec {real} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    return log


async def test_a_repository_is_told_with_its_branch_and_changes(repository: Path):
    (repository / "a.txt").write_text("two\n")
    (repository / "new.txt").write_text("new\n")

    found = await read_environment(repository, StillClock())

    assert (found.folder, found.date) == (str(repository), "2026-11-20")
    assert found.git == GitState("main", git(repository, "rev-parse", "--short=8", "HEAD"), 2)


async def test_a_detached_head_and_one_before_the_first_commit_are_told(repository: Path, tmp_path: Path):
    git(repository, "checkout", "--detach")
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init")

    detached = (await read_environment(repository, StillClock())).git
    empty = (await read_environment(tmp_path / "empty", StillClock())).git

    assert detached == GitState("", git(repository, "rev-parse", "--short=8", "HEAD"), 0)
    assert empty == GitState("main", "", 0)


async def test_a_folder_in_a_repository_is_in_it(repository: Path):
    (repository / "deep").mkdir()

    found = await read_environment(repository / "deep", StillClock())

    assert found.git is not None
    assert found.git.branch == "main"


async def test_outside_of_a_repository_there_is_none(tmp_path: Path):
    found = await read_environment(tmp_path, StillClock())

    assert (found.git, found.git_known) == (None, True)


@pytest.mark.parametrize("trouble", ["no git", "no folder", "git fails"])
async def test_what_git_cannot_tell_is_not_known(
    trouble: str, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = repository / "nowhere" if trouble == "no folder" else repository
    if trouble == "no git":
        monkeypatch.setenv("PATH", "/nowhere")
    if trouble == "git fails":
        (repository / ".git" / "config").write_text("[broken")

    found = await read_environment(folder, StillClock())

    assert (found.git, found.git_known) == (None, False)


async def test_git_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hanging = tmp_path / "git"
    hanging.write_text("#!/bin/sh\nexec sleep 1000\n")
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(environment, "GIT_BOUND", 0.2)

    with anyio.fail_after(30):
        found = await read_environment(tmp_path, StillClock())

    assert found.git_known is False


async def test_asking_changes_nothing_in_the_repository(repository: Path):
    # The same content with another time: a plain `git status` would write that into the index.
    index = repository / ".git" / "index"
    os.utime(repository / "a.txt", (1, 1))
    before = (index.read_bytes(), index.stat().st_mtime_ns, sorted((repository / ".git").iterdir()))

    await read_environment(repository, StillClock())

    assert (index.read_bytes(), index.stat().st_mtime_ns, sorted((repository / ".git").iterdir())) == before


async def test_a_repository_cannot_make_us_run_its_program(repository: Path, tmp_path: Path):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))

    await read_environment(repository, StillClock())

    assert not ran.exists()


async def test_variables_of_an_outer_git_do_not_lead_elsewhere(
    repository: Path, tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))

    found = await read_environment(repository, StillClock())

    assert found.git is not None
    assert calls.read_text() == "GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 LC_ALL=C \n"


async def test_a_thousand_runs_at_once_ask_once(repository: Path, calls: Path):
    clock, found = StillClock(), []

    async def ask() -> None:
        found.append(await read_environment(repository, clock))

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(ask)

    assert len(found) == 1000
    assert len(set(map(id, found))) == 1
    assert len(calls.read_text().splitlines()) == 1


async def test_an_answer_is_good_for_some_seconds_and_for_its_folder(repository: Path, calls: Path):
    clock = StillClock()
    first = await read_environment(repository, clock)
    (repository / "new.txt").write_text("new\n")

    clock.at += environment.KEPT - 0.1
    assert await read_environment(repository, clock) is first
    clock.at += 0.1
    later = await read_environment(repository, clock)
    assert (first.git, later.git) == (replace(later.git, changed=0), GitState("main", first.git.commit, 1))  # type: ignore[type-var, union-attr]

    await read_environment(repository / ".git", clock)
    assert len(calls.read_text().splitlines()) == 3


async def test_who_is_cancelled_while_asking_leaves_the_question_to_the_next(repository: Path):
    clock = StillClock()
    with anyio.move_on_after(0):
        await read_environment(repository, clock)

    with anyio.fail_after(30):
        assert (await read_environment(repository, clock)).git is not None


async def test_many_folders_are_forgotten_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(environment, "MAX_KEPT", 2)
    clock = StillClock()
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        await read_environment(tmp_path / name, clock)
        clock.at += environment.KEPT

    kept = environment._kept(clock)
    assert set(kept.answers) == {tmp_path / "c"}
    assert set(kept.locks) == {tmp_path / "c"}


def test_what_git_says_is_read_line_by_line():
    head = "# branch.oid 1a2b3c4d5e6f\n# branch.head feature/x\n# branch.ab +1 -0\n"
    text = head + '1 .M N... a\n2 R. N... b\tc\n? "d\\ne"\n'

    assert parse_status(text) == GitState("feature/x", "1a2b3c4d", 3)
    assert parse_status("") == GitState("", "", 0)


async def test_in_a_worktree_of_a_run_git_is_asked_nothing_for_which_it_runs_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """An agent may have put anything in the place of what leads git to its repository."""
    monkeypatch.setenv("SUBAGENTS_STATE", str(tmp_path))
    folder = tmp_path / "shop-1" / "worktrees" / "shop-1" / "general-1"
    folder.mkdir(parents=True)
    git(folder, "init", "-b", "main")
    (folder / "a").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "config", "filter.f.clean", f"touch {tmp_path}/ran; cat")
    (folder / ".gitattributes").write_text("* filter=f\n")
    (folder / "a").write_text("two\n")
    found = await read_environment(folder, StillClock())
    assert found.git == GitState("main", git(folder, "rev-parse", "--short=8", "HEAD"), None)
    assert not (tmp_path / "ran").exists()


def test_a_head_that_is_on_no_branch():
    assert parse_head("1a2b3c4d5e6f\nHEAD\n") == GitState("", "1a2b3c4d", None)
