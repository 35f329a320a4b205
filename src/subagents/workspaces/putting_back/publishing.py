"""A run's branch, sent to a remote: with the user's own keys, without a question to anybody, and within a bound."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import (
    HEADS,
    Call,
    Execute,
    Git,
    answered,
    complaint,
    execute,
    git_environment,
)
from subagents.workspaces.git.remotes import compare_address, hosted, without_secret
from subagents.workspaces.putting_back.contribution import Contribution, checkout, tip_of
from subagents.workspaces.putting_back.merging import target_of

SENDING = 120.0  # seconds
ASKING = 30.0  # seconds for what only looks at a remote
#: What answers at the other end, whatever the repository's settings name: of a path it is started here.
RECEIVER, SENDER = "--receive-pack=git-receive-pack", "--upload-pack=git-upload-pack"
NEVER = {"GCM_INTERACTIVE": "never", "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
#: Who the person is at a hosting service; for `gh`, which they call by our hand.
OF_GH = ("GH_TOKEN", "GITHUB_TOKEN", "GH_HOST", "GH_CONFIG_DIR", "GH_ENTERPRISE_TOKEN")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A branch and the remote it is to go to, whose `address` may have a password in it. `skipped` is a hook that is
    not run."""

    git: Git
    branch: str
    tip: str
    remote: str
    address: str
    skipped: str = ""

    @property
    def shown_address(self) -> str:
        """As it may be shown."""
        return without_secret(self.address)


async def outgoing(contribution: Contribution, remote: str, run: Execute = execute) -> Outgoing:
    """Raises `WorkspaceError` for a remote that there is not, naming those there are."""
    repository = await checkout(contribution, run)
    git = repository.git(run)
    tip = await tip_of(contribution, git)
    try:
        address = storable(os.fsdecode(await git("remote", "get-url", "--push", "--", remote)).rstrip("\n"))
    except GitFailed as error:
        raise WorkspaceError(await _no_such(git, remote)) from error
    hook = "pre-push" if os.access(repository.common / "hooks" / "pre-push", os.X_OK) else ""
    return Outgoing(git, contribution.branch, tip, remote, address, hook)


async def _no_such(git: Git, remote: str) -> str:
    if known := ", ".join((await git("remote")).decode(errors="replace").split()):
        sentence = _("{top!r} has no remote {remote!r}; name one with --remote: {known}.")
        return sentence.format(top=str(git.folder), remote=remote, known=known)
    sentence = _("{top!r} has no remote; add one first: git remote add origin ADDRESS")
    return sentence.format(top=str(git.folder))


async def push(going: Outgoing) -> str:
    """Sends the branch; what git said of it. Raises `WorkspaceError` with what the remote answered."""
    git = await _with_keys(going.git)
    ref = HEADS + going.branch
    try:
        options = ("--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
        answer = await git.answer(
            "push", *options, RECEIVER, going.remote, f"{going.tip}:{ref}", seconds=SENDING
        )
    except GitFailed as error:
        sentence = _("{branch} was not pushed to {address}: {said}")
        said = storable(error.said or str(error)).replace(going.address, going.shown_address)
        words = {"branch": going.branch, "address": going.shown_address, "said": said}
        raise WorkspaceError(sentence.format(**words)) from error
    return complaint(answer.errors)


async def is_pushed(going: Outgoing) -> bool:
    """Whether the remote's branch is where ours is. Raises `WorkspaceError` where it does not answer."""
    git = await _with_keys(going.git)
    found = await git("ls-remote", "--heads", SENDER, going.remote, HEADS + going.branch, seconds=ASKING)
    return commit(found).partition("\t")[0] == going.tip


async def _with_keys(git: Git) -> Git:
    """With what the user has set to answer for them; what the repository's own files say of it does not count."""
    settings = [setting for scope in ("--system", "--global") for setting in await _answering(git, scope)]
    return replace(git, settings=(*git.settings, *settings)).with_variables(**NEVER)


async def _answering(git: Git, scope: str) -> list[str]:
    pattern = r"^credential\..*helper$"
    listed = await git("config", scope, "-z", "--get-regexp", pattern, fine=(0, 1, 128))
    pairs = (entry.decode(errors="surrogateescape").partition("\n") for entry in listed.split(b"\0") if entry)
    return [f"{key}={value}" for key, _newline, value in pairs]


# --- a pull request


async def page(going: Outgoing, into: str) -> str:
    """The address on which one is begun. Raises `WorkspaceError` for a service that we do not know."""
    place = hosted(going.address)
    found = compare_address(place, await base_of(going, into), going.branch) if place is not None else ""
    if not found:
        sentence = _(
            "The pages of {address} are not known to us; open the pull request of {branch} there by hand."
        )
        raise WorkspaceError(sentence.format(address=going.shown_address, branch=going.branch))
    return found


async def base_of(going: Outgoing, into: str) -> str:
    """The branch that it is for: the one that is checked out, where none is named."""
    return into or (await target_of(going.git, "")).branch


def gh_program(going: Outgoing) -> str:
    """Where `gh` is; "" where there is none, or the remote is not GitHub's."""
    place = hosted(going.address)
    return (shutil.which("gh") or "") if place is not None and place.is_github else ""


async def open_request(
    program: str, going: Outgoing, contribution: Contribution, into: str, outer: Mapping[str, str]
) -> str:
    """Has `gh` open it; its address. Raises `WorkspaceError` with what `gh` said."""
    place = hosted(going.address)
    assert place is not None
    message = contribution.message(0.0)
    arguments = (
        *("pr", "create", "--repo", f"{place.host}/{place.path}"),
        *("--head", going.branch, "--base", await base_of(going, into)),
        *("--title", message.line, "--body", message.trailer),
    )
    keys = {name: outer[name] for name in OF_GH if name in outer}
    call = Call(
        (program, *arguments), going.git.folder, {**git_environment(outer), **NEVER, **keys}, seconds=SENDING
    )
    try:
        answer = await answered(going.git.execute, call, ("pr", "create"), (0,))
    except GitFailed as error:
        sentence = _("`gh pr create` opened none: {said}")
        raise WorkspaceError(sentence.format(said=storable(error.said or str(error)))) from error
    return answer.output.decode(errors="replace").strip()
