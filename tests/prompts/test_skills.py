"""Skills: where they are looked for, which of equal names counts, what is never followed, and how they are told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.prompts import skills as limits
from subagents.prompts.skill_texts import MAX_NAMED, Told, named, offered
from subagents.prompts.skills import MAX_FILE, Found, Skill, read_skill, skill_roots, skills_in
from subagents.prompts.unlinked import Unlinked


def skill(path: Path, text: str = "Do it well.", description: str = "does it") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {path.parent.name}\ndescription: {description}\n---\n\n{text}\n")
    return path


def known(root: Path) -> Mapping[str, Found]:
    return skills_in([Unlinked(root, ("skills",))])


def told(root: Path, *names: str) -> Told:
    return named(names, known(root), read_skill)


# --- where they are


def test_the_projects_come_before_the_users_and_our_own_before_those_of_other_tools(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    shown = [
        str(root.path).replace(str(tmp_path), "P").replace(str(home), "~") for root in skill_roots(tmp_path)
    ]
    assert shown == snapshot(
        [
            "P/.subagents/skills",
            "P/.agents/skills",
            "P/.claude/skills",
            "~/subagents/skills",
            "~/.agents/skills",
            "~/.claude/skills",
            "~/.pi/skills",
        ]
    )

    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/srv/claude")
    assert Path("/srv/claude/skills") in [root.path for root in skill_roots(tmp_path)]


@pytest.mark.parametrize("place", ["x.md", "x/SKILL.md", "sub/x/SKILL.md"])
def test_x9_a_skill_is_a_file_or_a_folder_at_any_depth(place: str, tmp_path: Path):
    file = skill(tmp_path / "skills" / place)
    assert known(tmp_path)["x"].path == file


def test_x9_the_file_comes_before_the_folder_and_what_is_less_deep_before_what_is_deeper(tmp_path: Path):
    root = tmp_path / "skills"
    skill(root / "a" / "b" / "x" / "SKILL.md")
    assert known(tmp_path)["x"].path == root / "a" / "b" / "x" / "SKILL.md"
    skill(root / "z" / "x" / "SKILL.md")
    assert known(tmp_path)["x"].path == root / "z" / "x" / "SKILL.md"
    skill(root / "B" / "x" / "SKILL.md")  # before `z` in the order of bytes
    assert known(tmp_path)["x"].path == root / "B" / "x" / "SKILL.md"
    skill(root / "x.md")
    assert known(tmp_path)["x"].path == root / "x.md"


def test_x11_of_the_same_skill_in_the_project_and_for_the_user_the_projects_counts(
    tmp_path: Path, home: Path
):
    roots = skill_roots(tmp_path)
    for root in reversed(roots):
        file = skill(root.path / "x" / "SKILL.md")
        assert skills_in(roots)["x"].path == file
    assert skills_in(roots)["x"].path == tmp_path / ".subagents" / "skills" / "x" / "SKILL.md"


def test_x13_a_folder_of_that_name_without_the_file_is_looked_into(tmp_path: Path):
    (tmp_path / "skills" / "foo").mkdir(parents=True)
    file = skill(tmp_path / "skills" / "foo" / "bar" / "foo" / "SKILL.md")
    assert known(tmp_path)["foo"].path == file


def test_a_folder_that_is_a_skill_holds_no_others(tmp_path: Path):
    skill(tmp_path / "skills" / "outer" / "SKILL.md")
    skill(tmp_path / "skills" / "outer" / "inner" / "SKILL.md")
    assert list(known(tmp_path)) == ["outer"]


@pytest.mark.parametrize(
    "place",
    [
        "x.txt",
        "x/skill.md",
        "x/SKILL.txt",
        ".git/x/SKILL.md",
        "node_modules/x/SKILL.md",
        "SKILL.md",
        "sub/x.md",
    ],
)
def test_what_only_looks_like_a_skill_is_none(place: str, tmp_path: Path):
    skill(tmp_path / "skills" / place)
    assert known(tmp_path) == {}


def test_a_home_that_was_put_there_by_mistake_is_not_walked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MAX_FOLDERS", 5)
    for number in range(10):
        skill(tmp_path / "skills" / f"x{number}" / "SKILL.md")
    assert len(known(tmp_path)) == 4  # and the root itself
    deep = tmp_path / "other" / "skills" / "/".join("abcdefghijkl") / "x" / "SKILL.md"
    skill(deep)
    assert known(tmp_path / "other") == {}


# --- links


@pytest.mark.parametrize(
    "link", ["skills", "skills/sub", "skills/sub/x", "skills/sub/x/SKILL.md", "skills/x.md"]
)
def test_x15_nothing_is_read_through_a_link(link: str, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    target = Path("skills/x.md" if link == "skills/x.md" else "skills/sub/x/SKILL.md")
    secret = elsewhere / target.relative_to(link)
    if link.endswith(".md"):
        secret = elsewhere / "secret.md"
    skill(secret, "A secret.")
    place = tmp_path / "project" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(secret if link.endswith(".md") else elsewhere)

    found = told(tmp_path / "project", "x")
    assert found.missing == ("x",)
    assert "secret" not in found.text.lower()


def test_x15_a_file_that_became_a_link_since_it_was_found_is_not_read(tmp_path: Path):
    file = skill(tmp_path / "skills" / "x" / "SKILL.md")
    found = known(tmp_path)["x"]
    file.rename(tmp_path / "secret")
    file.symlink_to(tmp_path / "secret")
    assert read_skill(found) is None


# --- what one says


def test_its_front_matter_is_not_its_text(tmp_path: Path):
    skill(tmp_path / "skills" / "x" / "SKILL.md", "# How\n\nSo.", "does\n  it all")
    assert read_skill(known(tmp_path)["x"]) == Skill(known(tmp_path)["x"], "does it all", "# How\n\nSo.")


def test_one_without_front_matter_is_all_text_and_is_not_offered(tmp_path: Path):
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "x.md").write_text("Do it.")
    assert "Do it." in told(tmp_path, "x").text
    assert offered([found for each in known(tmp_path).values() if (found := read_skill(each))]) == Told()


def test_a_description_that_is_no_yaml_is_read_all_the_same(tmp_path: Path):
    skill(tmp_path / "skills" / "x" / "SKILL.md", description="Use when: it is late")
    found = read_skill(known(tmp_path)["x"])
    assert found is not None
    assert found.description == "Use when: it is late"


def test_of_a_long_one_the_beginning_is_shown_and_it_is_said(tmp_path: Path):
    skill(tmp_path / "skills" / "x" / "SKILL.md", "é" * MAX_FILE)
    text = told(tmp_path, "x").text
    assert f"[cut here after {MAX_FILE:,} bytes; the rest is in the file]" in text
    assert len(text.encode()) < MAX_FILE + 500


@given(data=st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_a_skill(data: bytes, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("any")
    (root / "skills").mkdir()
    (root / "skills" / "x.md").write_bytes(data)
    assert read_skill(known(root)["x"]) is not None


# --- how an agent is told


def test_those_it_names_stand_in_the_prompt(tmp_path: Path):
    skill(tmp_path / "skills" / "pdf" / "SKILL.md", "# PDF\n\nUse a library.")
    skill(tmp_path / "skills" / "review.md", "Look twice.")
    found = told(tmp_path, "review", "pdf", "review")
    assert found.text.replace(str(tmp_path), "") == snapshot("""\
