"""Which model a name means, and whether it can answer here. Choosing imports nothing heavy; making one does."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subagents.errors import ModelUnavailable
from subagents.language import _

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from subagents.models.scripted import Script

OFFLINE = "offline"
OFFLINE_LABEL = "offline (no language model)"
SCRIPT = "script:"

#: The environment variables that open a provider, any one of them.
KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}


def exact_model(name: str) -> str:
    """The exact name of a model that can answer here: `offline` for "", a script by its absolute path.

    Raises `ModelUnavailable`, naming the variable to set, or what a name looks like, and `InvalidScript`: a script
    is read here already, so that one that cannot be played begins no run.
    """
    if name in ("", OFFLINE):
        return OFFLINE
    if name.startswith(SCRIPT):
        return _script(name.removeprefix(SCRIPT))
    provider, colon, model = name.partition(":")
    if not (colon and model and provider in KEYS):
        raise ModelUnavailable(
            _(
                "There is no model {name!r}. Give {offline!r}, 'script:FILE.yaml', or provider:id with one of {known}."
            ).format(name=name, offline=OFFLINE, known=", ".join(KEYS))
        )
    if not any(os.environ.get(key) for key in KEYS[provider]):
        raise ModelUnavailable(
            _("The model {name!r} needs a key: set {keys}.").format(
                name=name, keys=_(" or ").join(KEYS[provider])
            )
        )
    return name


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
    return _remote(name)


@cache
def _scripted(path: Path, changed: int) -> Model[Any]:
    """One object for a script as it is since `changed`; an edited one is another."""
    from subagents.models.scripted import scripted_model

    return scripted_model(_loaded(path, changed))


@cache
def _loaded(path: Path, changed: int) -> Script:  # noqa: ARG001 it is part of the cache's key
    """The script, read once for each time it was changed."""
    from subagents.models.scripted import load_script

    return load_script(path)


def _changed(path: Path) -> int:
    """When the file was last written, in nanoseconds; 0 if it cannot be known."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@cache
def _remote(name: str) -> Model[Any]:
    from pydantic_ai.models import infer_model

    return infer_model(name)


def _script(file: str) -> str:
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        raise ModelUnavailable(
            _("There is no script {path!r}; name a YAML file of turns.").format(path=str(path))
        )
    _loaded(path, _changed(path))
    return f"{SCRIPT}{path}"
