"""The ways in which a branch comes into another one."""

from __future__ import annotations

from enum import StrEnum


class How(StrEnum):
    """A commit with both sides as parents; one commit with all of it; or its commits made anew on top."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"
