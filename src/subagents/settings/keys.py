"""What the variables of model providers hold, be they set in the environment or kept by `subagents setup`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from subagents.settings.keyring import Keyring, SystemKeyring
from subagents.settings.layers import of_user
from subagents.settings.model import Settings

BASE_URL = "OPENAI_BASE_URL"


def opened(environ: Mapping[str, str] | None = None, keyring: Keyring | None = None) -> Mapping[str, str]:
    """The environment (this process's when it is None), and for what it leaves empty the keyring and the settings.

    Only what the user's own settings name is looked up: `openai_base_url` as OPENAI_BASE_URL, and each of
    `keys_in_keyring` in the keyring, when it is asked for. That may wait for a person to unlock it, so ask in a
    thread. A keyring that fails has nothing; no error comes from here.
    """
    environ = os.environ if environ is None else environ
    return Opened(environ, of_user(environ).settings, keyring or _REMEMBERING)


class Opened(Mapping[str, str]):
    """Goes through as what is in the environment; asked for a name, it looks further."""

    def __init__(self, environ: Mapping[str, str], settings: Settings, keyring: Keyring) -> None:
        self._environ = environ
        self._settings = settings
        self._keyring = keyring

    def __getitem__(self, name: str) -> str:
        return self._kept(name) or self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def _kept(self, name: str) -> str:
        if self._environ.get(name, "").strip():
            return ""
        if name == BASE_URL and self._settings.openai_base_url:
            return self._settings.openai_base_url
        return self._keyring.get(name) if name in self._settings.keys_in_keyring else ""


def remembered() -> Sequence[str]:
    """The texts that this process has had from the keyring."""
    return tuple(_REMEMBERING.found.values())


class _Remembering(SystemKeyring):
    """Asks the system once for each text that there is; one that is unlocked later is asked again."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def get(self, variable: str) -> str:
        if not self.found.get(variable) and (text := super().get(variable)):
            self.found[variable] = text
        return self.found.get(variable, "")


_REMEMBERING = _Remembering()
