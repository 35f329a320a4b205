"""The system's keyring, where a key can be kept that stands in no file: macOS Keychain, Secret Service, KWallet.

It is spoken to through the library `keyring` (the extra of that name) in a process of its own: what that
does wrong, or a person who is asked to unlock it and isn't there, costs a bounded wait and never this process.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from subagents.errors import SettingsFileError
from subagents.language import _

OURS = "subagents"  # the name that our texts stand under
BOUND = 60.0  # seconds, in which somebody may have to unlock it

_NAME = "import keyring; found = keyring.get_keyring(); print(found.name if found.priority > 0 else '')"
_GET = "import keyring, sys; sys.stdout.write(keyring.get_password(*sys.argv[1:]) or '')"
_SET = "import keyring, sys; keyring.set_password(*sys.argv[1:], sys.stdin.read())"


class Keyring(Protocol):
    """Texts by name, kept for the user."""

    def name(self) -> str:
        """What it is called; "" where there is none to be used. Raises nothing."""
        ...

    def get(self, variable: str) -> str:
        """The text; "" when there is none, or it cannot be had. Raises nothing."""
        ...

    def put(self, variable: str, text: str) -> None:
        """Keeps it in place of what was there. Raises `SettingsFileError`."""
        ...


class SystemKeyring:
    """The one that `keyring` finds on this system."""

    def name(self) -> str:
        return _said(_NAME).strip() if find_spec("keyring") is not None else ""

    def get(self, variable: str) -> str:
        return _said(_GET, OURS, variable) if find_spec("keyring") is not None else ""

    def put(self, variable: str, text: str) -> None:
        try:
            done = _run(_SET, OURS, variable, text=text)
            why = "" if done.returncode == 0 else _last_line(done.stderr)
        except subprocess.TimeoutExpired:
            why = _("no answer within {n:g} s").format(n=BOUND)
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            raise SettingsFileError(
                _("The keyring did not take {name}: {why}").format(name=variable, why=why)
            )


def _said(program: str, *arguments: str) -> str:
    try:
        done = _run(program, *arguments)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(program: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    # -P: a keyring.py in the folder that the user happens to be in is not the library.
    return subprocess.run(
        [sys.executable, "-P", "-X", "utf8", "-c", program, *arguments],
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=BOUND,
        cwd=Path(sys.prefix),
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [_("it gave no reason")])[-1]
