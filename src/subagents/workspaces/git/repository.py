"""Which repository a folder is in, and whether a worktree of it can be made there. Changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import (
    Call,
    Execute,
    Git,
    answered,
    command,
    complaint,
    execute,
    git_environment,
)

ENOUGH = 5.0  # seconds in which git finds out where it is
NOT_FOUND = 128  # the exit code where there is no commit yet


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as seen from a folder in one of its working trees.

    `top` is that tree, `git_dir` what git keeps for it, `common` what all trees share. `subfolder` is where the
    folder is below `top`. All with their links followed. `head` is the commit that is checked out, "" before the first.
    """

    top: Path
    git_dir: Path
    common: Path
    subfolder: PurePath
    head: str

    def git(self, run: Execute = execute) -> Git:
        """git for the tree at `top`."""
        return Git(self.git_dir, self.common, self.top, execute=run)


async def repository_at(folder: Path, run: Execute = execute) -> Repository:
    """The repository that the folder is in. Raises `WorkspaceError` with the reason why there can be no worktree.

    This is the one question that git answers by looking around: nobody has written down yet where the user's
    repository is. It also is the one that asks git whether the user trusts it (`safe.directory`).
    """
    here = Path(os.path.realpath(folder))
    inside, bare, up, head = await _asked(here, run)
    if bare:
        raise cannot(
            folder, _("its repository is bare: it has no files to work on"), _("Work in a clone of it.")
        )
    if not inside:
        raise cannot(folder, _("it is inside a repository's own `.git` folder"))
    top = Path(os.path.normpath(here / up))
    git_dir = _git_dir(top)
    return Repository(top, git_dir, _common(git_dir), here.relative_to(top), head)


def seeming_git(folder: Path, run: Execute = execute) -> Git | None:
    """git for the tree that the folder seems to be in, where that is no linked one: nothing that stands in a `.git` is
    read. For a question that runs nothing, whose answer counts only where `repository_at` finds the same.
    """
    here = Path(os.path.realpath(folder))
    git = next((each / ".git" for each in (here, *here.parents) if os.path.lexists(each / ".git")), None)
    if git is None or git.is_symlink() or not git.is_dir() or os.path.lexists(git / "commondir"):
        return None
    return Git(git, git, git.parent, execute=run)


async def commit_of(git: Git, revision: str) -> str:
    """The commit that a revision names; "" where it names none."""
    return commit(await git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", fine=(0, 1)))


async def is_in(git: Git, one: str, other: str) -> bool:
    """Whether the first commit is the second, or part of its history."""
    return not (await git.answer("merge-base", "--is-ancestor", one, other, fine=(0, 1))).code


async def head_of(git: Git) -> str:
    """The commit that is checked out; "" before the first."""
    return await commit_of(git, "HEAD")


async def last_head(git: Git) -> str:
    """The commit that the files of a tree were last put to; "" before the first.

    It is the one that is checked out, unless HEAD stands for a branch that somebody else has moved on since: git writes
    down in the tree's own log only where the tree was (gitrepository-layout(5): `logs/HEAD`).
    """
    head = await head_of(git)
    if not head or (await git.answer("symbolic-ref", "--quiet", "HEAD", fine=(0, 1))).code:
        return head
    been = (await git("reflog", "show", "--format=%H", "-1", "HEAD", "--", fine=(0, 128))).decode().strip()
    return been or head


def cannot(folder: Path, why: str, advice: str = "") -> WorkspaceError:
    """The refusal: it names the folder, the reason, and what would work."""
    sentence = _("No worktree can be made for {folder}: {why}. {advice}")
    advice = advice or _("Start the agent without isolation, or in another folder.")
    return WorkspaceError(sentence.format(folder=storable(repr(str(folder))), why=why, advice=advice))


async def _asked(here: Path, run: Execute) -> tuple[bool, bool, str, str]:
    """Whether git is inside a working tree, and of a bare repository; the way up, as `../../`; the commit."""
    arguments = ("rev-parse", "--is-inside-work-tree", "--is-bare-repository", "--show-cdup", "HEAD^{commit}")
    call = Call((*command(), *arguments), here, git_environment(), seconds=ENOUGH)
    try:
        answer = await answered(run, call, arguments, (0, NOT_FOUND))
        if answer.code and not answer.output:
            raise GitFailed(complaint(answer.errors), code=answer.code, said=complaint(answer.errors))
    except GitFailed as error:
        raise _refused(here, error) from error
    # What it knows is printed before it complains of a commit that there is not. No name is in it, which could hold
    # the end of a line: the way up is dots and slashes.
    inside, bare, up, head = answer.output.decode().split("\n")[:4]
    return inside == "true", bare == "true", up, "" if answer.code else head


def _refused(here: Path, error: GitFailed) -> WorkspaceError:
    if "not a git repository" in error.said:
        advice = _("Make it a repository (git init) with a commit, or start the agent without isolation.")
        return cannot(here, _("it is in no git repository"), advice)
    if "dubious ownership" in error.said:
        why = _("git does not trust its repository, which belongs to another user")
        return cannot(here, why, _("If you do: git config --global --add safe.directory <its top folder>"))
    return cannot(here, str(error).rstrip("."))


def _git_dir(top: Path) -> Path:
    """What git keeps for the tree at `top`: its `.git` folder, or where its `.git` file leads."""
    git = top / ".git"
    if git.is_dir():
        return Path(os.path.realpath(git))
    try:
        said = os.fsdecode(git.read_bytes()).removesuffix("\n")
    except OSError as error:
        raise cannot(top, _("its `.git` cannot be read: {error}").format(error=error)) from error
    return Path(os.path.realpath(top / said.removeprefix("gitdir: ")))


def _common(git_dir: Path) -> Path:
    try:
        said = os.fsdecode((git_dir / "commondir").read_bytes()).removesuffix("\n")
    except FileNotFoundError:
        return git_dir
    return Path(os.path.realpath(git_dir / said))
