"""What is told of the server before it runs is what the server tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.serve.mcp.stories import MODERN, envelope, story

from subagents.definitions.catalog import AgentCatalog
from subagents.serve.mcp import tools
from subagents.serve.mcp.offering import default_catalog, offering, written
from subagents.settings.model import Settings

pytestmark = pytest.mark.anyio

FILE = Path(__file__).parents[3] / "src/subagents/serve/front/offered.json"


async def test_the_packaged_one_is_up_to_date():
    offered = await offering(None, Settings(), default_catalog())
    assert FILE.read_text(encoding="utf-8") == written(offered), "run `make offered`"


async def test_it_is_what_a_client_is_told():
    async with story() as told:
        offered = await offering(told.host.project, told.host.settings, told.host.catalog())
        assert offered["digest"] == tools.digest(tools.listed(told.host))
        for version, answers in offered["handshake"].items():
            client = await told.by_hand()
            assert await client.shake_hands(version=version) == answers["initialize"]
            assert await client.ask("tools/list") == _list_of(offered["handshake"], answers["tools/list"])
        client = await told.by_hand()
        for method, answer in offered["modern"][MODERN].items():
            assert await client.ask(method, {"_meta": envelope()}) == answer
        assert list(offered["handshake"]) == ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


async def test_other_agents_or_settings_are_another_offering():
    one = await offering(None, Settings(), default_catalog())
    assert one == json.loads(json.dumps(one))
    fewer = await offering(None, Settings(), AgentCatalog())
    longer = await offering(None, Settings(wait_timeout_seconds=300), default_catalog())
    assert len({one["digest"], fewer["digest"], longer["digest"]}) == 3


def _list_of(handshakes: dict[str, Any], told: Any) -> Any:
    """The list itself where only the version is named that has the same."""
    return handshakes[told]["tools/list"] if isinstance(told, str) else told
