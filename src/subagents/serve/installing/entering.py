"""An MCP client's file with our server among its others. Pure: nothing is read or written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subagents.language import _
from subagents.serve.installing import json_text, toml_table
from subagents.serve.installing.clients import OPENCODE_2, Client

BOM = "\ufeff"


class Unusable(ValueError):
    """The file cannot be changed without harm; the sentence says why."""


@dataclass(frozen=True)
class Merged:
    """The file's text with our entry; one that `is_new` says something else than it did. `before` is the entry of that
    name that was there, None when there was none."""

    text: str
    before: Any
    is_new: bool


def fitting(client: Client, text: str) -> Client:
    """The client in the version that its file is written for. Raises `Unusable`."""
    if client.name != OPENCODE_2.name:
        return client
    servers = _at(_read(client, text.removeprefix(BOM)), OPENCODE_2.section)
    # In version 1 it would be a server that is called "servers".
    return OPENCODE_2 if isinstance(servers, dict) and not isinstance(servers.get("type"), str) else client


def merged(client: Client, text: str, name: str, entry: Mapping[str, Any]) -> Merged:
    """Our entry put into the text of a client's file, "" where there is none. Raises `Unusable`."""
    body = text.removeprefix(BOM)
    path = (*client.section, name)
    there = _read(client, body)
    before = _at(there, path)
    if _is_ours(before, entry):
        return Merged(text, before, is_new=False)
    new = _put(client, body, path, entry)
    if _read(client, new) != _with(there if body.strip() else client.begins, path, entry):
        raise Unusable(_("it is written in a way that can be read but not changed here"))
    return Merged(text[: len(text) - len(body)] + new, before, is_new=True)


def snippet(client: Client, name: str, entry: Any) -> str:
    """The entry as it stands in a file that has nothing else."""
    path = (*client.section, name)
    if client.is_toml and isinstance(entry, dict):
        return toml_table.put("", path, entry)
    return _dumped(_with({}, path, entry))


def _is_ours(before: Any, entry: Mapping[str, Any]) -> bool:
    """Whether it has all of our entry. What somebody added, such as variables of the environment, is theirs."""
    return isinstance(before, dict) and all(before.get(name) == value for name, value in entry.items())


# --- the file


def _read(client: Client, body: str) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = toml_table.read(body) if client.is_toml else json_text.read(body).value
    except json_text.NotJson as error:
        raise Unusable(_("it is not JSON: {why}").format(why=error)) from None
    except toml_table.NotToml as error:
        raise Unusable(_("it is not TOML: {why}").format(why=error)) from None
    if not isinstance(found, dict):
        raise Unusable(_("it is JSON, but no object"))
    return found


def _put(client: Client, body: str, path: tuple[str, ...], entry: Mapping[str, Any]) -> str:
    if client.is_toml:
        return toml_table.put(body, path, entry)
    if not body.strip():
        return _dumped(_with(client.begins, path, entry))
    try:
        return json_text.put(body, path, entry)
    except json_text.NotJson as error:
        raise Unusable(str(error)) from None


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _with(value: Mapping[str, Any], path: tuple[str, ...], entry: Any) -> dict[str, Any]:
    """The mapping with the entry at the path."""
    name, *rest = path
    if not rest:
        return {**value, name: entry}
    below = value.get(name)
    if below is not None and not isinstance(below, dict):
        raise Unusable(_("{name!r} in it is no object").format(name=name))
    return {**value, name: _with(below or {}, tuple(rest), entry)}
