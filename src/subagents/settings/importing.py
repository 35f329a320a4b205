"""What a settings file of pi-subagents (`subagents.json`) means here: its keys in our names, and what has no meaning.

Its keys are written in camel case; most of them are ours in another spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subagents.errors import BadSetting, SettingsFileError
from subagents.language import _
from subagents.settings.files import content
from subagents.settings.names import by_name
from subagents.settings.possible import Value, fitting

MOST_BYTES = 1024 * 1024
MOST_KEYS = 1000

_RENAMED = {"maxSubagentDepth": "max_depth", "widgetDisplayMode": "tree_mode"}
_LEGACY = {"agentMentions": {True: "model", False: "off"}}


@dataclass(frozen=True)
class Imported:
    """What one of its keys means. `why` says why it means nothing; `name` is then ours where there is one, else ""."""

    key: str
    name: str = ""
    value: Value | None = None
    why: str = ""


def read_pi(path: Path) -> list[Imported]:
    """What each key of the file means, in its order. Raises `SettingsFileError` for a file that is none of these."""
    return [_meaning(key, value) for key, value in _object(path).items()]


def _object(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(content(path, MOST_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except RecursionError:
        raise _unreadable(path, _("it is nested too deeply")) from None
    except ValueError as error:
        why = _("it is not UTF-8 text") if isinstance(error, UnicodeDecodeError) else str(error)
        raise _unreadable(path, _("it is not JSON: {why}").format(why=why)) from None
    if not isinstance(found, dict) or len(found) > MOST_KEYS:
        raise _unreadable(path, _("it is not one JSON object of settings"))
    return found


def _unreadable(path: Path, why: str) -> SettingsFileError:
    return SettingsFileError(_("{path} cannot be imported: {why}.").format(path=path, why=why))


def _meaning(key: str, value: object) -> Imported:
    shown = key[:100]
    if (why := _no_meaning().get(key)) is not None:
        return Imported(shown, why=why)
    setting = by_name().get(name := _RENAMED.get(key) or _snake(key))
    if setting is None:
        return Imported(shown, why=_("there is no such setting here"))
    if isinstance(value, bool):
        value = _LEGACY.get(key, {}).get(value, value)
    try:
        return Imported(shown, name, fitting(setting, value))
    except BadSetting as error:
        return Imported(shown, name, why=str(error))


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def _no_meaning() -> dict[str, str]:
    return {
        "herdrReportWorking": _("nothing is reported to a terminal multiplexer here"),
        "rememberAgents": _("a session always remembers its agents here"),
        "reportUsage": _("usage is always reported here"),
        "retentionMinutes": _("sessions are kept for days here; see session_max_age_days"),
    }
