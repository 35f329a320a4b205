"""A program's arguments: what stands in braces is filled in, and nothing that somebody says becomes a flag."""

from __future__ import annotations

import pytest

from subagents.errors import RunnerError
from subagents.runners.commands.arguments import filled


@pytest.mark.parametrize(
    ("line", "values", "arguments"),
    [
        (
            ["tool", "--model", "{model}", "{prompt}"],
            {"prompt": "go", "model": "m"},
            ["tool", "--model", "m", "go"],
        ),
        (["tool", "--model", "{model}", "{prompt}"], {"prompt": "go"}, ["tool", "go"]),
        (["tool", "--model={model}", "{prompt}"], {"prompt": "go"}, ["tool", "go"]),
        (["tool", '{"a": 1}', "{prompt}"], {"prompt": "{model}"}, ["tool", '{"a": 1}', "{model}"]),
        (["tool", "{prompt}"], {"prompt": "--yes-to-all"}, ["tool", " --yes-to-all"]),
        (["tool", "{role}"], {"role": "- be kind"}, ["tool", " - be kind"]),
    ],
)
def test_placeholders_are_filled_in(line, values, arguments):
    assert filled(line, values) == arguments


@pytest.mark.parametrize("name", ["model", "session", "thinking"])
def test_a_value_that_looks_like_a_flag_starts_nothing(name):
    with pytest.raises(RunnerError, match=f"'tool' would take the {name} '--all' for a flag"):
        filled(["tool", "--with", f"{{{name}}}"], {name: "--all"})
