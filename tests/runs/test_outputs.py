"""Two agents that are asked to write one file are told of before they start."""

from __future__ import annotations

import pytest

from subagents.runs.outputs import declared_outputs


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Write the report to docs/report.md.", {"docs/report.md"}),
        ("Read src/a.py and save what you find in `notes.txt`", {"notes.txt"}),
        ("Update ./src/app.py and tests/test_app.py", {"src/app.py", "tests/test_app.py"}),
        ("Look at src/a.py. Write nothing.", set()),
        ("Write version 1.2.3 of it, and see https://example.org/a.html", set()),
        ("", set()),
    ],
)
def test_what_stands_behind_a_word_for_writing_is_an_output(text: str, paths: set[str]):
    assert declared_outputs(text) == paths
