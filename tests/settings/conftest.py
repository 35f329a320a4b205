from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from subagents.places import Project, project_at
from subagents.settings.files import project_file, user_file
from subagents.settings.layers import Layered, layered

Write = Callable[[str], Path]


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
