"""Where each setting comes from: defaults < the user's file < the project's < the environment < who calls.

A layer's value replaces the one below whole, lists too. A value that cannot be, or that a project's file may not
set, drops only itself, with a problem that says where it stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from subagents.errors import BadSetting
from subagents.language import _, counted
from subagents.places import Project
from subagents.settings import files
from subagents.settings.files import SettingsFile
from subagents.settings.model import Settings, declared
from subagents.settings.names import by_name, unknown
from subagents.settings.possible import PREFIX, Value, fitting, from_text, refusal

MOST_PROBLEMS = 20  # told of one file


class Layer(StrEnum):
    """From the lowest to the highest."""

    DEFAULT = "default"
    USER = "user"
    PROJECT = "project"
    ENVIRONMENT = "environment"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set a value; `place` is a file, a variable, or "" for a default and for who calls."""

    layer: Layer
    place: str = ""

    def __str__(self) -> str:
        return self.place if self.layer is Layer.ENVIRONMENT else str(self.layer)


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A value, or a whole file, that was dropped; what was set below stands. `line` is 0 where there is none.

    `name` is "" for a file that could not be read at all.
    """

    source: str
    name: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


@dataclass(frozen=True)
class Layered:
    """The settings that are in effect, where each comes from, and what was dropped on the way."""

    settings: Settings = field(default_factory=Settings)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    problems: tuple[SettingProblem, ...] = ()

    def source_of(self, name: str) -> Origin:
        return self.origins.get(name, DEFAULT)


DEFAULT = Origin(Layer.DEFAULT)

#: What a layer says, with the place of each value, and what it says in vain.
Said = tuple[Mapping[str, tuple[Value, str]], tuple[SettingProblem, ...]]


def layered(
    project: Project, environ: Mapping[str, str] | None = None, given: Mapping[str, object] | None = None
) -> Layered:
    """The settings of this project, now. `environ` is this process's when it is None; `given` is what the caller sets.

    Reads two files at most and creates nothing. Raises `BadSetting` only for what is `given`: who calls is told.
    """
    user, shared = files.user_file(), files.project_file(project)
    found = _with_file(Layered(), Layer.USER, files.read(user))
    # With the user's own folder in the project's place, its file is the user's word.
    if shared != user:
        found = _with_file(found, Layer.PROJECT, files.read(shared))
    found = _with(found, Layer.ENVIRONMENT, from_variables(os.environ if environ is None else environ))
    return _with(found, Layer.CALLER, (_given(given or {}), ()))


def of_user(environ: Mapping[str, str] | None = None) -> Layered:
    """The same where there is no project: the user's file and the environment."""
    found = _with_file(Layered(), Layer.USER, files.read(files.user_file()))
    return _with(found, Layer.ENVIRONMENT, from_variables(os.environ if environ is None else environ))


def from_variables(environ: Mapping[str, str]) -> Said:
    """What `SUBAGENTS_<NAME>` says. An empty variable says nothing."""
    values: dict[str, tuple[Value, str]] = {}
    problems: list[SettingProblem] = []
    for each in declared():
        if not (text := environ.get(each.variable, "").strip()):
            continue
        try:
            values[each.name] = (from_text(each, text), each.variable)
        except BadSetting as error:
            problems.append(SettingProblem(each.variable, each.name, str(error)))
    return values, (*problems, *_misspelt(environ))


def _misspelt(environ: Mapping[str, str]) -> Iterator[SettingProblem]:
    """Variables that are almost one of ours. Others with our prefix are other things."""
    from difflib import get_close_matches

    ours = [each.variable for each in declared()]
    others = sorted(name for name in environ if name.startswith(PREFIX) and name not in ours)
    for name in others:
        if near := get_close_matches(name, ours, 1, 0.92):
            yield SettingProblem(name, name, _("is no setting; did you mean {near}?").format(near=near[0]))


def _with_file(below: Layered, layer: Layer, file: SettingsFile) -> Layered:
    return _with(below, layer, from_file(file, below.settings if layer is Layer.PROJECT else None))


def from_file(file: SettingsFile, below: Settings | None = None) -> Said:
    """What a file says; `below` is what stands without it when it is a project's, None when it is the user's."""
    if file.trouble:
        message = _("the file is ignored: {why}").format(why=file.trouble)
        return {}, (SettingProblem(str(file.path), "", message, file.line),)
    values: dict[str, tuple[Value, str]] = {}
    bad: dict[str, str] = {}
    for name, value in file.values.items():
        try:
            values[name] = (_accepted(name, value, below), str(file.path))
        except BadSetting as error:
            bad[name] = str(error)
    return values, tuple(_told(file, bad))


def _accepted(name: str, value: object, below: Settings | None) -> Value:
    """Raises `BadSetting` with the whole sentence."""
    if (setting := by_name().get(name)) is None:
        section = isinstance(value, dict) and _("; settings stand at the top of the file, without a section")
        raise BadSetting(unknown(name) + (section or ""))
    try:
        good = fitting(setting, value)
    except BadSetting as error:
        raise BadSetting(f"{name} {error}") from None
    if below is not None and (why := refusal(setting, good, getattr(below, name))):
        raise BadSetting(f"{name}: {why}")
    return good


def _told(file: SettingsFile, bad: Mapping[str, str]) -> Iterator[SettingProblem]:
    for name, message in islice(bad.items(), MOST_PROBLEMS):
        yield SettingProblem(str(file.path), name, message, file.line_of(name))
    if (more := len(bad) - MOST_PROBLEMS) > 0:
        text = counted("and {n} more like these", "and {n} more like these", more)
        yield SettingProblem(str(file.path), "", text)


def _given(values: Mapping[str, object]) -> Mapping[str, tuple[Value, str]]:
    return {name: (_accepted(name, value, None), "") for name, value in values.items()}


def _with(below: Layered, layer: Layer, said: Said) -> Layered:
    values, problems = said
    changed: dict[str, Any] = {name: value for name, (value, _place) in values.items()}
    origins = {name: Origin(layer, place) for name, (_value, place) in values.items()}
    return Layered(
        replace(below.settings, **changed) if changed else below.settings,
        {**below.origins, **origins},
        (*below.problems, *problems),
    )
