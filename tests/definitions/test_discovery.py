"""Definitions are read from their folders, and an edit counts from the next look on."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from subagents.definitions import discovery
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions, load
from subagents.definitions.folders import Folder, builtin_folder, folders, read_definition
from subagents.definitions.model import Dialect, Scope
from subagents.errors import BadDefinition, UnknownAgent
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


FOREIGN = ["copilot", "agents", "pi", "opencode", "opencode", "gemini", "codex", "claude"]


def test_by_scope_the_packaged_come_first_and_in_each_ours_come_after_those_of_other_tools(
    place: Path, home: Path
):
    found = folders(project_at(place.parents[1]))

    assert [(folder.scope, folder.dialect) for folder in found] == [
        ("packaged", "subagents"),
        *(("user", dialect) for dialect in FOREIGN),
        ("user", "subagents"),
        *(("project", dialect) for dialect in FOREIGN),
        ("project", "subagents"),
    ]
    own = [folder.path for folder in found if folder.dialect is Dialect.OWN]
    assert own == [builtin_folder(), home / "subagents" / "agents", place]


def test_each_tool_has_its_folders_in_the_project_and_at_home(place: Path, home: Path):
    root = place.parents[1]
    foreign = [folder for folder in folders(project_at(root)) if folder.dialect is not Dialect.OWN]

    assert [folder.path.relative_to(home).as_posix() for folder in foreign if folder.scope == "user"] == [
        ".copilot/agents",
        ".agents/agents",
        ".pi/agent/agents",
        ".config/opencode/agent",
        ".config/opencode/agents",
        ".gemini/agents",
        ".codex/agents",
        ".claude/agents",
    ]
    assert [folder.path.relative_to(root).as_posix() for folder in foreign if folder.scope == "project"] == [
        ".github/agents",
        ".agents/agents",
        ".pi/agents",
        ".opencode/agent",
        ".opencode/agents",
        ".gemini/agents",
        ".codex/agents",
        ".claude/agents",
    ]


@pytest.mark.parametrize(
    ("variable", "dialect"),
    [
        ("CLAUDE_CONFIG_DIR", "claude"),
        ("CODEX_HOME", "codex"),
        ("PI_CODING_AGENT_DIR", "pi"),
        ("COPILOT_HOME", "copilot"),
    ],
)
def test_a_tool_whose_home_was_moved_is_found_there(
    place: Path, monkeypatch: pytest.MonkeyPatch, variable: str, dialect: str
):
    def at_home() -> list[Path]:
        found = folders(project_at(place.parents[1]))
        return [each.path for each in found if (each.scope, each.dialect) == ("user", dialect)]

    usual = at_home()
    monkeypatch.setenv(variable, "/srv/elsewhere")
    assert at_home() == [Path("/srv/elsewhere/agents")]
    monkeypatch.setenv(variable, "relative")
    assert at_home() == usual


def test_without_a_home_there_are_no_agents_of_other_tools_at_home(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-of-this-name").expanduser())

    found = folders(project_at(place.parents[1]))
    assert not [each for each in found if (each.scope, each.dialect is Dialect.OWN) == ("user", False)]


def test_b3_the_order_of_scopes_and_tools_decides_which_of_a_name_counts(place: Path, home: Path):
    root = place.parents[1]
    definitions = Definitions(project_at(root))
    for folder, description in (
        (home / ".copilot" / "agents", "copilot's, the user's"),
        (home / ".claude" / "agents", "claude's, the user's"),
        (home / "subagents" / "agents", "the user's"),
        (root / ".github" / "agents", "copilot's"),
        (root / ".agents" / "agents", "of several tools"),
        (root / ".pi" / "agents", "pi's"),
        (root / ".opencode" / "agent", "opencode's, older"),
        (root / ".opencode" / "agents", "opencode's"),
        (root / ".gemini" / "agents", "gemini's"),
        (root / ".claude" / "agents", "claude's"),
        (place, "ours"),
    ):
        write(folder / "Explore.md", f"---\nname: Explore\ndescription: {description}\n---\n")
        assert definitions.find("Explore").description == description
    assert definitions.catalog().problems == ()


def test_a_definition_says_whose_way_of_writing_it_follows(place: Path):
    write(place.parents[1] / ".codex" / "agents" / "a.toml", 'name = "a"\ndeveloper_instructions = "Do it."')
    [agent] = [each for each in Definitions(project_at(place.parents[1])).catalog() if each.name == "a"]

    assert agent.source is not None
    assert (agent.source.dialect, agent.source.scope) == ("codex", "project")


def test_a_file_of_another_tool_without_front_matter_is_no_agent_and_no_problem(place: Path):
    root = place.parents[1]
    write(root / ".claude" / "agents" / "README.md", "# Our agents")
    write(root / ".github" / "agents" / "empty.md", "")
    (root / ".claude" / "agents" / "latin.md").write_bytes("café".encode("latin-1"))
    write(root / ".gemini" / "agents" / "_shared.md", "---\nname: [\n---\n")
    write(root / ".codex" / "agents" / "notes.md", "---\nname: [\n---\n")
    write(root / ".opencode" / "agents" / "deeper" / "a.md", "---\nname: a\n---\n")
    catalog = Definitions(project_at(root), hide_packaged=True).catalog()

    assert (len(catalog), catalog.problems) == (0, ())


def test_front_matter_of_another_tool_that_is_never_closed_is_told_and_is_no_agent(place: Path):
    path = write(place.parents[1] / ".claude" / "agents" / "a.md", "---\nname: a\n")
    catalog = Definitions(project_at(place.parents[1]), hide_packaged=True).catalog()

    assert len(catalog) == 0
    assert [str(problem) for problem in catalog.problems] == [
        f"{path}:1: the front matter is never closed with ---, so the file is not used"
    ]


def test_a_file_of_another_tool_is_only_read(place: Path):
    path = write(place.parents[1] / ".claude" / "agents" / "a.md", "---\nname: a\n---\n")
    path.chmod(0o400)
    path.parent.chmod(0o500)
    before = path.stat()

    Definitions(project_at(place.parents[1])).find("a")
    path.parent.chmod(0o700)
    assert (path.stat().st_mtime_ns, path.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


# --- settings


def test_the_packaged_definitions_can_be_hidden(place: Path):
    here = project_at(place.parents[1])
    write(place / "mine.md", "prompt")

    assert Definitions(here, hide_packaged=True).catalog().names() == ["mine"]
    assert "Explore" in Definitions(here).catalog().names()
    assert not [folder for folder in folders(here, hide_packaged=True) if folder.scope == "packaged"]


def test_b19_where_it_is_strict_a_file_that_cannot_be_used_is_refused_with_its_reason(place: Path):
    path = write(place / "broken.md", "---\ntools: 3\n---\n")
    write(place / "good.md", "prompt")
    strict = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)], strict=True)

    for look in (strict.catalog, lambda: strict.find("good")):
        with pytest.raises(BadDefinition) as caught:
            look()
        assert str(caught.value) == (
            f"{path}:2: `tools` must be names, as a list or separated by commas, not '3'. "
            "The setting strict_agent_files refuses to start with such a file."
        )


def test_b19_what_breaks_after_a_good_start_is_a_problem_only(place: Path):
    path = write(place / "a.md", "prompt")
    strict = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)], strict=True)
    assert strict.catalog().names() == ["a"]

    write(path, "---\ntools: 3\n---\n")
    assert strict.catalog().names() == []
    assert strict.catalog().problems != ()


def test_b5_a_user_overrides_the_package_and_a_project_the_user(place: Path, home: Path):
    here = project_at(place.parents[1])
    definitions = Definitions(here)
    assert definitions.find("Explore").source.scope == "packaged"  # type: ignore[union-attr]

    write(home / "subagents" / "agents" / "Explore.md", "mine")
    assert definitions.find("Explore").body == "mine"

    write(place / "Explore.md", "ours")
    assert definitions.find("Explore").body == "ours"


def test_a1_missing_folders_are_silently_empty(tmp_path: Path):
    catalog = project(tmp_path / "nowhere")

    assert (len(catalog), catalog.problems) == (0, ())


def test_b1_only_markdown_files_directly_in_the_folder_count(place: Path):
    write(place / "real.md", "prompt")
    write(place / "notes.txt", "no")
    write(place / ".hidden.md", "no")
    write(place / "deeper" / "other.md", "no")

    assert project(place).names() == ["real"]


def test_the_same_folder_is_read_once(place: Path):
    write(place / "a.md", "prompt")

    assert project(place, place).problems == ()


def test_a_folder_that_is_a_link_to_another_is_that_one_and_ours_stays_ours(place: Path):
    root = place.parents[1]
    write(place / "a.md", "no front matter")
    (root / ".claude").mkdir()
    (root / ".claude" / "agents").symlink_to(place)
    (root / ".codex").symlink_to(root / ".claude")
    [agent] = Definitions(project_at(root), hide_packaged=True).catalog().listed()

    assert agent.source is not None
    assert (agent.source.path, agent.source.dialect) == (str(place / "a.md"), "subagents")


@pytest.mark.parametrize("tool", ["../.subagents/agents", "../.claude/agents"])
def test_a_projects_file_that_is_a_link_out_of_the_project_is_not_used(place: Path, home: Path, tool: str):
    root = place.parents[1]
    key = write(home / ".ssh" / "id_rsa", "the key")
    folder = place.parent / tool
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pw.md").symlink_to(key)
    (folder / "gone.md").symlink_to(home / "nowhere")
    write(root / "docs" / "reviewer.md", "---\ndescription: Reviews.\n---\nReview.")
    (folder / "inside.md").symlink_to(root / "docs" / "reviewer.md")

    catalog = load(folders(project_at(root), hide_packaged=True))

    assert catalog.names() == ["inside"]
    assert [(Path(told.path).name, told.message) for told in catalog.problems] == [
        (name, f"is a link out of the project ({target}), so it is not used; copy the file here")
        for name, target in (("gone.md", home / "nowhere"), ("pw.md", key))
    ]


def test_a_link_out_of_the_project_counts_once_it_is_a_file(place: Path, home: Path):
    elsewhere = write(home / "pw.md", "---\ndescription: x\n---\nx")
    (place / "pw.md").symlink_to(elsewhere)
    definitions = Definitions(project_at(place.parents[1]), hide_packaged=True)
    assert definitions.catalog().names() == []

    elsewhere.replace(place / "pw.md")

    assert definitions.catalog().names() == ["pw"]
    assert definitions.catalog().problems == ()


def test_a_users_file_may_be_a_link_to_wherever_they_keep_it(place: Path, home: Path):
    kept = write(home / "dotfiles" / "scout.md", "---\ndescription: x\n---\nx")
    (home / "subagents" / "agents").mkdir(parents=True)
    (home / "subagents" / "agents" / "scout.md").symlink_to(kept)

    catalog = load(folders(project_at(place.parents[1]), hide_packaged=True))

    assert (catalog.names(), catalog.problems) == (["scout"], ())


def test_a_folder_of_the_project_that_is_a_link_is_what_it_leads_to(place: Path, home: Path):
    write(home / "shared" / "scout.md", "---\ndescription: x\n---\nx")
    (home / "shared" / "other.md").symlink_to("scout.md")
    place.rmdir()
    place.symlink_to(home / "shared")

    catalog = load(folders(project_at(place.parents[1]), hide_packaged=True))

    assert (catalog.names(), catalog.problems) == (["other", "scout"], ())


def test_a_users_folder_stays_the_users_where_the_home_is_a_project_too(home: Path):
    write(home / ".claude" / "agents" / "a.md", "---\nname: a\n---\n")
    (home / ".subagents").mkdir()
    [agent] = Definitions(project_at(home), hide_packaged=True).catalog().listed()

    assert agent.source is not None
    assert agent.source.scope == "user"


def test_a_link_that_leads_nowhere_is_an_empty_folder_and_one_to_itself_is_told(tmp_path: Path):
    gone, circle = tmp_path / "gone", tmp_path / "circle"
    gone.symlink_to(tmp_path / "nowhere")
    circle.symlink_to(circle)
    catalog = project(gone, circle)

    assert [problem.path for problem in catalog.problems] == [str(circle)]


def test_a_file_on_the_way_to_a_folder_is_no_folder_and_one_in_its_place_is_told(tmp_path: Path):
    write(tmp_path / ".agents", "a file")
    in_place = write(tmp_path / "agents", "a file")
    catalog = project(tmp_path / ".agents" / "agents", in_place)

    assert [problem.path for problem in catalog.problems] == [str(in_place)]


# --- files


def test_a_definition_knows_its_file_and_the_digest_of_its_bytes(place: Path):
    path = write(place / "a.md", "prompt\r\n")
    found = read_definition(path, Scope.USER)

    assert found is not None
    assert (found.source.path, found.source.scope) == (str(path), "user")
    assert found.source.digest == hashlib.sha256(b"prompt\r\n").hexdigest()
    assert found.definition is not None
    assert found.definition.source == found.source


def test_b13_a_broken_file_is_told_and_the_others_are_loaded(place: Path):
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


def test_five_thousand_files_are_all_there(place: Path):
    place.mkdir(exist_ok=True)
    for number in range(5_000):
        text = f"---\nname: agent-{number}\ndescription: Number {number}\ntools: read, grep\n---\nDo it.\n"
        (place / f"{number}.md").write_text(text)

    catalog = project(place)
    assert (len(catalog), catalog.problems) == (5_000, ())


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
