"""What every test gets: a home of its own, no keys, no way out to the network, and no silent skips."""

from __future__ import annotations

import ipaddress
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Libraries read these when they are imported, before a fixture can take them away.
for _name in ("CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS"):
    os.environ.pop(_name, None)
for _name in ("LANGUAGE", "LC_MESSAGES", "LINES", "NO_COLOR", "PY_COLORS"):
    os.environ.pop(_name, None)
os.environ |= {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC"}
time.tzset()

# No test compares wall-clock time, nor does hypothesis; in CI it tries the same examples every time.
# How fast examples are made says how busy the machine is.
hypothesis.settings.register_profile(
    "subagents",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("subagents")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests and fixtures run by themselves (`anyio_mode = auto`), on this event loop."""
    return "asyncio"


# --- the environment ---

_CLEARED = ("SUBAGENTS_", "XDG_", "GIT_", "CLAUDE", "CODEX_", "PYTHONPATH")
_SECRET = ("_API_KEY", "_AUTH_TOKEN", "_BASE_URL")

_GITCONFIG = """\
[user]
\tname = A Tester
\temail = tester@example.invalid
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
"""


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, and everything that is kept below a home; a live test keeps its keys."""
    live = request.node.get_closest_marker("live") is not None
    for name in list(os.environ):
        if name.startswith(_CLEARED) or (name.endswith(_SECRET) and not live):
            monkeypatch.delenv(name)
    # Short, because a socket's path is bounded at about 100 bytes and pytest's own folders use most of that.
    folder = Path(tempfile.mkdtemp(prefix="sa-", dir=os.path.realpath("/tmp")))
    for name, value in _places(folder).items():
        value.mkdir(parents=True, exist_ok=True, mode=0o700)
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    if not live:  # whoever runs the tests may have one
        monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    (folder / ".gitconfig").write_text(_GITCONFIG, encoding="utf-8")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _places(folder: Path) -> dict[str, Path]:
    return {
        "HOME": folder,
        "SUBAGENTS_HOME": folder / "subagents",
        "SUBAGENTS_STATE": folder / "state",
        "XDG_CACHE_HOME": folder / ".cache",
        "XDG_CONFIG_HOME": folder / ".config",
        "XDG_DATA_HOME": folder / ".local/share",
        "XDG_RUNTIME_DIR": folder / "run",
        "XDG_STATE_HOME": folder / ".local/state",
    }


# --- the network ---


class ReachedOutside(RuntimeError):
    """A test asked for something that is not on this machine. Not an OSError: nobody may retry it."""


_REACHING = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_live = False


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: it sees what the socket module is asked for, whoever asks. Child processes have none."""
    if event not in _REACHING or _live:
        return
    target = arguments[0] if event.startswith("socket.get") else arguments[1]
    host = target[0] if isinstance(target, tuple) else target
    local_socket = event in {"socket.connect", "socket.sendto"} and not isinstance(target, tuple)
    if not local_socket and not _is_here(host):
        raise ReachedOutside(f"{event} of {host!r}: a test stays here, unless it is marked 'live'")


def _is_here(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def _network_for_live_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    global _live
    _live = request.node.get_closest_marker("live") is not None
    yield
    _live = False


# --- skips ---


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = _skipped(config)
    terminalreporter.write_line(f"skipped: {count}")
    if count and not _may_skip():
        terminalreporter.write_line("A skip is a failure here; TESTS_MAY_SKIP=1 allows it.", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _skipped(session.config) and not _may_skip():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter else 0


def _may_skip() -> bool:
    return bool(os.environ.get("TESTS_MAY_SKIP"))
