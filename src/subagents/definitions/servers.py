"""What is written about an MCP server, in Claude Code's form or near it. Nothing is expanded or started here.

Variables stay as they are written (`${NAME}`), so that what is kept of a run holds their names and no secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from subagents.definitions.model import SHOWN
from subagents.definitions.values import BadValue, Written, named_mappings, number
from subagents.language import _
from subagents.spec import SERVER_PREFIX

PROGRAM = "subagents"  # our own

TIMEOUT = 60.0  # seconds that a call may be silent
STARTUP_TIMEOUT = 15.0  # seconds until a server must have said which tools it has
LONGEST = 24 * 3600.0
MILLISECONDS = 1_000  # from this number on a bound is in milliseconds, as other tools write it

_NAME = re.compile(r"(?!.*__)[A-Za-z0-9][A-Za-z0-9_.-]{0,47}\Z")
_HTTP = ("http", "streamable-http", "streamable_http", "streamablehttp")


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """One MCP server: a program that speaks over its standard input and output, or an address.

    `timeout` and `startup_timeout` are in seconds; progress begins `timeout` anew. One that is not `shared` is
    started for each run that may see its tools. Of its tools only `only` are offered, None for all, and never the
    `without`.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = TIMEOUT
    startup_timeout: float = STARTUP_TIMEOUT
    shared: bool = True
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """What lists of tools call it."""
        return provider_of(self.name)

    @property
    def shown(self) -> str:
        """What is started or asked, for people, as it is written."""
        return self.url or " ".join((self.command, *self.args))

    @property
    def is_ours(self) -> bool:
        """Whether it is `subagents mcp`: agents have our tools, and what they started by others would be nobody's
        child."""
        words = (*PurePath(self.command).parts[-1:], *self.args)
        return words[:2] == (PROGRAM, "mcp") or tuple(self.args[:3]) == ("-m", PROGRAM, "mcp")

    def offers(self, tool: str) -> bool:
        return (self.only is None or tool in self.only) and tool not in self.without


def provider_of(server: str) -> str:
    """What the provider of a server's tools is called: `mcp__` and the server's name, in lower case."""
    return SERVER_PREFIX + server.lower()


def servers_written(written: Written) -> Mapping[str, Any] | None:
    """The servers of a front matter's `mcp_servers`, as they are written; those that are only named are None.

    Raises `BadValue` for those that cannot be, and keeps the others.
    """
    named = named_mappings(written)
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name, each in (named or {}).items():
        try:
            server_of(name, each)
        except BadValue as error:
            bad.append(str(error))
        else:
            good[name] = each
    if bad:
        raise BadValue("; ".join(bad), kept=good)
    return named


def server_of(name: object, written: object) -> ServerConfig | None:
    """The server that is written, None where it is only named or switched off. Raises `BadValue` with a sentence that
    goes on after the key or file in which it stands."""
    if not isinstance(name, str) or not _NAME.match(name):
        message = _(
            "calls a server {name!r}; give it a name of at most 48 letters, digits, -, . and single _"
        )
        raise BadValue(message.format(name=str(name)[:SHOWN]))
    if written is None:
        return None
    if not isinstance(written, Mapping):
        raise _bad(name, _("is no mapping of `command` and `args`, or of `url`"))
    if written.get("disabled") is True or written.get("enabled") is False:
        return None
    _refuse_type(name, written)
    address = written.get("url") or written.get("httpUrl")
    if bool(address) == bool(written.get("command")):
        raise _bad(name, _("must have either a `command` or a `url`"))
    return _checked(
        ServerConfig(
            name=name,
            command=_text(name, written, "command"),
            args=_texts(name, written, "args") or (),
            env=_pairs(name, written, "env"),
            folder=_text(name, written, "cwd"),
            url=_text(name, written, "url") or _text(name, written, "httpUrl"),
            headers=_pairs(name, written, "headers", "http_headers"),
            timeout=_seconds(name, written, TIMEOUT, "timeout", "tool_timeout_sec"),
            startup_timeout=_seconds(
                name, written, STARTUP_TIMEOUT, "startup_timeout", "startup_timeout_sec"
            ),
            shared=written.get("shared") is not False,
            only=_only(name, written),
            without=_texts(name, written, "excludeTools", "disabled_tools") or (),
        )
    )


# --- parts of one


def _bad(name: str, why: str) -> BadValue:
    return BadValue(_("has the server {name!r}, which {why}").format(name=name, why=why))


def _refuse_type(name: str, written: Mapping[str, Any]) -> None:
    kind = str(written.get("type") or "").lower()
    if kind == "sse":
        raise _bad(
            name,
            _("is of the type 'sse', which the protocol has given up; use its `http` address"),
        )
    if kind not in ("", "stdio", "local", *_HTTP):
        raise _bad(name, _("is of the type {kind!r}; there are `stdio` and `http`").format(kind=kind[:SHOWN]))


def _checked(config: ServerConfig) -> ServerConfig:
    # One whose address stands in a variable can only be looked at when it is known.
    if config.url and not config.url.startswith(("http://", "https://", "${")):
        raise _bad(
            config.name, _("has a `url` that is no web address: {url!r}").format(url=config.url[:SHOWN])
        )
    return config


def _text(name: str, written: Mapping[str, Any], key: str) -> str:
    value = written.get(key) or ""
    if not isinstance(value, str):
        raise _bad(name, _("must have text as its `{key}`").format(key=key))
    return value.strip()


def _texts(name: str, written: Mapping[str, Any], *keys: str) -> tuple[str, ...] | None:
    key, value = _first(written, *keys)
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(map(_is_plain, value)):
        raise _bad(name, _("must have a list of texts as its `{key}`").format(key=key))
    return tuple(str(item) for item in value)


def _pairs(name: str, written: Mapping[str, Any], *keys: str) -> Mapping[str, str]:
    key, value = _first(written, *keys)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(map(_is_plain, value.values())):
        raise _bad(name, _("must have a mapping of texts as its `{key}`").format(key=key))
    return {str(each): str(text) for each, text in value.items()}


def _seconds(name: str, written: Mapping[str, Any], otherwise: float, *keys: str) -> float:
    key, value = _first(written, *keys)
    if value is None:
        return otherwise
    found = number(value)
    if found is None or not 0 < found < math.inf:
        raise _bad(name, _("must have a number of seconds above 0 as its `{key}`").format(key=key))
    return min(found if found < MILLISECONDS else found / 1000, LONGEST)


def _only(name: str, written: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The only tools that it is to offer, as Copilot, Gemini CLI and Codex write it."""
    only = _texts(name, written, "tools", "includeTools", "enabled_tools")
    return None if only is None or "*" in only else only


def _first(written: Mapping[str, Any], *keys: str) -> tuple[str, Any]:
    return next(((key, written[key]) for key in keys if written.get(key) is not None), (keys[0], None))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
