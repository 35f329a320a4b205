"""`${NAME}` and `${NAME:-otherwise}` in what is written about a server, put in when it is started and not before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from subagents.definitions.servers import ServerConfig
from subagents.errors import SubagentsError
from subagents.language import _

FEWEST = 6  # characters of a value that is veiled; a shorter one is a part of words
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Unset(SubagentsError):
    """A variable that a server needs is not set; the text goes on after the server's name."""


def expanded(config: ServerConfig, environ: Mapping[str, str]) -> ServerConfig:
    """The configuration with the values of its variables. Raises `Unset`."""

    def put_in(text: str) -> str:
        return _VARIABLE.sub(lambda found: _value(found, environ), text)

    return replace(
        config,
        command=put_in(config.command),
        args=tuple(map(put_in, config.args)),
        env={name: put_in(text) for name, text in config.env.items()},
        folder=put_in(config.folder),
        url=put_in(config.url),
        headers={name: put_in(text) for name, text in config.headers.items()},
    )


def veiled(text: str, config: ServerConfig, environ: Mapping[str, str]) -> str:
    """The text with `${NAME}` for each value of a variable that the configuration names: a server may repeat it."""
    values = {name: environ.get(name, "") for name in variables(config)}
    for name, value in sorted(values.items(), key=lambda each: len(each[1]), reverse=True):
        if len(value) >= FEWEST:
            text = text.replace(value, f"${{{name}}}")
    return text


def variables(config: ServerConfig) -> set[str]:
    """The names of the variables that it is given."""
    return {found[1] for text in _texts(config) for found in _VARIABLE.finditer(text)}


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name, otherwise = found.groups()
    # As in a shell: what is empty is as good as not set where there is something else.
    value = environ.get(name) or otherwise
    if value is None:
        value = environ.get(name)
    if value is None:
        raise Unset(_("needs the variable {name}, which is not set").format(name=name))
    return value


def _texts(config: ServerConfig) -> Iterable[str]:
    yield from (config.command, *config.args, config.folder, config.url)
    yield from (*config.env.values(), *config.headers.values())
