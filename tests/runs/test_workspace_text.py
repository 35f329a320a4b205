"""What is told of a worktree that is closed claims no more than was found."""

from __future__ import annotations

import msgspec
import pytest
from tests.runs.test_result import completed, run

from subagents.runs.kept import KeptWork
from subagents.runs.workspace_text import workspace_text

KEPT = KeptWork(repository="/r", base="0123456789abcdef")
ENDED = run(completed())
BRANCH = (
    "Worktree: the work is on branch b of /r: 1 commit, 2 files, +3 -0 since 0123456789ab. To merge it: "
    "git -C /r merge b"
)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "Worktree: nothing was changed in it."),
        (
            {"why": "git failed."},
            "Worktree: no work was found in it, but not all of it could be looked at or tidied up: git failed.",
        ),
        ({"branch": "b", "commits": 1, "files": 2, "insertions": 3}, BRANCH),
        (
            {"branch": "b", "commits": 1, "files": 2, "insertions": 3, "why": "git failed"},
            f"{BRANCH}\nSomething of it is left to be tidied up: git failed.",
        ),
        (
            {"preserved": "/w", "why": "'inner' is a repository of its own inside it"},
            "The worktree itself is kept at /w: 'inner' is a repository of its own inside it.",
        ),
    ],
)
def test_an_ending_tells_of_its_worktree(changed, text):
    assert (
        workspace_text(msgspec.structs.replace(ENDED, kept=msgspec.structs.replace(KEPT, **changed))) == text
    )
