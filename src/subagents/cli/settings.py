"""`subagents settings`: what is set, where, and how to change it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from subagents.cli.place import at_home, folder_at, project_here
from subagents.cli.streams import answer, answer_json, draw, say, width_of
from subagents.cli.usage import mount
from subagents.errors import BadSetting, SettingsFileError
from subagents.language import _, counted
from subagents.places import Project
from subagents.settings import files
from subagents.settings.importing import Imported
from subagents.settings.layers import Layer, Layered, layered, of_user
from subagents.settings.model import declared
from subagents.settings.names import by_name, unknown
from subagents.settings.possible import Declared, Guard, Value, as_text, fitting, from_text, refusal
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table
from subagents.workspaces.processes.ancestry import started_in
from subagents.workspaces.processes.variables import RUN

LONGEST_VALUE = 34  # cells of a value in the table
NARROW_VALUE = 18  # where there is less room

HELP = _(
    """List settings and change them.

    What is set on the command line goes before the environment (SUBAGENTS_MODEL and so on), that before the project's
    file .subagents/settings.toml, that before your own file, and that before the default. Without a command, lists all.

    \b
      subagents settings set model anthropic:claude-sonnet-4-5 --user
      subagents settings set max_concurrent 8
      subagents settings get max_concurrent
    """
)

commands = typer.Typer(help=HELP, invoke_without_command=True, rich_markup_mode=None)


def names_from(typed: str) -> list[str]:
    """For the shell's completion."""
    return [each.name for each in declared() if each.name.startswith(typed)]


Name = Annotated[str, typer.Argument(metavar="NAME", hidden=True, autocompletion=names_from)]
AsJson = Annotated[bool, typer.Option("--json", help=_("Print it as JSON."))]
InUser = Annotated[bool, typer.Option("--user", help=_("In your own file, for all projects."))]
InProject = Annotated[
    bool, typer.Option("--project", help=_("In the project's file, for all who work on it."))
]


@commands.callback()
def top(chosen: typer.Context) -> None:
    if chosen.invoked_subcommand is None:
        raise typer.Exit(list_settings())


def list_settings(as_json: AsJson = False) -> int:
    found = layered(project_here())
    if as_json:
        every = [_as_object(each, found) for each in declared()]
        problems = [str(problem) for problem in found.problems]
        answer_json(json.dumps({"settings": every, "problems": problems}, ensure_ascii=False, indent=2))
        return 0
    draw(table(_columns(found), width_of(sys.stdout)))
    say(_("* has no effect yet."), *map(str, found.problems))
    return 0


def get(name: Name, as_json: AsJson = False) -> int:
    setting, found = _declared(name), layered(project_here())
    if as_json:
        answer_json(json.dumps(_as_object(setting, found), ensure_ascii=False, indent=2))
    elif text := as_text(getattr(found.settings, setting.name)):
        answer(text)
    else:
        say(_("{name} is not set.").format(name=setting.name))
    if sys.stdout.isatty() and not as_json:
        say(*_explanation(setting, found))
    say(*(str(each) for each in found.problems if each.name in ("", setting.name)))
    return 0


def set_value(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", hidden=True)],
    user: InUser = False,
    project: InProject = False,
) -> int:
    setting, here = _declared(name), project_here()
    try:
        wanted = _meant(setting, value)
    except BadSetting as error:
        raise BadSetting(f"{setting.name} {error}.") from None
    layer = _layer(here, setting, user=user, project=project)
    if layer is Layer.PROJECT and (why := refusal(setting, wanted, _below(setting))):
        hint = "" if setting.guard is Guard.FREE else " (--user)"
        raise BadSetting(f"{setting.name}: {why}{hint}.")
    _change(here, layer, {setting.name: wanted})
    path = _path(here, layer)
    answer(_("{name} is {value} in {path}").format(name=setting.name, value=_quoted(wanted), path=path))
    say(*_remarks(setting, layer, here))
    return 0


def unset(name: Name, user: InUser = False, project: InProject = False) -> int:
    here = project_here()
    layer = _layer(here, by_name().get(name), user=user, project=project)
    file = files.read(_path(here, layer))
    if not file.trouble and name not in file.values:
        said = "" if name in by_name() else f" {_no_such(name)}"
        raise BadSetting(_("{name} is not set in {path}.").format(path=file.path, name=name) + said)
    _change(here, layer, {name: None})
    answer(_("{name} is no longer set in {path}").format(name=name, path=file.path))
    if name in by_name():
        found = layered(here)
        value = _quoted(getattr(found.settings, name))
        say(_("It is {value} here now ({by}).").format(value=value, by=found.source_of(name)))
    return 0


