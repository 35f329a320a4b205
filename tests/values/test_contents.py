"""A regular file is read as far as it may be; everything else is refused, and nothing is left open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subagents.contents import first_bytes


def test_a_file_is_read_up_to_the_bound(tmp_path: Path):
    (tmp_path / "a.md").write_bytes(b"one\r\ntwo")

    assert (first_bytes(tmp_path / "a.md", 4), first_bytes(tmp_path / "a.md", 99)) == (
        b"one\r",
        b"one\r\ntwo",
    )


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_refused_and_closed_again(tmp_path: Path, make):
    make(tmp_path / "a.md")
    (tmp_path / "b.md").touch()
    lowest = os.open(tmp_path / "b.md", os.O_RDONLY)
    os.close(lowest)

    with pytest.raises(OSError, match="it is not a regular file"):
        first_bytes(tmp_path / "a.md", 4)

    again = os.open(tmp_path / "b.md", os.O_RDONLY)
    os.close(again)
    assert again == lowest
