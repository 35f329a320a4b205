"""The right file is named for most questions about CPython's standard library."""

from __future__ import annotations

import re
import shutil
import sysconfig
from pathlib import Path

import anyio
import pytest
from tests.models.conftest import AskOf
from tests.models.stdlib_questions import QUESTIONS, Asked

pytestmark = pytest.mark.anyio

_PLACE = re.compile(r"^\d+\. ([^\s:]+)", re.M)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard library with its tests, without what was installed beside it."""
    copy = tmp_path_factory.mktemp("library") / "lib"
    left_out = shutil.ignore_patterns(
        "site-packages", "__pycache__", "config-*", "lib-dynload", "*.so", "*.a"
    )
    shutil.copytree(sysconfig.get_path("stdlib"), copy, ignore=left_out, ignore_dangling_symlinks=True)
    return copy


async def _named(agent_in: AskOf, library: Path, asked: Asked) -> list[str]:
    with anyio.fail_after(10):
        answer = (await agent_in(library).run(asked.question)).output
    return _PLACE.findall(answer)


async def test_the_right_file_is_among_the_first_three(agent_in: AskOf, library: Path):
    missed = [
        f"{asked.question} {named[:3]}"
        for asked in QUESTIONS
        if not set(asked.files) & set((named := await _named(agent_in, library, asked))[:3])
    ]
    assert len(missed) <= len(QUESTIONS) // 5, "\n".join(missed)
