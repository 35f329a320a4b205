"""Definitions are read from their folders, and an edit counts from the next look on."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from subagents.definitions import discovery
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import (
    Definitions,
    Folder,
    builtin_folder,
    folders,
    load,
    read_definition,
)
from subagents.definitions.model import Scope
from subagents.errors import UnknownAgent
from subagents.places import project_at


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / ".subagents" / "agents"
    folder.mkdir(parents=True)
    return folder


def project(*places: Path) -> AgentCatalog:
    return load(Folder(place, Scope.PROJECT) for place in places)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


# --- folders


def test_the_packaged_definitions_come_first_the_projects_last(place: Path, home: Path):
    found = folders(project_at(place.parents[1]))

    assert [(folder.scope, folder.path) for folder in found] == [
        ("packaged", builtin_folder()),
        ("user", home / "subagents" / "agents"),
        ("project", place),
    ]


def test_a_user_overrides_the_package_and_a_project_the_user(place: Path, home: Path):
    here = project_at(place.parents[1])
    definitions = Definitions(here)
    assert definitions.find("Explore").source.scope == "packaged"  # type: ignore[union-attr]

    write(home / "subagents" / "agents" / "Explore.md", "mine")
    assert definitions.find("Explore").body == "mine"

    write(place / "Explore.md", "ours")
    assert definitions.find("Explore").body == "ours"


def test_missing_folders_are_silently_empty(tmp_path: Path):
    catalog = project(tmp_path / "nowhere")

    assert (len(catalog), catalog.problems) == (0, ())


def test_only_markdown_files_directly_in_the_folder_count(place: Path):
    write(place / "real.md", "prompt")
    write(place / "notes.txt", "no")
    write(place / ".hidden.md", "no")
    write(place / "deeper" / "other.md", "no")

    assert project(place).names() == ["real"]


def test_the_same_folder_is_read_once(place: Path):
    write(place / "a.md", "prompt")

    assert project(place, place).problems == ()


# --- files


def test_a_definition_knows_its_file_and_the_digest_of_its_bytes(place: Path):
    path = write(place / "a.md", "prompt\r\n")
    found = read_definition(path, Scope.USER)

    assert (found.source.path, found.source.scope) == (str(path), "user")
    assert found.source.digest == hashlib.sha256(b"prompt\r\n").hexdigest()
    assert found.definition is not None
    assert found.definition.source == found.source


def test_a_broken_file_is_told_and_the_others_are_loaded(place: Path):
    write(place / "broken.md", "---\ndescription: a: b\n---\n")
    write(place / "good.md", "prompt")
    catalog = project(place)

    assert catalog.names() == ["good"]
    [problem] = catalog.problems
    assert (problem.path, problem.line) == (str(place / "broken.md"), 2)


def test_bytes_that_are_no_text_are_told_with_their_line(place: Path):
    path = place / "latin.md"
    path.write_bytes("---\nname: a\n---\ncafé".encode("latin-1"))

    [problem] = project(place).problems
    assert str(problem) == f"{path}:4: is not UTF-8 text here; save the file as UTF-8"


def test_what_is_no_file_or_too_long_is_told_and_never_waited_for(place: Path):
    os.mkfifo(place / "pipe.md")
    (place / "folder.md").mkdir()
    (place / "gone.md").symlink_to(place / "nowhere")
    (place / "long.md").write_bytes(b"x" * 1_000_001)
    catalog = project(place)

    assert len(catalog) == 0
    assert [Path(problem.path).name for problem in catalog.problems] == [
        "folder.md",
        "gone.md",
        "long.md",
        "pipe.md",
    ]


def test_a_file_name_that_is_not_utf8_can_still_be_stored(place: Path):
    write(Path(os.fsdecode(os.fsencode(place) + b"/a\xff.md")), "---\nname: a\n---\n")
    [agent] = project(place).listed()

    assert agent.source is not None
    assert agent.source.path.encode() == os.fsencode(place) + rb"/a\xff.md"


# --- keeping up


def test_new_changed_and_removed_files_count_at_the_next_look(place: Path):
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    assert definitions.catalog().names() == []

    path = write(place / "a.md", "one")
    assert definitions.find("a").body == "one"
    write(path, "two")
    assert definitions.find("a").body == "two"
    path.rename(place / "b.md")
    assert definitions.catalog().names() == ["b"]
    (place / "b.md").unlink()
    assert definitions.catalog().names() == []


def test_a_folder_that_is_made_later_counts(tmp_path: Path):
    place = tmp_path / "later"
    definitions = Definitions(project_at(tmp_path), [Folder(place, Scope.PROJECT)])

    write(place / "a.md", "one")
    assert definitions.find("a").body == "one"


def test_an_edit_that_leaves_size_and_time_as_they_were_counts_too(place: Path):
    path = write(place / "a.md", "one")
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    before = path.stat()

    write(path, "two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert definitions.find("a").body == "two"


def test_an_edit_right_after_a_look_counts_although_the_clock_of_the_file_system_did_not_move(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write(place / "a.md", "one")
    now = time.time_ns() + 10**12
    monkeypatch.setattr(discovery, "_stamp", lambda _: (now, now, 3, 1))
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    assert definitions.find("a").body == "one"

    write(path, "two")
    assert definitions.find("a").body == "two"


def test_what_did_not_change_is_not_read_again(place: Path, monkeypatch: pytest.MonkeyPatch):
    write(place / "a.md", "one")
    # As if all had been written long before the first look.
    monkeypatch.setattr(discovery, "YOUNG", -(10**18))
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    first = definitions.catalog()
    kept = first.find("a")

    assert definitions.catalog() is first
    write(place / "b.md", "two")
    second = definitions.catalog()
    assert second.names() == ["a", "b"]
    assert second.find("a") is kept


def test_before_a_name_is_said_to_be_unknown_everything_is_read_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(discovery, "YOUNG", -(10**18))
    path = write(place / "a.md", "---\nname: old\n---\n")
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    assert definitions.catalog().names() == ["old"]
    # An edit that no stamp shows, as on a file system with a coarse clock.
    stamp = discovery._stamp
    seen = {where: stamp(where) for where in (place, path)}
    monkeypatch.setattr(discovery, "_stamp", lambda where: seen[where])
    write(path, "---\nname: new\n---\n")

    assert definitions.catalog().names() == ["old"]
    assert definitions.find("new").name == "new"
    with pytest.raises(UnknownAgent):
        definitions.find("other")