def path(user: InUser = False, project: InProject = False) -> int:
    here = project_here()
    wanted = [
        layer for layer, asked in ((Layer.USER, user), (Layer.PROJECT, project)) if asked or user == project
    ]
    places = [_path(here, layer) for layer in wanted]
    if len(wanted) == 1:
        answer(str(places[0]))
        return 0
    states = ["" if place.exists() else _("(none yet)") for place in places]
    draw(
        f"{layer:<9}{place}  {state}".rstrip()
        for layer, place, state in zip(wanted, places, states, strict=True)
    )
    return 0


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", hidden=True)],
    user: InUser = False,
    project: InProject = False,
    force: Annotated[bool, typer.Option("--force", help=_("Replace what is set already."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would be set."))] = False,
) -> int:
    from subagents.settings.importing import read_pi

    here = project_here()
    layer = _layer(here, None, user=user, project=project)
    target = files.read(_path(here, layer))
    rows = [_decided(each, target, layer, force=force) for each in read_pi(folder_at() / at_home(file))]
    new = {each.name: each.value for each in rows if each.value is not None}
    if new and not dry_run:
        _change(here, layer, new)
    if rows:
        draw(table(_import_columns(rows), width_of(sys.stdout)))
    text = _("{count} would be set in {path}.") if dry_run else _("{count} set in {path}.")
    say(text.format(count=counted("{n} setting", "{n} settings", len(new)), path=target.path))
    return 0


GET_HELP = _("Print the value that a setting has here, and nothing else.")
SET_HELP = _(
    """Set a value.

    It is written to the project's file inside of a project, else to your own. A list is written a,b,c or as in TOML.
    What the project's file says comes to everybody with the repository, so it can be stricter than your limits, but
    not looser, and it cannot set where keys are sent or how long your sessions are kept.
    """
)
UNSET_HELP = _("Take a value out of a file; what is set elsewhere, or the default, counts again.")
PATH_HELP = _("Print where the files are.")
IMPORT_HELP = _(
    """Take over the settings of pi-subagents.

    FILE is its subagents.json. What has another name here is renamed, what has no meaning here is told, and what is
    set already stays as it is.
    """
)

mount(commands, "list", list_settings, usage="[--json]", text=_("List all settings and where they are set."))
mount(commands, "get", get, usage="NAME [--json]", text=GET_HELP)
mount(commands, "set", set_value, usage="NAME VALUE [--user | --project]", text=SET_HELP)
# A number below 0 is a value, not an option.
commands.registered_commands[-1].context_settings = {"ignore_unknown_options": True}
mount(commands, "unset", unset, usage="NAME [--user | --project]", text=UNSET_HELP)
mount(commands, "path", path, usage="[--user | --project]", text=PATH_HELP)
mount(commands, "import", import_file, usage="FILE [OPTIONS]", text=IMPORT_HELP)


# --- showing


def _columns(found: Layered) -> list[Column]:
    cells = [_cell(getattr(found.settings, each.name)) for each in declared()]
    return [
        Column(_("NAME"), [each.name + ("*" if each.later else "") for each in declared()]),
        Column(_("VALUE"), cells, narrow=[fit(cell, NARROW_VALUE) for cell in cells]),
        Column(_("SET BY"), [str(found.source_of(each.name).layer) for each in declared()], 1),
        Column(_("MEANS"), [each.title for each in declared()]),
    ]


def _cell(value: Value) -> str:
    return fit(printable(as_text(value)) or "–", LONGEST_VALUE)


def _as_object(setting: Declared, found: Layered) -> dict[str, Any]:
    origin = found.source_of(setting.name)
    return {
        "name": setting.name,
        "value": getattr(found.settings, setting.name),
        "set_by": str(origin.layer),
        "where": origin.place or None,
        "default": setting.default,
        "title": setting.title,
        "help": setting.help,
        "wanted": setting.wanted,
        "variable": setting.variable,
        "later": setting.later,
    }


def _explanation(setting: Declared, found: Layered) -> Iterator[str]:
    origin = found.source_of(setting.name)
    where = f"{origin.layer}, {origin.place}" if origin.place else str(origin.layer)
    yield _("{title}. {help}").format(title=setting.title, help=setting.help)
    yield _("It must be {wanted}. Set by: {where}.").format(wanted=setting.wanted, where=where)
    if setting.later:
        yield _("It has no effect yet.")


def _import_columns(rows: Sequence[Imported]) -> list[Column]:
    return [
        Column(_("KEY"), [printable(each.key) for each in rows]),
        Column(_("SETTING"), [each.name or "–" for each in rows]),
        Column(_("OUTCOME"), [_outcome(each) for each in rows]),
    ]


def _outcome(row: Imported) -> str:
    if row.value is None:
        return printable(row.why)
    later = by_name()[row.name].later
    text = _("{value}, without effect yet") if later else "{value}"
    return text.format(value=printable(_quoted(row.value)))


# --- changing


def _declared(name: str) -> Declared:
    if (setting := by_name().get(name)) is None:
        raise BadSetting(_no_such(name))
    return setting


def _no_such(name: str) -> str:
    """The sentence about a setting that there is not, and how to find the one that was meant."""
    said = unknown(name)
    said = said[:1].upper() + said[1:]
    return said if said.endswith("?") else _("{said}. `subagents settings` lists them.").format(said=said)


def _meant(setting: Declared, text: str) -> Value:
    """The value of a text from the command line. Raises `BadSetting`."""
    if isinstance(setting.default, tuple) and text.strip().startswith("["):
        import tomllib

        try:
            return fitting(setting, tomllib.loads(f"list = {text}")["list"])
        except ValueError:
            raise BadSetting(
                _("must be {wanted}, not {value}").format(wanted=setting.wanted, value=text)
            ) from None
    return from_text(setting, text)


def _layer(here: Project, setting: Declared | None, *, user: bool, project: bool) -> Layer:
    """The file that is meant. Raises `typer.BadParameter` when two are."""
    if user and project:
        raise typer.BadParameter(_("--user and --project name two files; choose one."))
    if user or (setting is not None and setting.guard is Guard.USER and not project):
        return Layer.USER
    return Layer.PROJECT if project or _is_project(here) else Layer.USER


def _is_project(here: Project) -> bool:
    return here.folder.is_dir() or (here.root / ".git").exists()


def _path(here: Project, layer: Layer) -> Path:
    return files.user_file() if layer is Layer.USER else files.project_file(here)


def _below(setting: Declared) -> Value:
    """What the user has without the project; the environment is for this moment only."""
    value: Value = getattr(of_user({}).settings, setting.name)
    return value


def _change(here: Project, layer: Layer, changes: Mapping[str, Value | None]) -> None:
    from subagents.settings.writing import change

    if layer is Layer.USER and started_in(os.environ).get(RUN):
        text = _("An agent's command cannot change your own settings; that is for the person who started it.")
        raise SettingsFileError(text)
    change(_path(here, layer), changes, here.root if layer is Layer.PROJECT else None)


def _quoted(value: Value) -> str:
    return as_text(value) if isinstance(value, bool | int | float) else repr(as_text(value))


def _remarks(setting: Declared, layer: Layer, here: Project) -> Iterator[str]:
    found = layered(here)
    origin = found.source_of(setting.name)
    if origin.layer is not layer:
        text = _("But {where} goes before it: it is {value} here.")
        yield text.format(where=origin.place, value=_quoted(getattr(found.settings, setting.name)))
    if setting.later:
        yield _("It has no effect yet.")


# --- importing


def _decided(each: Imported, target: files.SettingsFile, layer: Layer, *, force: bool) -> Imported:
    """What becomes of it in this file."""
    if each.value is None:
        return each
    setting = by_name()[each.name]
    why = ""
    if each.name in target.values and _is_that(setting, target.values[each.name], each.value):
        why = _("is that already")
    elif each.name in target.values and not force:
        why = _("is set already; --force replaces it")
    elif layer is Layer.PROJECT:
        why = refusal(setting, each.value, _below(setting))
    return Imported(each.key, each.name, None, why) if why else each


def _is_that(setting: Declared, there: object, value: Value) -> bool:
    with suppress(BadSetting):
        return fitting(setting, there) == value
    return False
