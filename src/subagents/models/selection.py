"""Exact names of models, and the models they are. Checking a name imports nothing heavy; making a model does.

What a name means that is not exact is `wishes`' to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subagents.errors import ModelUnavailable
from subagents.language import _
from subagents.models.names import Unresolved
from subagents.models.providers import (
    PROVIDERS,
    Provider,
    has_library,
    opened_by,
    provider_called,
    variables_here,
)
from subagents.settings.possible import SCRIPT

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from subagents.models.scripted import Script

OFFLINE = "offline"
OFFLINE_LABEL = "offline (no language model)"
INHERIT = "inherit"  # the parent's model, or where there is no parent, what answers when nothing is said


def exact_model(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The exact name of a model that can answer here, asking no server: a script by its absolute path, and for ""
    the default of the first provider that the environment opens, else `offline`.

    Raises `ModelUnavailable`, naming the variable to set, or what a name looks like, and `InvalidScript`: a script
    is read here already, so that one that cannot be played begins no run.
    """
    if name.casefold() == OFFLINE:
        return OFFLINE
    if name.startswith(SCRIPT):
        return _script(name.removeprefix(SCRIPT))
    environ = variables_here() if environ is None else environ
    if name == "":
        return _default(environ)
    prefix, colon, model = name.partition(":")
    provider = provider_called(prefix)
    if not (colon and model and provider):
        known = ", ".join(each.name for each in PROVIDERS)
        text = _(
            "There is no model {name!r}. Give {offline!r}, 'script:FILE.yaml', or provider:id with one of {known}."
        )
        raise ModelUnavailable(text.format(name=name, offline=OFFLINE, known=known))
    if provider.variables and not opened_by(provider, environ):
        raise needs_key(name, provider)
    return name


def needs_key(name: str, provider: Provider) -> Unresolved:
    """What is said of a model whose provider is closed."""
    keys = _(" or ").join(provider.variables)
    text = _("The model {name!r} needs a key: set {keys}.")
    return Unresolved(text.format(name=name, keys=keys), _("it needs a key: {keys}").format(keys=keys))


def missing_library(provider: Provider, variable: str) -> str:
    """What is said of a provider that is open, but whose library is not installed."""
    text = _(
        "{variable} is set, but what speaks to {label} is not installed: pip install 'subagents[{extra}]'"
    )
    return text.format(variable=variable, label=provider.label, extra=provider.extra)


def label(name: str) -> str:
    """The name as people are shown it: one that is no language model says so."""
    return OFFLINE_LABEL if name == OFFLINE else name


def model_of(name: str) -> Model[Any]:
    """The model of an exact name; one object for all runs that use it. Raises `InvalidScript`."""
    if name == OFFLINE:
        from subagents.models.offline.model import offline_model

        return offline_model()
    if name.startswith(SCRIPT):
        path = Path(name.removeprefix(SCRIPT))
        return _scripted(path, _changed(path))
    from subagents.models.remote import remote_model

    return remote_model(name)


def _default(environ: Mapping[str, str]) -> str:
    opened = (each for each in PROVIDERS if opened_by(each, environ) and has_library(each))
    return next((f"{each.name}:{each.default}" for each in opened), OFFLINE)


@cache
def _scripted(path: Path, changed: int) -> Model[Any]:
    """One object for a script as it is since `changed`; an edited one is another."""
    from subagents.models.playing import scripted_model

    return scripted_model(_loaded(path, changed))


@cache
def _loaded(path: Path, changed: int) -> Script:  # noqa: ARG001 it is part of the cache's key
    """The script, read once for each time it was changed."""
    from subagents.models.script_file import load_script

    return load_script(path)


def _changed(path: Path) -> int:
    """When the file was last written, in nanoseconds; 0 if it cannot be known."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _script(file: str) -> str:
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        raise ModelUnavailable(
            _("There is no script {path!r}; name a YAML file of turns.").format(path=str(path))
        )
    _loaded(path, _changed(path))
    return f"{SCRIPT}{path}"
