"""The stories of this folder: each provider in turn, and a project with one file in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.wire.server.providers import PROVIDERS, Provider
from tests.wire.stories import Tell, story


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "retry.py").write_text("retries = 5\n")
    return tmp_path


@pytest.fixture
def tell(provider: Provider, project: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    return lambda *steps, **wishes: story(provider, steps, project, monkeypatch, **wishes)
