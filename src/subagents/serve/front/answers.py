"""What can be answered while the host is not there yet: the handshake and the list of tools, from a file.

The host writes the file whenever it offers something else than before; a packaged one stands in until it did. A file
of another version of this package, an unreadable one or one of another shape is not used. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subagents.contents import first_bytes

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"  # in `_meta` of every request of the modern era
MOST_BYTES = 8_000_000

Answers = Mapping[str, Mapping[str, Any]]  # method → result


@dataclass(frozen=True)
class Offered:
    """The results by protocol version and method. `digest` names the tools that are listed."""

    digest: str
    handshake: Mapping[str, Answers]
    modern: Mapping[str, Answers]

    def handshake_version(self, requested: object) -> str:
        """The one that is asked for where it is known, else the newest; "" when there is none."""
        known = isinstance(requested, str) and requested in self.handshake
        return str(requested) if known else max(self.handshake, default="")


def host_file(state: Path) -> Path:
    """Where the host keeps what it offers, in the project's part of the state directory."""
    return state / "host" / "offered.json"


def packaged_file() -> Path:
    return Path(__file__).with_name("offered.json")


def offered(version: str, *files: Path) -> Offered | None:
    """The first of the files that can be used; None when none can."""
    return next((found for file in files if (found := _read(file, version)) is not None), None)


def modern_version(message: Mapping[str, Any]) -> str:
    """The protocol version that a request of the modern era names; "" for one of the era of the handshake."""
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    found = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def answer(told: Offered, message: Mapping[str, Any], spoken: str) -> Mapping[str, Any] | None:
    """The result of a request, as the file has it; None when only the host knows.

    `spoken` is the version of the handshake, "" before there was one.
    """
    params = message.get("params")
    if message["method"] == "initialize":
        requested = params.get("protocolVersion") if isinstance(params, dict) else None
        return _of(told.handshake, told.handshake_version(requested), "initialize")
    if isinstance(params, dict) and params.get("cursor") is not None:
        return None  # what the file holds is the first page
    if modern := modern_version(message):
        return _of(told.modern, modern, message["method"])
    return _of(told.handshake, spoken, message["method"])


def _of(versions: Mapping[str, Answers], version: str, method: str) -> Mapping[str, Any] | None:
    return versions.get(version, {}).get(method)


def _read(file: Path, version: str) -> Offered | None:
    try:
        raw = first_bytes(file, MOST_BYTES + 1)
        found = json.loads(raw.decode()) if len(raw) <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("version") != version:
        return None
    digest, handshake, modern = found.get("digest"), _whole(found.get("handshake")), found.get("modern")
    if not (_has(handshake, "initialize") and _has(modern, "server/discover") and isinstance(digest, str)):
        return None
    return Offered(digest, handshake or {}, modern or {})


def _whole(versions: Any) -> Any:
    """With the list of tools at each version: where it is the same as another's, the file names only that."""
    if isinstance(versions, dict):
        for each in versions.values():
            if isinstance(each, dict) and isinstance(same := each.get("tools/list"), str):
                other = versions.get(same)
                each["tools/list"] = other.get("tools/list") if isinstance(other, dict) else None
    return versions


def _has(versions: Any, opening: str) -> bool:
    """Whether it holds the results of `opening` and of `tools/list`, for each version."""
    return isinstance(versions, dict) and all(
        isinstance(each, dict) and all(isinstance(each.get(name), dict) for name in (opening, "tools/list"))
        for each in versions.values()
    )
