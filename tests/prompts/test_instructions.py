"""A project's instructions are found from its root down to the folder, and are bounded."""

from __future__ import annotations

import os
from pathlib import Path

from inline_snapshot import snapshot

from subagents.prompts.instructions import project_instructions


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_come_first_then_those_nearer_to_the_folder(tmp_path: Path):
    write(tmp_path / "AGENTS.md", "Use tabs.\n")
    write(tmp_path / "CLAUDE.md", "\ufeffBe kind.")
    write(tmp_path / "a" / "AGENTS.md", "Use blanks here.")
    write(tmp_path / "a" / "b" / "README.md", "no")
    write(tmp_path / "other" / "AGENTS.md", "no")

    assert project_instructions(tmp_path, tmp_path / "a" / "b") == snapshot("""\
<project_instructions file="AGENTS.md">
Use tabs.
</project_instructions>

<project_instructions file="CLAUDE.md">
Be kind.
</project_instructions>

<project_instructions file="a/AGENTS.md">
Use blanks here.
</project_instructions>\
""")


def test_without_files_there_are_none(tmp_path: Path):
    assert project_instructions(tmp_path, tmp_path) == ""
    assert project_instructions(tmp_path / "nowhere", tmp_path / "nowhere") == ""


def test_a_folder_outside_of_the_project_has_the_projects_only(tmp_path: Path):
    write(tmp_path / "project" / "AGENTS.md", "ours")
    write(tmp_path / "elsewhere" / "AGENTS.md", "theirs")

    found = project_instructions(tmp_path / "project", tmp_path / "elsewhere")
    assert "ours" in found
    assert "theirs" not in found


def test_the_same_text_is_told_once(tmp_path: Path):
    write(tmp_path / "AGENTS.md", "Use tabs.")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    write(tmp_path / "a" / "AGENTS.md", "Use tabs.\n\n")
    write(tmp_path / "a" / "CLAUDE.md", "@AGENTS.md\n")

    assert project_instructions(tmp_path, tmp_path / "a").count("<project_instructions") == 1


def test_a_link_that_leads_out_of_the_project_and_what_is_no_file_are_not_read(tmp_path: Path):
    secret = write(tmp_path / "home" / "secret", "my key")
    project = tmp_path / "project"
    project.mkdir()
    (project / "AGENTS.md").symlink_to(secret)
    os.mkfifo(project / "CLAUDE.md")

    assert project_instructions(project, project) == ""


def test_long_files_are_cut_and_that_is_said(tmp_path: Path):
    for folder in ("", "a", "a/b", "a/b/c"):
        write(tmp_path / folder / "AGENTS.md", f"in {folder}: " + "x" * 25_000)

    found = project_instructions(tmp_path, tmp_path / "a/b/c")

    assert found.count("[cut here; read the file for the rest]") == 4
    assert len(found) < 41_000
