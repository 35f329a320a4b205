"""The version, which is read from a folder's name where that is enough."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import subagents

BOUND = 60


def test_it_is_that_of_the_package():
    assert subagents.__version__ == version("subagents")


@pytest.mark.parametrize(
    ("folders", "found", "loaded"),
    [
        (["subagents-7.7.dist-info"], "7.7", False),
        (["subagents_more-1.dist-info", "subagents-1.egg-info"], version("subagents"), False),
        (["subagents-7.7.dist-info", "subagents-7.8.dist-info"], None, True),
    ],
)
def test_what_reads_metadata_is_loaded_only_where_names_do_not_tell(
    tmp_path: Path, folders: list[str], found: str | None, loaded: bool
):
    for name in folders:
        (tmp_path / name).mkdir()
        (tmp_path / name / "METADATA").write_text("Name: subagents\nVersion: 7.7\n", encoding="utf-8")
    program = "import subagents, sys; print(subagents.__version__, 'importlib.metadata' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=True,
    ).stdout.split()
    assert said == [found or "7.7", str(loaded)]
