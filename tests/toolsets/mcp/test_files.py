"""What a file of servers says, whoever wrote it for whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from subagents.toolsets.mcp.files import project_file


@pytest.mark.parametrize(
    "ours",
    [
        {"command": "subagents", "args": ["mcp"]},
        {"command": "/opt/venv/bin/subagents", "args": ["mcp", "--new"]},
        {"command": "python3", "args": ["-m", "subagents", "mcp"]},
    ],
)
def test_our_own_server_that_another_client_is_to_start_is_none_for_agents(tmp_path: Path, ours: object):
    servers = {"subagents": ours, "docs": {"command": "docs"}, "other": {"command": "subagents-too"}}
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    file = project_file(tmp_path)
    assert file is not None
    assert [config.name for config in file.servers.values()] == ["docs", "other"]
    assert file.problems == ()
