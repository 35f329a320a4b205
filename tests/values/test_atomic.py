"""A file is replaced whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import subagents
from subagents.atomic import beside, replace


def test_a_new_file_has_the_rights_that_the_mask_allows(tmp_path: Path):
    mask = os.umask(0o027)
    try:
        replace(tmp_path / "scout.md", b"one\r\n")
    finally:
        os.umask(mask)

    assert (tmp_path / "scout.md").read_bytes() == b"one\r\n"
    assert stat.S_IMODE((tmp_path / "scout.md").stat().st_mode) == 0o640


def test_a_file_that_is_replaced_keeps_its_rights(tmp_path: Path):
    file = tmp_path / "scout.md"
    file.touch(mode=0o604)

    replace(file, b"two")

    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"two", 0o604)


def test_what_is_not_moved_is_deleted(tmp_path: Path):
    with beside(tmp_path / "scout.md", b"three") as new:
        assert new.read_bytes() == b"three"

    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_moved_is_deleted_too(tmp_path: Path):
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError):
        replace(tmp_path / "folder", b"three")

    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


WRITES_TOO_MUCH = """
import resource, sys
from pathlib import Path
from subagents.atomic import replace
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    replace(Path(sys.argv[1]), b"x" * 10_000)
except OSError as error:
    print(error.strerror)
"""


def test_where_there_is_no_room_the_file_is_as_it_was_and_nothing_is_left_beside_it(tmp_path: Path):
    file = tmp_path / "scout.md"
    file.write_bytes(b"before")

    done = subprocess.run(
        [sys.executable, "-c", WRITES_TOO_MUCH, str(file)],
        env={**os.environ, "PYTHONPATH": str(Path(subagents.__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == "File too large\n"
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"scout.md": b"before"}


@pytest.mark.parametrize("name", ["n" * 255, "名" * 85])
def test_the_longest_name_that_a_file_can_have_will_do(tmp_path: Path, name: str):
    replace(tmp_path / name, b"four")

    assert [each.name for each in tmp_path.iterdir()] == [name]
