"""Tools that installed packages bring, as a person meets them: in `doctor` and when an agent runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODULE = '''\
print("imported")

def price(item: str) -> str:
    """What an item costs."""
    return f"{item} costs 3"

tools = [price]
'''
ENTRIES = """\
[subagents.toolsets]
shop = shop_tools:tools
gone = no_such_module_of_ours:tools
bad:name = shop_tools:tools
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed package that brings tools."""
    info = tmp_path / "site" / "shop_tools-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-tools\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "site" / "shop_tools.py").write_text(MODULE)
    return tmp_path / "site"


def subagents(site: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "subagents", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_doctor_names_the_tools_and_says_why_some_cannot_be_used(site: Path, tmp_path: Path):
    said = subagents(site, tmp_path, "doctor", "--json").stdout
    found: list[dict[str, Any]] = [each for each in json.loads(said) if each["name"] == "tools"]

    assert [each["verdict"] for each in found] == ["note", "note", "ok"]
    assert "cannot be called 'bad:name'" in found[0]["found"]
    assert "ModuleNotFoundError: No module named 'no_such_module_of_ours'" in found[1]["found"]
    assert found[2]["found"] == "shop (shop_tools:tools, of shop-tools 1.2); agents select them as ext:shop"


def test_a_run_uses_them_and_is_told_of_those_it_goes_without(site: Path, tmp_path: Path):
    folder = tmp_path / ".subagents" / "agents"
    folder.mkdir(parents=True)
    (folder / "buyer.md").write_text("---\ndescription: buys\ntools: none\n---\nBuy.\n")
    turns = [{"tool_calls": [{"name": "price", "arguments": {"item": "tea"}}]}, {"text": "bought"}]
    (tmp_path / "turns.yaml").write_text(json.dumps({"turns": turns}))

    done = subagents(site, tmp_path, "run", "buyer", "buy tea", "--model", "script:turns.yaml")

    assert done.stdout.splitlines()[-1] == "bought"
    assert "The tools 'gone' (no_such_module_of_ours:tools, of shop-tools 1.2) are left out" in done.stderr


def test_nothing_is_imported_where_no_agent_runs(site: Path, tmp_path: Path):
    for arguments in (["--help"], ["ps"], ["agents", "list"], ["run", "--help"]):
        done = subagents(site, tmp_path, *arguments)
        assert "imported" not in done.stdout.splitlines(), arguments