<skills>
# Preloaded Skill: review

[from /skills/review.md; paths in it count from its folder]

Look twice.

# Preloaded Skill: pdf

[from /skills/pdf/SKILL.md; paths in it count from its folder]

# PDF

Use a library.
</skills>\
""")
    assert found.places == (tmp_path / "skills" / "review.md", tmp_path / "skills" / "pdf")


def test_x17_one_that_there_is_not_is_said_in_its_place(tmp_path: Path):
    skill(tmp_path / "skills" / "pdf" / "SKILL.md")
    found = told(tmp_path, "nope", "pdf")
    assert found.missing == ("nope",)
    assert "# Preloaded Skill: nope\n\n[this skill was not found; go on without it]" in found.text
    assert "Do it well." in found.text


@pytest.mark.parametrize("name", ["../../etc/evil", "foo/bar", ".hidden", "foo bar", "a\nb"])
def test_a_name_that_could_lead_elsewhere_is_skipped_and_said(name: str, tmp_path: Path):
    skill(tmp_path / "skills" / "foo" / "bar" / "SKILL.md")
    found = told(tmp_path, name)
    assert found.unsafe == (name,)
    assert "[skipped: " in found.text
    assert "\nb" not in found.text


def test_there_is_a_bound_to_how_many_are_put_in(tmp_path: Path):
    found = told(tmp_path, *(f"x{n}" for n in range(MAX_NAMED + 2)))
    assert found.left_out == ("x50", "x51")


def test_where_none_is_named_it_is_told_which_there_are(tmp_path: Path):
    skill(tmp_path / "skills" / "pdf" / "SKILL.md", "Use a library.", "fills in forms")
    skill(tmp_path / "skills" / "mine" / "SKILL.md", description="x\ndisable-model-invocation: true")
    found = offered(filter(None, map(read_skill, known(tmp_path).values())))
    assert found.text.replace(str(tmp_path), "") == snapshot("""\
<skills>
Instructions for particular work, each in a file. Where one fits, read its file with `read` before you begin.

- pdf: fills in forms (/skills/pdf/SKILL.md)
</skills>\
""")
    assert found.places == (tmp_path / "skills" / "pdf",)


def test_there_is_a_bound_to_the_list_and_it_is_said(tmp_path: Path):
    place = Found("x", Unlinked(tmp_path, ("skills", "x")), "SKILL.md")
    found = offered(Skill(place, "y" * 2_000, "") for _ in range(100))
    assert len(found.text) < 25_000
    assert "more are left out, for there are too many to list]" in found.text
    assert len(found.places) + len(found.left_out) == 100
