"""What may be released under a tag, and what is said of the release."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

ROOT = Path(__file__).parents[2]
GUARD = ROOT / ".github" / "release_check.py"
TODAY = date(2026, 11, 21)

GOOD = """\
# Changelog

What changes.

## [Unreleased]

## [0.2.0] - 2026-11-20

### Added

- Something [new].

### Fixed

- Something old.

## [0.1.0] - 2026-10-01

- The beginning.

[new]: https://example.invalid/new
"""


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_check", GUARD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


GUARDING = _loaded()


@pytest.fixture
def guard() -> ModuleType:
    return GUARDING


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of which version 0.2.0 may be released."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "subagents"\nversion = "0.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(GOOD)
    golden = tmp_path / "tests" / "golden" / "0.2.0"
    golden.mkdir(parents=True)
    for name in ("facts.jsonl", "log.sql", "state.json"):
        (golden / name).write_text("{}")
    return tmp_path


def changed(tree: Path, old: str, new: str) -> Path:
    text = (tree / "CHANGELOG.md").read_text()
    assert old in text
    (tree / "CHANGELOG.md").write_text(text.replace(old, new, 1))
    return tree


def test_a_tree_whose_tag_version_and_changelog_agree_may_be_released(guard: ModuleType, tree: Path):
    assert guard.problems(tree, "v0.2.0", TODAY) == []


@pytest.mark.parametrize(
    "tag", ["0.2.0", "v0.2.1", "v0.2", "V0.2.0", " v0.2.0", "v0.2.0\n", "", "refs/tags/v0.2.0"]
)
def test_another_tag_is_refused(guard: ModuleType, tree: Path, tag: str):
    assert guard.problems(tree, tag, TODAY) == [
        f"The tag {tag!r} does not belong to the version '0.2.0' in pyproject.toml; its tag is 'v0.2.0'."
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## [Unreleased]\n", "## [Unreleased]\n\n- more\n", "has entries below [Unreleased]"),
        ("## [Unreleased]\n\n", "", "does not begin with '## [Unreleased]'"),
        ("## [0.2.0] - 2026-11-20", "## [0.3.0] - 2026-11-20", "has no section for '0.2.0'"),
        ("## [0.2.0] - 2026-11-20", "## [0.2.0]", "'## [0.2.0]' in CHANGELOG.md has no date"),
        ("## [0.2.0] - 2026-11-20", "## [0.2.0] - soon", "has no date"),
        ("## [0.2.0] - 2026-11-20", "## [0.2.0] - 2026-13-20", "has no date"),
        ("## [0.2.0] - 2026-11-20", "## [0.2.0] - 2026-12-01", "is dated 10 days from now"),
        (
            "## [0.2.0] - 2026-11-20\n",
            "## [0.2.0] - 2026-11-20\n\n## [0.1.5] - 2026-11-01\n",
            "says nothing below",
        ),
        (
            "## [0.2.0]",
            "## [0.4.0] - 2026-11-20\n\n- x\n\n## [0.2.0]",
            "newest section of CHANGELOG.md is '0.4.0'",
        ),
        ("## [0.1.0]", "## [0.2.0]", "has 2 sections for '0.2.0'"),
    ],
)
def test_a_changelog_that_does_not_fit_is_refused(
    guard: ModuleType, tree: Path, old: str, new: str, said: str
):
    found = guard.problems(changed(tree, old, new), "v0.2.0", TODAY)
    assert any(said in problem for problem in found), found


def test_headings_alone_are_no_entries(guard: ModuleType, tree: Path):
    assert (
        guard.problems(changed(tree, "## [Unreleased]\n", "## [Unreleased]\n\n### Added\n"), "v0.2.0", TODAY)
        == []
    )


def test_a_release_may_be_dated_where_it_is_tomorrow_already(guard: ModuleType, tree: Path):
    assert guard.problems(changed(tree, "2026-11-20", "2026-11-22"), "v0.2.0", TODAY) == []


def test_a_version_without_its_golden_log_is_refused(guard: ModuleType, tree: Path):
    (tree / "tests/golden/0.2.0/log.sql").unlink()
    assert guard.problems(tree, "v0.2.0", TODAY) == snapshot(
        [
            "There is no golden log of '0.2.0' (tests/golden/0.2.0/log.sql); tests/golden/make.py says how one is made."
        ]
    )


@pytest.mark.parametrize("version", ["0.2", "0.2.0rc1", "1.0.0.post1", "2026.11.21"])
def test_what_a_version_may_look_like(guard: ModuleType, tree: Path, version: str):
    (tree / "pyproject.toml").write_text(f'[project]\nname = "subagents"\nversion = "{version}"\n')
    assert not any("cannot be released" in problem for problem in guard.problems(tree, f"v{version}", TODAY))


@pytest.mark.parametrize("version", ["0.2.0.dev1", "0.2.0+local", "v0.2.0", "1!0.2.0", "next"])
def test_and_what_not(guard: ModuleType, tree: Path, version: str):
    (tree / "pyproject.toml").write_text(f'[project]\nname = "subagents"\nversion = "{version}"\n')
    assert any("cannot be released" in problem for problem in guard.problems(tree, f"v{version}", TODAY))


def test_exactly_the_two_files_of_the_version_may_have_been_built(guard: ModuleType, tree: Path):
    dist = tree / "dist"
    assert len(guard.problems(tree, "v0.2.0", TODAY, dist)) == 2
    dist.mkdir()
    for name in ("subagents-0.2.0.tar.gz", "subagents-0.2.0-py3-none-any.whl"):
        (dist / name).touch()
    assert guard.problems(tree, "v0.2.0", TODAY, dist) == []
    (dist / "subagents-0.1.0.tar.gz").touch()
    assert "build into an empty folder" in "".join(guard.problems(tree, "v0.2.0", TODAY, dist))


# --- the notes


def test_the_notes_are_the_section_word_for_word(guard: ModuleType):
    assert guard.notes(GOOD, "0.2.0") == "### Added\n\n- Something [new].\n\n### Fixed\n\n- Something old.\n"
    assert guard.notes(GOOD, "0.1.0") == "- The beginning.\n"
    assert guard.notes(GOOD.replace("\n", "\r\n"), "0.1.0") == "- The beginning.\n"


@pytest.mark.parametrize("version", ["0.3.0", "Unreleased", "0.2", ""])
def test_a_version_of_which_nothing_is_said_has_no_notes(guard: ModuleType, version: str):
    with pytest.raises(LookupError):
        guard.notes(GOOD, version)


@given(st.text(alphabet="#[] -\n0.1ab"))
def test_whatever_a_changelog_holds_is_looked_at(text: str):
    assert all(section.name in text for section in GUARDING.sections(text))


# --- as it is used


def test_it_says_yes_and_writes_the_notes(guard: ModuleType, tree: Path, capsys: pytest.CaptureFixture[str]):
    assert guard.main(["v0.2.0", "--notes", str(tree / "notes.md")], tree) == 0
    assert capsys.readouterr().out == "release-check: v0.2.0 may be released.\n"
    assert (tree / "notes.md").read_text() == guard.notes(GOOD, "0.2.0")


def test_without_a_tag_the_versions_own_is_rehearsed(guard: ModuleType, tree: Path):
    assert guard.main([], tree) == 0


def test_it_says_no_with_a_sentence_and_writes_nothing(
    guard: ModuleType, tree: Path, capsys: pytest.CaptureFixture[str]
):
    assert guard.main(["v9.9.9", "--notes", str(tree / "notes.md")], tree) == 1
    assert capsys.readouterr().err.startswith("release-check: The tag 'v9.9.9' does not belong to")
    assert not (tree / "notes.md").exists()


def test_make_asks_the_same():
    done = subprocess.run(
        ["make", "release-check", "TAG=v0.0.0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "release-check: The tag 'v0.0.0' does not belong to the version" in done.stderr
