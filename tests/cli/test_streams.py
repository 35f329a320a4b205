"""What is written where the output is not UTF-8."""

from __future__ import annotations

import io
import json

import pytest

from subagents.cli.streams import json_for

TEXT = json.dumps({"text": 'grüße 🎉 \\ "'}, ensure_ascii=False)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-16"])
def test_json_is_escaped_where_the_output_is_not_utf_8(encoding: str):
    written = json_for(io.TextIOWrapper(io.BytesIO(), encoding=encoding), TEXT)
    assert written.isascii()
    assert json.loads(written) == json.loads(TEXT)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf_8"])
def test_json_is_left_as_it_is_where_it_is(encoding: str):
    assert json_for(io.TextIOWrapper(io.BytesIO(), encoding=encoding), TEXT) == TEXT
