"""Real repositories for tests: made and asked by the git that is installed, as a person would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """What it says, without the last line end."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=False, timeout=60, text=True
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout.rstrip("\n")


def repository(folder: Path, **files: str) -> Path:
    """A repository with one commit of `files`, by default of a README."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for name, text in (files or {"README": "one\n"}).items():
        write(folder / name, text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def shown(folder: Path, revision: str, path: str) -> bytes:
    """A file as a commit has it."""
    return subprocess.run(
        ["git", "show", f"{revision}:{path}"], cwd=folder, capture_output=True, check=True, timeout=60
    ).stdout


def tracked(folder: Path, revision: str) -> set[str]:
    """The paths that a commit has."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--name-only", revision],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    return {os.fsdecode(name) for name in listed.split(b"\0") if name}
