"""Definition files are changed byte for byte as wished, or not at all, and what is said of it is true."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.discovery import load
from subagents.definitions.editing import DefinitionFiles, Edit, Outcome, file_stem
from subagents.definitions.folders import Folder
from subagents.definitions.model import AgentDefinition, Dialect, Scope
from subagents.definitions.parse import parse
from subagents.definitions.saving import ChangedMeanwhile, save
from subagents.definitions.switching import Switch, switched_off, switched_on
from subagents.spec import DefinitionSource, ToolSelection

H = "---\ndescription: Scout the repo\nenabled: false\n---\n\nYou are a scout.\n"
E = "---\ndescription: Scout the repo\n---\n\nYou are a scout.\n"
BUILT_IN = "---\ndescription: Looks.  # a remark\ntools: read\nrun_in_background: false\n---\n\nLook.\n"


class Place:
    """A project with a packaged agent `Explore`, folders of the project, the user and of Claude Code."""

    def __init__(self, root: Path) -> None:
        self.project, self.user = root / "project", root / "user"
        self.claude, self.packaged = root / "claude", root / "packaged"
        self.write(self.packaged / "Explore.md", BUILT_IN)

    def write(self, path: Path, text: str | bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    @property
    def files(self) -> DefinitionFiles:
        """As they are now."""
        places = (
            Folder(self.packaged, Scope.PACKAGED),
            Folder(self.user, Scope.USER),
            Folder(self.claude, Scope.PROJECT, Dialect.CLAUDE),
            Folder(self.project, Scope.PROJECT),
        )
        return DefinitionFiles(load(places), places)

    def agent(self, name: str) -> AgentDefinition:
        found = self.files.effective(name)
        assert found is not None
        return found

    def enabled(self, name: str) -> bool:
        return self.agent(name).enabled


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def enabled(text: str) -> bool:
    found = parse(text, DefinitionSource("scout.md", "", "project")).definition
    assert found is not None
    return found.enabled


# --- switching on and off


def test_c1_enable_takes_out_the_line_wherever_it_stands(place: Place):
    path = place.write(place.project / "scout.md", H)

    edit = place.files.enable("scout")

    assert edit == Edit(Outcome.ENABLED, path, f"scout is enabled in {path}.")
    assert path.read_text() == E


def test_c3_enable_of_what_is_enabled_changes_nothing_and_says_so(place: Place):
    path = place.write(place.project / "scout.md", E)

    edit = place.files.enable("scout")

    assert edit == Edit(Outcome.NOT_DISABLED, path, f"scout is not disabled in {path}.")
    assert path.read_text() == E


def test_c5_disable_and_enable_again_is_the_same_file(place: Place):
    path = place.write(place.project / "scout.md", E)

    assert place.files.disable("scout", place.project).outcome is Outcome.DISABLED
    assert path.read_text() == "---\nenabled: false\n" + E.removeprefix("---\n")
    assert not place.enabled("scout")
    assert place.files.enable("scout").outcome is Outcome.ENABLED
    assert path.read_text() == E


@pytest.mark.parametrize("blanks", ["  ", "\t", " \t "])
def test_c7_trailing_blanks_are_no_reason_for_a_second_key(place: Place, blanks: str):
    text = H.replace("false\n", f"false{blanks}\n")
    path = place.write(place.project / "scout.md", text)

    edit = place.files.disable("scout", place.project)

    assert edit == Edit(Outcome.ALREADY_DISABLED, path, f"scout is already disabled in {path}.")
    assert path.read_text() == text
    assert place.files.enable("scout").outcome is Outcome.ENABLED
    assert path.read_text() == E


def test_c9_windows_line_endings_stay(place: Place):
    text = E.replace("\n", "\r\n")
    path = place.write(place.project / "scout.md", text)

    assert place.files.disable("scout", place.project).outcome is Outcome.DISABLED
    assert path.read_bytes() == b"---\r\nenabled: false\r\n" + text.encode().removeprefix(b"---\r\n")
    assert place.files.enable("scout").outcome is Outcome.ENABLED
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(
    "line", ["enabled: FALSE", "enabled: False", '"enabled": false', "enabled: !!bool false"]
)
def test_c11_a_spelling_that_is_not_edited_stays_and_nobody_claims_otherwise(place: Place, line: str):
    text = H.replace("enabled: false", line)
    path = place.write(place.project / "scout.md", text)
    if place.files.effective("scout") is None:
        assert place.files.enable("scout").outcome is Outcome.UNREADABLE
    else:
        edit = place.files.enable("scout")
        assert edit.outcome is Outcome.OTHERWISE_WRITTEN
        assert edit.message == (
            f"scout is still disabled: line 3 of {path} says so in a spelling that is not edited here. Delete that "
            "line yourself."
        )
    assert path.read_text() == text


def test_c17_the_file_of_an_agent_is_the_one_it_was_read_from(place: Place):
    path = place.write(place.project / "reviewer.md", "---\nname: code-reviewer\n---\nReview.")

    assert place.files.own_file("code-reviewer") == path
    assert place.files.disable("code-reviewer", place.project).path == path
    assert path.read_text() == "---\nenabled: false\nname: code-reviewer\n---\nReview."
    assert [file.name for file in place.project.iterdir()] == ["reviewer.md"]


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("---\nenabled: true # for now\n---\nx", "---\nenabled: false # for now\n---\nx"),
        ("---\nenabled:\n---\nx", "---\nenabled: false\n---\nx"),
        ("---\na: 1\nenabled: TRUE\n---\nx", "---\na: 1\nenabled: false\n---\nx"),
        ("---\n# a remark\n---\nx", "---\nenabled: false\n# a remark\n---\nx"),
        ("\ufeff---\nname: a\n---\nx", "\ufeff---\nenabled: false\nname: a\n---\nx"),
        (
            "---\ntools: |\n  read\n----\nenabled: true\n",
            "---\nenabled: false\ntools: |\n  read\n----\nenabled: true\n",
        ),
    ],
)
def test_one_line_changes_and_all_else_stays(text: str, off: str):
    assert switched_off(text).text == off
    assert not enabled(off)
    assert enabled(switched_on(off).text)


def test_a_remark_behind_the_key_survives():
    assert switched_on("---\nenabled: false # noisy\n---\nx").text == "---\nenabled: true # noisy\n---\nx"


def test_the_key_in_the_body_or_in_another_text_is_not_the_key():
    text = "---\nenabled: false\ndescription: |\n  is\n  enabled: false\n---\nenabled: false\n"
    assert switched_on(text).text == text.replace("enabled: false\n", "", 1)
    assert switched_on("---\na: 1\n----\nenabled: false\n---\n").outcome is Switch.ALREADY


@pytest.mark.parametrize("text", ["A prompt.", ""])
def test_a_file_without_front_matter_cannot_say_that_it_is_disabled(place: Place, text: str):
    path = place.write(place.project / "scout.md", text)

    edit = place.files.disable("scout", place.project)

    assert edit.outcome is Outcome.NO_FRONT_MATTER
    assert "has no front matter" in edit.message
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["---\n{description: x}\n---\nx", "---\nenabled: >-\n  true\n---\nx"])
def test_what_one_line_cannot_change_stays(text: str):
    assert switched_off(text).outcome is Switch.OTHERWISE_WRITTEN
    assert switched_off(text).text == text


@pytest.mark.parametrize("text", ["---\na: [\n---\nx", "---\nnever closed"])
def test_a_broken_file_is_left_alone_with_the_reason(place: Place, text: str):
    path = place.write(place.project / "scout.md", text)

    edit = place.files.disable("scout", place.project)

    assert edit.outcome is Outcome.UNREADABLE
    assert "line" in edit.message
    assert path.read_text() == text


LINES = st.lists(
    st.sampled_from(
        [
            "enabled: false",
            "enabled: true",
            "enabled: FALSE",
            "enabled:",
            "enabled: false # x",
            "description: x",
            "# y",
            "",
            "---",
            "  enabled: false",
            "tools: |",
            "  read",
            "enabled : false",
            "'enabled': false",
            "body",
        ]
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_switch_does_what_it_says_and_nothing_else(lines: list[str], ending: str, fenced: bool):
    text = ending.join(["---", *lines, "---", "body", ""] if fenced else lines)
    source = DefinitionSource("scout.md", "", "project")
    before = parse(text, source).definition
    for switch, wanted in ((switched_off, False), (switched_on, True)):
        switched = switch(text)
        if switched.outcome is Switch.DONE:
            assert before is not None
            assert parse(switched.text, source).definition == replace(before, enabled=wanted)
            assert before.enabled is not wanted
        else:
            assert switched.text == text
            if switched.outcome is Switch.ALREADY:
                assert before is not None
                assert before.enabled is wanted


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("---\n---\n", "---\n---\n"),
        ("---\n\n---\n", "---\n\n---\n"),
        ("---\r\n---\r\n", "---\r\n---\r\n"),
        ("---\n---", "---\n---"),
        # What the key said before it said false is not kept.
        ("---\nenabled: true\n---\n", "---\n---\n"),
    ],
)
def test_a_file_that_was_there_is_not_deleted_although_it_says_nothing_else(
    place: Place, text: str, after: str
):
    path = place.write(place.project / "Explore.md", text)

    assert place.files.disable("Explore", place.project).outcome is Outcome.DISABLED
    assert not place.enabled("Explore")
    assert place.files.enable("Explore").outcome is Outcome.ENABLED
    assert path.read_bytes().decode() == after


# --- a built-in


def test_a_built_in_is_disabled_by_a_file_that_says_nothing_else_and_enabled_by_deleting_it(place: Place):
    edit = place.files.disable("Explore", place.project)

    assert edit.outcome is Outcome.DISABLED
    assert (place.project / "Explore.md").read_text() == "---\nenabled: false\n---\n"
    assert not place.enabled("Explore")
    assert place.files.disable("Explore", place.project).outcome is Outcome.ALREADY_DISABLED

    edit = place.files.enable("Explore")

    assert edit.outcome is Outcome.ENABLED
    assert "is deleted" in edit.message
    assert not (place.project / "Explore.md").exists()
    assert place.enabled("Explore")


def test_c13_an_ejected_built_in_is_the_same_agent(place: Place):
    before = place.agent("Explore")

    edit = place.files.eject("Explore", place.project)

    assert edit.outcome is Outcome.WRITTEN
    assert (place.project / "Explore.md").read_text() == BUILT_IN
    after = place.agent("Explore")
    assert replace(after, source=None) == replace(before, source=None)
    assert after.run_in_background is False
    assert after.inherit_context is None
    assert after.source is not None
    assert after.source.scope == Scope.PROJECT


def test_eject_does_not_replace_what_a_person_wrote_unless_told_to(place: Place):
    path = place.write(place.project / "Explore.md", "Mine.")

    assert place.files.eject("Explore", place.project).outcome is Outcome.EXISTS
    assert path.read_text() == "Mine."
    assert place.files.eject("Explore", place.project, overwrite=True).outcome is Outcome.WRITTEN
    assert path.read_text() == BUILT_IN


def test_reset_deletes_what_stands_in_for_a_built_in(place: Place):
    path = place.write(place.user / "Explore.md", "Mine.")

    assert place.files.reset("Explore") == Edit(Outcome.RESET, path, f"{path} is deleted.")
    assert place.agent("Explore").body == "Look."
    assert place.files.reset("Explore").outcome is Outcome.NO_FILE


def test_reset_also_deletes_a_broken_file_that_would_have_stood_in(place: Place):
    path = place.write(place.project / "Explore.md", "---\na: [\n---\n")

    assert place.files.reset("Explore").path == path
    assert not path.exists()


def test_only_built_ins_are_ejected_and_reset(place: Place):
    path = place.write(place.project / "scout.md", E)

    for edit in (place.files.eject("scout", place.user), place.files.reset("scout")):
        assert edit.outcome is Outcome.NOT_BUILT_IN
        assert str(path) in edit.message
    assert place.files.eject("nobody", place.user).outcome is Outcome.NO_FILE
    assert path.exists()


# --- deleting


def test_delete_deletes_the_file_of_ours_and_nothing_else(place: Place):
    path = place.write(place.project / "scout.md", E)
    foreign = place.write(place.claude / "other.md", "---\nname: other\n---\nx")

    assert place.files.delete("scout") == Edit(Outcome.DELETED, path, f"{path} is deleted.")
    assert not path.exists()
    assert place.files.delete("other").outcome is Outcome.READ_ONLY
    assert foreign.exists()
    assert place.files.delete("Explore").outcome is Outcome.READ_ONLY
    assert place.files.delete("scout").outcome is Outcome.NO_FILE


def test_another_tools_file_is_only_read_and_the_way_out_is_named(place: Place):
    path = place.write(place.claude / "other.md", "---\nname: other one\n---\nx")
    before = path.read_bytes()

    edit = place.files.disable("other one", place.project)

    assert edit.outcome is Outcome.READ_ONLY
    assert "`subagents agents import 'other one'`" in edit.message
    assert path.read_bytes() == before
    assert place.files.enable("other one").outcome is Outcome.NOT_DISABLED


# --- making


def test_a_definition_becomes_a_file_that_says_the_same(place: Place):
    agent = AgentDefinition(name="Code: #1", description="a: b", tools=ToolSelection(()), body="Do it.")
    assert place.files.create(agent, place.project).outcome is Outcome.NOT_SAYABLE

    agent = replace(agent, name="Code #1")
    edit = place.files.create(agent, place.project)

    assert edit.outcome is Outcome.WRITTEN
    assert replace(place.agent("Code #1"), source=None) == agent


def test_a_file_that_is_there_is_only_replaced_on_demand(place: Place):
    path = place.write(place.project / "scout.md", E)
    agent = AgentDefinition(name="scout", description="New")

    assert place.files.create(agent, place.project).outcome is Outcome.EXISTS
    assert place.files.create(agent, place.project, dry_run=True).outcome is Outcome.EXISTS
    assert path.read_text() == E
    assert place.files.create(agent, place.project, overwrite=True, dry_run=True).outcome is Outcome.WRITTEN
    assert path.read_text() == E
    assert place.files.create(agent, place.project, overwrite=True).outcome is Outcome.WRITTEN
    assert path.read_text() == "---\ndescription: New\n---\n"


def test_an_agent_that_has_a_file_of_another_name_keeps_it(place: Place):
    path = place.write(place.project / "x.md", "---\nname: scout\n---\nx")
    agent = AgentDefinition(name="scout", description="New")

    assert place.files.create(agent, place.project).outcome is Outcome.EXISTS
    assert place.files.create(agent, place.project, overwrite=True).path == path
    assert place.agent("scout").description == "New"
    assert len(list(place.project.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("code-reviewer", "code-reviewer"),
        ("Code Reviewer", "Code-Reviewer"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        (".hidden", "hidden"),
        ("...", "agent"),
        ("con", "agent-con"),
        ("漢字", "漢字"),
        ("x" * 400, "x" * 200),
        ("é" * 150, "é" * 100),
        ("x\udcff\x1by", "x-y"),
        ("\udcff", "agent"),
    ],
)
def test_a_file_is_called_as_the_agent_as_far_as_file_systems_go(name: str, stem: str):
    assert file_stem(name) == stem


@pytest.mark.parametrize("name", ["x\udcff", "x\x00", "../x", "x\x1b[31m"])
def test_a_name_that_no_agent_has_is_told_whatever_it_is_made_of(place: Place, name: str):
    for edit in (
        place.files.disable(name, place.project),
        place.files.enable(name),
        place.files.eject(name, place.project),
        place.files.reset(name),
        place.files.delete(name),
    ):
        assert (edit.outcome, edit.message) == (Outcome.NO_FILE, f"There is no agent {name!r}.")


def test_an_agent_that_would_be_longer_than_what_is_read_is_not_written(place: Place):
    edit = place.files.create(
        AgentDefinition(name="scout", description="x", body="x" * 999_990), place.project
    )

    assert edit.outcome is Outcome.NOT_SAYABLE
    assert "longer than 1,000,000 bytes" in edit.message
    assert not place.project.exists()


# --- the files


def test_the_mode_of_a_file_stays_and_nothing_is_left_beside_it(place: Place):
    path = place.write(place.project / "scout.md", E)
    path.chmod(0o640)

    place.files.disable("scout", place.project)

    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in place.project.iterdir()] == ["scout.md"]


def test_what_somebody_else_wrote_since_the_file_was_read_stays(place: Place):
    path = place.write(place.project / "scout.md", E)

    with pytest.raises(ChangedMeanwhile):
        save(path, H, overwrite=True, was=E + "\n")

    assert path.read_text() == E
    assert list(place.project.iterdir()) == [path]


def test_a_link_out_of_the_folder_is_not_followed(place: Place):
    outside = place.write(place.project.parent / "elsewhere" / "scout.md", E)
    place.project.mkdir()
    link = place.project / "scout.md"
    link.symlink_to(outside)

    for edit in (
        place.files.disable("scout", place.project),
        place.files.create(AgentDefinition(name="scout", description="x"), place.project, overwrite=True),
    ):
        assert edit.outcome is Outcome.FAILED
        assert str(outside) in edit.message
    assert outside.read_text() == E
    assert link.is_symlink()

    assert place.files.delete("scout").outcome is Outcome.DELETED
    assert outside.read_text() == E
    assert not link.is_symlink()


def test_what_a_link_out_of_the_folder_leads_to_is_not_even_read(place: Place):
    place.write(place.project / "scout.md", E).unlink()
    (place.project / "scout.md").symlink_to("/dev/zero")

    edit = place.files.disable("scout", place.project)

    assert edit.outcome is Outcome.FAILED
    assert "a link to /dev/zero, outside of its folder" in edit.message


def test_a_link_within_the_folder_is_followed(place: Place):
    target = place.write(place.project / "_scout.txt", E)
    link = place.project / "scout.md"
    link.symlink_to("_scout.txt")

    assert place.files.disable("scout", place.project).outcome is Outcome.DISABLED
    assert link.is_symlink()
    assert not enabled(target.read_text())


def test_a_dangling_link_is_something_that_is_there(place: Place):
    place.project.mkdir()
    link = place.project / "scout.md"
    link.symlink_to(place.project.parent / "nowhere.md")

    edit = place.files.create(AgentDefinition(name="scout", description="x"), place.project)

    assert edit.outcome is Outcome.EXISTS
    assert not (place.project.parent / "nowhere.md").exists()


def test_a_folder_that_is_in_the_way_is_told(place: Place):
    place.write(place.project, "a file")

    edit = place.files.create(AgentDefinition(name="scout", description="x"), place.project)

    assert edit.outcome is Outcome.FAILED
    assert "is unchanged: " in edit.message


def test_a_file_that_is_no_text_is_left_alone(place: Place):
    path = place.write(place.project / "scout.md", b"---\n---\n\xff")

    edit = place.files.disable("scout", place.project)

    assert edit.outcome is Outcome.UNREADABLE
    assert path.read_bytes() == b"---\n---\n\xff"


def test_what_is_no_file_or_too_long_is_left_alone_and_never_waited_for(place: Place):
    long = place.write(place.project / "long.md", "---\n---\n" + "x" * 1_000_000)
    os.mkfifo(place.project / "pipe.md")

    assert "is longer than 1,000,000 bytes" in place.files.disable("long", place.project).message
    assert "is not a regular file" in place.files.disable("pipe", place.project).message
    assert long.stat().st_size == 1_000_008


def test_a_new_file_may_be_read_by_whom_the_mask_allows(place: Place):
    mask = os.umask(0o027)
    try:
        place.files.create(AgentDefinition(name="scout", description="x"), place.project)
    finally:
        os.umask(mask)

    assert (place.project / "scout.md").stat().st_mode & 0o777 == 0o640
