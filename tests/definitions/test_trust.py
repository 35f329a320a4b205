from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import mkfifo
from pathlib import Path

import pytest

from subagents.definitions import trust as trusted
from subagents.definitions.folders import read_definition
from subagents.definitions.model import Scope
from subagents.definitions.trust import FILE, all_trusted, as_it_is, project_of, revoke
from subagents.errors import TrustError
from subagents.places import state_home
from subagents.spec import DefinitionSource


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "parrot.md"
    place.write_text("---\ndescription: Repeats.\n---\n", encoding="utf-8")
    return place


SHOP = Path("/srv/shop")  # a project


def trust(paths: Sequence[Path], project: Path = SHOP) -> None:
    trusted.trust([as_it_is(path, project) for path in paths])


def is_trusted(source: DefinitionSource, project: Path = SHOP) -> bool:
    return trusted.is_trusted(source, project)


def source(path: Path) -> DefinitionSource:
    parsed = read_definition(path, Scope.PROJECT)
    assert parsed is not None
    return parsed.source


def test_a_file_is_trusted_as_it_is_and_no_longer_when_it_changed(file: Path):
    assert not is_trusted(source(file))
    trust([file])
    assert is_trusted(source(file))
    before = source(file)
    file.write_text("---\ndescription: Shouts.\n---\n", encoding="utf-8")
    assert not is_trusted(source(file))
    assert not is_trusted(before), "what was read of it before it changed"
    assert [each.holds for each in all_trusted()] == [False]


def test_a_pipe_in_its_place_is_not_waited_for(file: Path):
    trust([file])
    before = source(file)
    file.unlink()
    mkfifo(file)
    assert not is_trusted(before)
    assert [each.holds for each in all_trusted()] == [False]


def test_the_same_bytes_at_another_place_are_another_file(file: Path, tmp_path: Path):
    trust([file])
    other = tmp_path / "other.md"
    other.write_bytes(file.read_bytes())
    assert not is_trusted(source(other))


def test_a_link_is_the_file_that_it_leads_to(file: Path, tmp_path: Path):
    link = tmp_path / "link.md"
    link.symlink_to(file)
    trust([link])
    assert is_trusted(source(file))
    assert is_trusted(source(link))


def test_trust_is_taken_back_also_for_a_file_that_is_gone(file: Path):
    trust([file])
    file.unlink()
    assert [each.path for each in revoke([file])] == [str(file)]
    assert revoke([file]) == []
    assert all_trusted() == []


def test_those_who_trust_at_once_lose_nothing_of_each_other(tmp_path: Path):
    files = [tmp_path / f"{n}.md" for n in range(40)]
    for each in files:
        each.write_text("x", encoding="utf-8")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: trust([each]), files))
    assert {each.path for each in all_trusted()} == set(map(str, files))


def test_of_several_files_one_that_is_missing_leaves_all_as_they_were(file: Path, tmp_path: Path):
    with pytest.raises(TrustError, match="There is no file"):
        trust([file, tmp_path / "none.md"])
    assert all_trusted() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": 1}', b"\xff"])
def test_a_list_that_cannot_be_read_trusts_nobody_and_is_not_overwritten(file: Path, content: bytes):
    trust([file])
    place = state_home() / FILE
    place.write_bytes(content)
    assert not is_trusted(source(file))
    with pytest.raises(TrustError, match="holds no list of trusted files"):
        trust([file])
    assert place.read_bytes() == content


def test_a_file_that_could_not_be_read_is_never_trusted(file: Path):
    trust([file])
    assert not is_trusted(DefinitionSource(str(file), "", Scope.PROJECT))
    kept = json.loads((state_home() / FILE).read_text(encoding="utf-8"))
    assert [each["path"] for each in kept["files"]] == [str(file)]


def test_a_file_is_trusted_for_one_project(file: Path, tmp_path: Path):
    trust([file])
    assert not is_trusted(source(file), tmp_path)
    trust([file], tmp_path)
    assert is_trusted(source(file), tmp_path)
    assert is_trusted(source(file)), "for both then"
    assert len(revoke([file])) == 2


def test_a_project_that_links_to_a_trusted_file_has_not_its_trust(tmp_path: Path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    (theirs / ".subagents" / "agents").mkdir(parents=True)
    (ours / ".subagents").mkdir(parents=True)
    (ours / ".subagents" / "agents").symlink_to(theirs / ".subagents" / "agents")
    (theirs / ".subagents" / "agents" / "parrot.md").write_text("---\n---\n", encoding="utf-8")
    linked = ours / ".subagents" / "agents" / "parrot.md"
    trust([theirs / ".subagents" / "agents" / "parrot.md"], theirs)
    assert is_trusted(source(linked), theirs)
    assert not is_trusted(source(linked), ours)


@pytest.mark.parametrize(
    "folder", [".subagents/agents", ".claude/agents", ".github/agents", ".subagents/agents/x"]
)
def test_the_project_of_a_file_is_the_one_whose_agents_folder_it_is_in(tmp_path: Path, folder: str):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shop = tmp_path / "shop"
    (shop / folder).parent.mkdir(parents=True)
    (shop / folder).symlink_to(elsewhere)
    assert project_of(shop / folder / "parrot.md") == shop


def test_what_was_trusted_before_there_were_projects_is_trusted_no_longer(file: Path):
    trust([file])
    place = state_home() / FILE
    kept = json.loads(place.read_text(encoding="utf-8"))
    del kept["files"][0]["project"]
    place.write_text(json.dumps(kept), encoding="utf-8")
    assert not is_trusted(source(file))
    assert all_trusted() == []
    trust([file])
    assert is_trusted(source(file))


def test_what_was_looked_at_is_what_is_trusted(file: Path):
    seen = as_it_is(file, SHOP)
    file.write_text("---\ndescription: Shouts.\n---\n", encoding="utf-8")
    trusted.trust([seen])
    assert not is_trusted(source(file))
