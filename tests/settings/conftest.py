from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from subagents.places import Project, project_at
from subagents.settings.files import project_file, user_file
from subagents.settings.layers import Layered, layered

Write = Callable[[str], Path]

# What stands in for the library `keyring`: it keeps texts in files beside it.
LIBRARY = """
import os, pathlib

class _Backend:
    name = "Folder"
    priority = float(os.environ.get("PRIORITY", "5"))

def get_keyring():
    return _Backend

def _file(service, user):
    if os.environ.get("BREAKS"):
        raise Exception("the service went away\\nfor good")
    return pathlib.Path(__file__).with_name(f"{service}.{user}")

def set_password(service, user, text):
    _file(service, user).write_text(text, encoding="utf-8")

def get_password(service, user):
    file = _file(service, user)
    return file.read_text(encoding="utf-8") if file.exists() else None
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "shop"
    (folder / ".subagents").mkdir(parents=True)
    return project_at(folder)


@pytest.fixture
def shared(project: Project) -> Write:
    """Writes the project's file."""
    return lambda text: written(project_file(project), text)


@pytest.fixture
def own() -> Write:
    """Writes the user's file."""
    return lambda text: written(user_file(), text)


@pytest.fixture
def look(project: Project) -> Callable[..., Layered]:
    """What is set, with these variables."""
    return lambda **environ: layered(project, environ)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path
