"""A branch sent to a remote, and the page on which it would be proposed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.contributions import given
from tests.workspaces.repositories import git, repository, write
from tests.workspaces.trees import place_in

from subagents.errors import WorkspaceError
from subagents.workspaces.git.remotes import Hosted, compare_address, hosted, without_secret
from subagents.workspaces.putting_back.publishing import (
    gh_program,
    is_pushed,
    open_request,
    outgoing,
    page,
    push,
)
from subagents.workspaces.worktrees.placing import Place


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "git@git.example:group/thing.git",
        "ssh://git@git.example:2222/group/thing.git",
        "https://user:secret@git.example/group/thing/",
    ],
)
def test_an_address_is_read(address: str):
    assert hosted(address) == Hosted("git.example", "group/thing")
    assert "secret" not in without_secret(address)


@pytest.mark.parametrize(
    "address", ["/srv/thing.git", "../thing", "file:///srv/thing", "https://[", "ext::sh -c x"]
)
def test_what_is_at_no_service_is_none(address: str):
    assert hosted(address) is None


def test_the_pages_of_two_services_are_known():
    hub, lab = Hosted("github.example", "a/b"), Hosted("gitlab.example:8443", "a/b")
    assert compare_address(hub, "main", "subagents/x#1") == (
        "https://github.example/a/b/compare/main...subagents/x%231?expand=1"
    )
    assert compare_address(lab, "main", "subagents/x") == (
        "https://gitlab.example:8443/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=subagents%2Fx"
        "&merge_request%5Btarget_branch%5D=main"
    )
    assert compare_address(Hosted("git.example", "a/b"), "main", "x") == ""


async def test_a_branch_is_pushed_and_no_hook_is_run(repo: Path, place: Place, tmp_path: Path):
    given_ = await given(repo, place, {"new": "n\n"})
    git(tmp_path, "init", "-q", "--bare", "far ä.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "far ä.git"))
    write(repo / ".git" / "hooks" / "pre-push", "#!/bin/sh\nexit 1\n").chmod(0o755)
    going = await outgoing(given_, "origin")
    assert going.skipped == "pre-push"
    assert not await is_pushed(going)
    await push(going)
    assert await is_pushed(going)
    assert git(tmp_path / "far ä.git", "rev-parse", given_.branch) == going.tip
    with pytest.raises(WorkspaceError, match="are not known to us"):
        await page(going, "")


async def test_programs_that_the_repositorys_settings_name_are_not_run(
    repo: Path, place: Place, tmp_path: Path
):
    given_ = await given(repo, place, {"new": "n\n"})
    git(tmp_path, "init", "-q", "--bare", "far.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "far.git"))
    git(repo, "config", "remote.origin.receivepack", f"touch {tmp_path}/ran; git-receive-pack")
    git(repo, "config", "remote.origin.uploadpack", f"touch {tmp_path}/ran; git-upload-pack")
    going = await outgoing(given_, "origin")
    await push(going)
    assert await is_pushed(going)
    assert not (tmp_path / "ran").exists()
    git(repo, "config", "remote.origin.pushurl", f"ext::touch {tmp_path}/ran")
    git(repo, "config", "protocol.ext.allow", "always")
    with pytest.raises(WorkspaceError, match="was not pushed to ext::touch"):
        await push(await outgoing(given_, "origin"))
    assert not (tmp_path / "ran").exists()


async def test_a_remote_that_is_not_there_or_does_not_answer_is_said(
    repo: Path, place: Place, tmp_path: Path
):
    given_ = await given(repo, place, {"new": "n\n"})
    with pytest.raises(WorkspaceError, match=r"has no remote; add one first: git remote add origin"):
        await outgoing(given_, "origin")
    git(repo, "remote", "add", "far", str(tmp_path / "nowhere"))
    with pytest.raises(WorkspaceError, match=r"no remote '--all'; name one with --remote: far"):
        await outgoing(given_, "--all")
    with pytest.raises(WorkspaceError, match=r"was not pushed to .*nowhere"):
        await push(await outgoing(given_, "far"))


async def test_gh_is_asked_where_it_is_there(
    repo: Path, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given_ = await given(repo, place, {"new": "n\n"})
    git(repo, "remote", "add", "origin", "git@github.example:a/b.git")
    going = await outgoing(given_, "origin")
    assert (await page(going, "")).endswith(f"a/b/compare/main...{given_.branch}?expand=1")
    gh = write(tmp_path / "bin" / "gh", '#!/bin/sh\nprintf "%s|" "$GH_PROMPT_DISABLED" "$GH_TOKEN" "$@"\n')
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", str(gh.parent), prepend=":")
    program = gh_program(going)
    assert program == str(gh)
    assert (await open_request(program, going, given_, "", {"PATH": "/bin", "GH_TOKEN": "t"})).startswith(
        f"1|t|pr|create|--repo|github.example/a/b|--head|{given_.branch}|--base|main|--title|Work of run00001|"
    )
    write(gh, "#!/bin/sh\necho not today >&2\nexit 1\n")
    with pytest.raises(WorkspaceError, match="opened none: not today"):
        await open_request(program, going, given_, "", {})
    assert gh_program(replace(going, address="git@git.example:a/b")) == ""
