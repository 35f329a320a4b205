"""`python -m subagents.toolsets.mcp.browser`: the MCP server of the built-in agent `browser`, which is Playwright's.

It finds the browser and the program of the server, says in a sentence which one is missing, and runs that program.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from subagents.language import _

PACKAGE = "@playwright/mcp@0.0.83"
INSTALLED = "playwright-mcp"  # what the package calls its program
BROWSER = "SUBAGENTS_BROWSER"  # names another browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
#: Where Playwright keeps browsers that it downloaded, below the home.
_CACHES = (".cache/ms-playwright", "Library/Caches/ms-playwright")
_DOWNLOADED = ("chrome-linux*/chrome", "chrome-mac*/*.app/Contents/MacOS/*")


class Missing(Exception):
    """Something is not installed; the text says what to do."""


def command(environ: Mapping[str, str], folder: str) -> list[str]:
    """The command line of the server, which keeps in `folder` what it keeps. Raises `Missing`."""
    browser = found_browser(environ)
    options = ["--headless", "--isolated", "--executable-path", browser, "--codegen", "none"]
    options += ["--output-dir", folder]
    if os.geteuid() == 0:
        # Chromium refuses to begin with its sandbox for root.
        options.append("--no-sandbox")
    return [*_program(environ), *options]


def found_browser(environ: Mapping[str, str]) -> str:
    if named := environ.get(BROWSER):
        if path := shutil.which(named, path=environ.get("PATH")):
            return path
        raise Missing(_("{variable} names no program that is there.").format(variable=BROWSER))
    if path := next(_browsers(environ), None):
        return path
    raise Missing(
        _(
            "No Chromium or Chrome was found. Install one, as with `apt install chromium` or `npx playwright install "
            "chromium`, or name one in {variable}."
        ).format(variable=BROWSER)
    )


def _browsers(environ: Mapping[str, str]) -> Iterator[str]:
    paths = (shutil.which(name, path=environ.get("PATH")) for name in _NAMES)
    yield from filter(None, paths)
    yield from (path for path in _APPLICATIONS if os.access(path, os.X_OK))
    for cache in _CACHES:
        folder = Path(environ.get("HOME", "/")) / cache
        for pattern in _DOWNLOADED:
            yield from map(str, sorted(folder.glob(f"chromium-*/{pattern}"), reverse=True))


def _program(environ: Mapping[str, str]) -> list[str]:
    """The installed one, else `npx`, which gets it when it is first needed."""
    if installed := shutil.which(INSTALLED, path=environ.get("PATH")):
        return [installed]
    if npx := shutil.which("npx", path=environ.get("PATH")):
        return [npx, "-y", PACKAGE]
    raise Missing(
        _("`npx` was not found. Install Node.js, which it comes with; the browser's tools need it.")
    )


def main() -> None:
    """Runs until the server ends. What that kept, such as pictures of pages, goes with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="subagents-browser-") as folder:
        try:
            line = command(os.environ, folder)
        except Missing as error:
            sys.exit(str(error))
        sys.exit(subprocess.call(line))


if __name__ == "__main__":
    main()
