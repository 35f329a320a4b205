"""Runs with something to give, on real repositories."""

from __future__ import annotations

from pathlib import Path

from tests.workspaces.repositories import git, head, write
from tests.workspaces.trees import made

from subagents.runs.kept import KeptWork
from subagents.workspaces.putting_back.contribution import Contribution
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Worktree, read
from subagents.workspaces.worktrees.placing import Place


def of(worktree: Worktree, kept: KeptWork | None = None) -> Contribution:
    """What is known of its run from outside."""
    return Contribution(
        run=worktree.run,
        agent=worktree.agent,
        description=worktree.description,
        top=Path(worktree.top),
        base=worktree.base,
        branch=kept.branch if kept is not None else worktree.branch,
        worktree=read(worktree.file),
    )


async def given(
    repo: Path, place: Place, files: dict[str, str | None], run: str = "run00001", **wish
) -> Contribution:
    """A run that wrote these files, or deleted those with None, and ended."""
    worktree = await made(repo, place, run, description=f"Work of {run}", **wish)
    for name, text in files.items():
        if text is None:
            (worktree.tree / name).unlink()
        else:
            write(worktree.tree / name, text)
    return of(worktree, await finish(worktree, place))


def committed(repo: Path, name: str, text: str) -> str:
    """The user commits something meanwhile."""
    write(repo / name, text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", f"mine: {name!r}")
    return head(repo)


def state(repo: Path) -> tuple[object, ...]:
    """All that must be the same afterwards: files, index to the byte, HEAD, branches, and nothing half done."""
    files = {
        str(path.relative_to(repo)): path.read_bytes()
        for path in sorted(repo.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repo).parts
    }
    index = (repo / ".git" / "index").read_bytes()
    heads = git(repo, "for-each-ref", "refs/heads/main")
    half = [name for name in ("MERGE_HEAD", "AUTO_MERGE", "MERGE_MSG") if (repo / ".git" / name).exists()]
    return files, index, head(repo), git(repo, "symbolic-ref", "HEAD", check=False), heads, half
