"""How the server of the agent `browser` is begun, and what is said when something for it is not installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.toolsets.mcp.conftest import Story

from subagents.definitions.discovery import Definitions
from subagents.places import project_at
from subagents.toolsets.mcp.browser import PACKAGE, Missing, command, found_browser

pytestmark = pytest.mark.anyio


@pytest.fixture
def installed(tmp_path: Path):
    def install(*names: str) -> Mapping[str, str]:
        for name in names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#!/bin/sh\n")
            file.chmod(0o755)
        return {"PATH": str(tmp_path), "HOME": str(tmp_path)}

    return install


def test_npx_gets_the_server_where_none_is_installed(installed, tmp_path: Path):
    line = command(installed("chromium", "npx"), "/kept")

    assert line[:4] == [str(tmp_path / "npx"), "-y", PACKAGE, "--headless"]
    assert line[line.index("--executable-path") + 1] == str(tmp_path / "chromium")
    assert line[line.index("--output-dir") + 1] == "/kept"


def test_an_installed_server_is_taken_first(installed, tmp_path: Path):
    assert command(installed("chromium", "npx", "playwright-mcp"), "/kept")[0] == str(
        tmp_path / "playwright-mcp"
    )


def test_without_npx_it_says_what_to_install(installed):
    with pytest.raises(Missing, match="Install Node"):
        command(installed("chromium"), "/kept")


def test_without_a_browser_it_says_what_to_install(installed):
    with pytest.raises(Missing, match="No Chromium or Chrome was found"):
        command(installed("npx"), "/kept")


def test_a_browser_that_playwright_downloaded_is_found(installed, tmp_path: Path):
    environ = installed(".cache/ms-playwright/chromium-1247/chrome-linux64/chrome")

    assert found_browser(environ) == str(
        tmp_path / ".cache/ms-playwright/chromium-1247/chrome-linux64/chrome"
    )


def test_the_user_may_name_a_browser(installed, tmp_path: Path):
    environ = installed("mine", "chromium")

    assert found_browser({**environ, "SUBAGENTS_BROWSER": "mine"}) == str(tmp_path / "mine")
    with pytest.raises(Missing, match="SUBAGENTS_BROWSER names no program that is there"):
        found_browser({**environ, "SUBAGENTS_BROWSER": "other"})


def test_the_built_in_agent_has_the_servers_tools_and_no_others(tmp_path: Path):
    browser = Definitions(project_at(tmp_path)).find("browser")

    assert browser.tools.names == ()
    assert browser.tools.admits("mcp__playwright", "browser_click")
    assert not browser.tools.admits("mcp__playwright", "browser_run_code_unsafe")
    assert not browser.tools.admits("mcp__other", "browser_click")


async def test_what_is_missing_is_why_the_run_failed(story: Story, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(story.root))

    told = await story.run(agent="browser")

    assert "No Chromium or Chrome was found. Install one" in told.why
