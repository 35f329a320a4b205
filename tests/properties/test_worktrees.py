"""Whatever agents do in their worktrees, and whatever fails when these end: no byte that they wrote is lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.workspaces.repositories import git, repository, write
from tests.workspaces.trees import made, place_in

from subagents.runs.kept import KeptWork
from subagents.spec import Base
from subagents.workspaces.git.program import Answer, Call, Execute, execute
from subagents.workspaces.worktrees.debris import Verdict, gc
from subagents.workspaces.worktrees.life import Place, finish
from subagents.workspaces.worktrees.ownership import Worktree, noted, read
from subagents.workspaces.worktrees.placing import Wish, found

PATHS = ("a", "b c", "deep/d", "deep/ü", "x.log", "deep/y.log", "-n", "line\nend")
KINDS = (
    *("write", "write", "delete", "rename", "stage", "commit"),
    *("reset", "amend", "hide", "link", "nest", "ignore"),
)


class Died(BaseException):
    """The process is no more."""


@dataclass(frozen=True)
class Edit:
    kind: str
    path: str
    other: str


EDITS = st.builds(Edit, st.sampled_from(KINDS), st.sampled_from(PATHS), st.sampled_from(PATHS))


@dataclass
class Agent:
    """One that works in a worktree, and what must not be lost of it: each text that it writes is like no other."""

    worktree: Worktree
    number: int
    staged: dict[str, bytes] = field(default_factory=dict)
    committed: set[bytes] = field(default_factory=set)
    written: int = 0

    @property
    def tree(self) -> Path:
        return self.worktree.tree

    @property
    def precious(self) -> set[bytes]:
        files = {path.read_bytes() for path in self.files()}
        mine = {text for text in files if text.startswith(b"written by")}
        return mine | set(self.staged.values()) | self.committed

    def files(self) -> list[Path]:
        found = [Path(here, name) for here, _, names in os.walk(self.tree) for name in names]
        return [path for path in found if not path.is_symlink() and ".git" not in path.parts]

    def does(self, edit: Edit) -> None:
        path, other = self.tree / edit.path, self.tree / edit.other
        there = path.is_file() and not path.is_symlink()
        match edit.kind:
            case "write" if not path.is_symlink():
                self.written += 1
                write(path, f"written by {self.number}, text {self.written}\n")
            case "delete" if there or path.is_symlink():
                path.unlink()
            case "rename" if there and not other.exists() and not other.is_symlink():
                other.parent.mkdir(exist_ok=True)
                path.rename(other)
            case "stage" if there and git(self.tree, "add", "--", edit.path, check=False) == "":
                self._staged()
            case "commit":
                git(self.tree, "commit", "-q", "--allow-empty", "-m", "by the agent")
                self.committed |= set(self.staged.values())
            case "reset" if git(self.tree, "rev-parse", "HEAD~", check=False) != "HEAD~":
                git(self.tree, "reset", "-q", "--hard", "HEAD~")
                self._staged()
            case "amend":
                git(self.tree, "commit", "-q", "--amend", "--allow-empty", "-m", "again")
                self.committed |= set(self.staged.values())
            case "hide" if there and edit.path in self.staged:
                git(self.tree, "update-index", "--assume-unchanged", "--", edit.path)
            case "link" if not path.exists() and not path.is_symlink():
                path.parent.mkdir(exist_ok=True)
                path.symlink_to(edit.other)
            case "nest" if not (self.tree / "inner").exists():
                repository(self.tree / "inner", kept=f"written by {self.number}, inside\n")
            case "ignore":
                with (self.tree / ".gitignore").open("a") as file:
                    file.write("/deep\n")
            case _:
                pass  # there is nothing to do it to

    def _staged(self) -> None:
        listed = _output(self.tree, "ls-files", "-s", "-z").split(b"\0")
        rows = [row.split(b"\t", 1) for row in listed if row]
        self.staged = {
            os.fsdecode(name): text
            for facts, name in rows
            if (text := _output(self.tree, "cat-file", "blob", facts.split()[1].decode())).startswith(
                b"written by"
            )
        }


def _output(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True, timeout=60).stdout


def unreliable(fails: frozenset[int], dies: int | None) -> Execute:
    """git that fails at some calls, counted from 0, and at one of them this process dies when it has done it."""
    count = -1

    async def run(call: Call) -> Answer:
        nonlocal count
        count += 1
        if count in fails:
            return Answer(128, b"", b"fatal: No space left on device")
        answer = await execute(call)
        if count == dies:
            raise Died
        return answer

    return run


def saved(repo: Path, place: Place, agent: Agent) -> set[bytes]:
    """What can be found: on branches, at the ref of what was dropped, in the archive, and in a worktree that stayed
    with what git has noted of it."""
    found = set(_blobs(repo, "--branches", "--glob=refs/subagents"))
    if agent.worktree.tree.is_dir():
        found |= {path.read_bytes() for path in agent.files()}
        found |= set(_blobs(repo, "--branches", "--indexed-objects", "--all", "--reflog"))
    if place.archive.is_dir():
        found |= {path.read_bytes() for path in place.archive.rglob("*") if path.is_file()}
    return found


def _blobs(repo: Path, *what: str) -> list[bytes]:
    names = _output(repo, "rev-list", "--objects", "--no-object-names", *what)
    asked = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=repo, input=names, capture_output=True, check=True, timeout=60
    ).stdout
    blobs = []
    while asked:
        header, _, asked = asked.partition(b"\n")
        size = int(header.split()[2])
        blobs.append(asked[:size])
        asked = asked[size + 1 :]
    return blobs


def true(kept: KeptWork) -> bool:
    """A path is told of what is there, and only then."""
    return not kept.preserved or Path(kept.preserved).is_dir()


@settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(
    edits=st.lists(st.lists(EDITS, max_size=9), min_size=1, max_size=3),
    later=st.lists(EDITS, max_size=5),
    fails=st.frozensets(st.integers(0, 30), max_size=2),
    dies=st.none() | st.integers(0, 30),
    base=st.sampled_from((Base.HEAD, Base.SNAPSHOT)),
)
def test_no_byte_that_an_agent_wrote_is_lost(edits, later, fails, dies, base):
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(_story, Path(os.path.realpath(folder)), edits, later, fails, dies, base)


async def _story(
    folder: Path,
    edits: list[list[Edit]],
    later: list[Edit],
    fails: frozenset[int],
    dies: int | None,
    base: Base,
) -> None:
    repo = repository(folder / "repo", **{"a": "old\n", "deep/d": "old\n", ".gitignore": "*.log\n"})
    write(repo / "b c", "the user's\n")
    place = place_in(folder)
    agents = [
        Agent(await made(repo, place, run=f"run{number:05}", base=base), number)
        for number in range(len(edits))
    ]
    for agent, own in zip(agents, edits, strict=True):
        for edit in own:
            agent.does(edit)
    precious = [agent.precious for agent in agents]
    await _end(agents, precious, repo, place, unreliable(fails, dies))
    went_on = [agent for agent in agents if await _goes_on(agent, later, repo, place)]
    on_branches = set(_blobs(repo, "--branches", "--glob=refs/subagents"))
    # Who goes on may throw away what is on no branch yet.
    precious = [
        agent.precious | (lost & on_branches) if agent in went_on else lost
        for lost, agent in zip(precious, agents, strict=True)
    ]
    await _end(went_on, [agent.precious for agent in went_on], repo, place, unreliable(fails, dies))
    for file in place.root.glob("*/*.json"):
        known = read(file)
        assert known is not None
        noted(known, started="gone")
    for finding in await gc(place, max_age=0):
        nests = (finding.folder / "inner").is_dir()
        assert finding.verdict is (Verdict.STAYS if nests else Verdict.REMOVED), finding.why
    for agent, lost in zip(agents, precious, strict=True):
        assert lost <= saved(repo, place, agent)
        branches = git(repo, "branch", "--list", f"*run{agent.number:05}*").splitlines()
        assert len(branches) <= 1 or fails or dies is not None, "one branch has it all, where nothing failed"
    assert (repo / "b c").read_text() == "the user's\n"
    assert git(repo, "fsck", "--connectivity-only", "--no-dangling") == ""


async def _end(
    agents: Sequence[Agent], precious: Sequence[set[bytes]], repo: Path, place: Place, git: Execute
) -> None:
    broken = replace(place, execute=git)
    for agent, lost in zip(agents, precious, strict=True):
        with contextlib.suppress(Died):
            assert true(await finish(agent.worktree, broken))
        if not agent.worktree.aside.is_dir():
            assert lost <= saved(repo, place, agent)


async def _goes_on(agent: Agent, edits: Sequence[Edit], repo: Path, place: Place) -> bool:
    """Resumes the agent in its folder; False where that has gone."""
    wish = Wish(folder=repo, run=agent.worktree.run, agent=agent.worktree.agent)
    if not agent.worktree.tree.is_dir() or (again := await found(wish, place)) is None:
        return False
    agent.worktree = again
    for edit in edits:
        agent.does(edit)
    return True
