"""Changes to definition files: made, switched off and on, taken out of the package, put back, deleted.

Each answers with an `Edit`, which says in a sentence what was done or why nothing was. Only files in our own folders
are ever changed; other tools' are read. Whether a person agreed is not known here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from subagents.contents import first_bytes
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import load
from subagents.definitions.folders import MAX_FILE, Folder
from subagents.definitions.model import AgentDefinition, Dialect, Scope
from subagents.definitions.parse import parse
from subagents.definitions.saving import inside, save
from subagents.definitions.switching import STUB, Switch, Switched, switched_off, switched_on
from subagents.definitions.writing import sayable, write
from subagents.language import _
from subagents.spec import DefinitionSource


class Outcome(StrEnum):
    """What became of a wish to change a file. Only the first five change something."""

    WRITTEN = "written"
    DISABLED = "disabled"
    ENABLED = "enabled"
    RESET = "reset"
    DELETED = "deleted"

    ALREADY_DISABLED = "already disabled"
    NOT_DISABLED = "not disabled"
    NO_FRONT_MATTER = "no front matter"
    OTHERWISE_WRITTEN = "otherwise written"
    UNREADABLE = "unreadable"
    EXISTS = "exists"
    READ_ONLY = "read only"
    NO_FILE = "no file"
    NOT_BUILT_IN = "not built in"
    NOT_SAYABLE = "not sayable"
    FAILED = "failed"

    @property
    def changed(self) -> bool:
        return self in (self.WRITTEN, self.DISABLED, self.ENABLED, self.RESET, self.DELETED)


@dataclass(frozen=True, slots=True)
class Edit:
    """`path` is the file that was changed, or would have been; None when there is none. `message` is for a person."""

    outcome: Outcome
    path: Path | None
    message: str


@dataclass(frozen=True)
class DefinitionFiles:
    """The files behind a catalog. `places` are the folders it was loaded from, the least important first.

    Every method takes the exact name of an agent, and raises nothing for a file that cannot be changed.
    """

    catalog: AgentCatalog
    places: Sequence[Folder]

    # --- finding

    def effective(self, name: str) -> AgentDefinition | None:
        """What the name means now, enabled or not."""
        return next((agent for agent in self.catalog if agent.name == name), None)

    def built_in(self, name: str) -> AgentDefinition | None:
        """What the package says the name means."""
        packaged = load(place for place in self.places if place.scope is Scope.PACKAGED)
        return next((agent for agent in packaged if agent.name == name), None)

    def own_file(self, name: str) -> Path | None:
        """The file of our own behind a name: the one that was read, whatever it is called, else the one that would
        be but for what is wrong with it, the project's before the user's. None when there is neither."""
        agent = self.effective(name)
        if agent is not None and is_own(agent):
            return source_path(agent)
        called = [place.path / f"{name}.md" for place in reversed(self.places) if _is_own_folder(place)]
        return next((path for path in called if file_stem(name) == name and _is_there(path)), None)

    # --- switching off and on

    def disable(self, name: str, stubs: Path) -> Edit:
        """A line in its file; for a built-in without one, a file in `stubs` that says nothing else."""
        path = self.own_file(name)
        if path is not None:
            return _switch(path, name, switched_off)
        agent = self.effective(name)
        if agent is None:
            return _no_file(name)
        if not agent.enabled:
            return Edit(Outcome.ALREADY_DISABLED, source_path(agent), _already(name, agent))
        if not _is_packaged(agent):
            return read_only(agent)
        stub = stubs / f"{name}.md"
        message = _("{name} is disabled. The file that says so is {path}.").format(name=name, path=stub)
        return _saved(Edit(Outcome.DISABLED, stub, message), STUB, overwrite=False)

    def enable(self, name: str) -> Edit:
        """Takes the line out again; a file that said nothing else is deleted."""
        path = self.own_file(name)
        if path is not None:
            return _switch(path, name, switched_on)
        agent = self.effective(name)
        if agent is None:
            return _no_file(name)
        if agent.enabled:
            return Edit(
                Outcome.NOT_DISABLED, source_path(agent), _("{name} is not disabled.").format(name=name)
            )
        return read_only(agent)

    # --- out of the package and back

    def eject(self, name: str, folder: Path, *, overwrite: bool = False) -> Edit:
        """A built-in's file in `folder`, byte for byte, to be changed there."""
        agent = self.built_in(name)
        if agent is None:
            return self._not_built_in(name)
        packaged, path = source_path(agent), folder / source_path(agent).name
        text = _text(packaged)
        if isinstance(text, Edit):
            return text
        message = _("{name} is now in {path}, and what you change there is in effect.")
        edit = Edit(Outcome.WRITTEN, path, message.format(name=name, path=path))
        return _saved(edit, text, overwrite=overwrite)

    def reset(self, name: str) -> Edit:
        """Deletes the file that stands in for a built-in."""
        if self.built_in(name) is None:
            return self._not_built_in(name)
        path = self.own_file(name)
        if path is not None:
            message = _("{path} is deleted.").format(path=path)
            return _deleted(Edit(Outcome.RESET, path, message))
        agent = self.effective(name)
        if agent is not None and not _is_packaged(agent):
            return read_only(agent)
        return Edit(Outcome.NO_FILE, None, _("{name} is as it comes with the package.").format(name=name))

    def _not_built_in(self, name: str) -> Edit:
        agent = self.effective(name)
        if agent is None:
            return _no_file(name)
        message = _("{name} is not built in; it is {path}.").format(name=name, path=source_path(agent))
        return Edit(Outcome.NOT_BUILT_IN, source_path(agent), message)

    # --- making and deleting

    def delete(self, name: str) -> Edit:
        path = self.own_file(name)
        if path is not None:
            return _deleted(Edit(Outcome.DELETED, path, _("{path} is deleted.").format(path=path)))
        agent = self.effective(name)
        return _no_file(name) if agent is None else read_only(agent)

    def create(
        self, agent: AgentDefinition, folder: Path, *, overwrite: bool = False, dry_run: bool = False
    ) -> Edit:
        """A file for a definition, where `file_for` says."""
        path = self.file_for(agent.name, folder)
        text = _sayable(agent, path)
        if isinstance(text, Edit):
            return text
        if dry_run and _is_there(path) and not overwrite:
            return _exists(path)
        message = _("{name} is now in {path}.").format(name=agent.name, path=path)
        edit = Edit(Outcome.WRITTEN, path, message)
        return edit if dry_run else _saved(edit, text, overwrite=overwrite)

    def file_for(self, name: str, folder: Path) -> Path:
        """The file that says what the name means in this folder, or will: one in effect may be called otherwise."""
        agent = self.effective(name)
        if agent is not None and is_own(agent) and source_path(agent).parent == folder:
            return source_path(agent)
        return folder / f"{file_stem(name)}.md"


# --- whose a file is


def is_own(agent: AgentDefinition) -> bool:
    """Whether its file is one of ours to change: of our own format, and not the package's."""
    source = agent.source
    return source is not None and source.scope != Scope.PACKAGED and source.dialect == Dialect.OWN


def source_path(agent: AgentDefinition) -> Path:
    return Path(agent.source.path if agent.source is not None else f"{agent.name}.md")


def _is_packaged(agent: AgentDefinition) -> bool:
    return agent.source is not None and agent.source.scope == Scope.PACKAGED


def _is_own_folder(place: Folder) -> bool:
    return place.scope is not Scope.PACKAGED and place.dialect is Dialect.OWN


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def read_only(agent: AgentDefinition) -> Edit:
    """Why an agent's file is not changed, and what to do instead."""
    path = source_path(agent)
    if _is_packaged(agent):
        message = _(
            "{name} is built in. `subagents agents disable {called}` switches it off, and "
            "`subagents agents eject {called}` gives you its file to change."
        )
    else:
        message = _(
            "{path} belongs to another tool and is only read here. `subagents agents import {called}` makes a file of "
            "your own of it, which is then in effect."
        )
    text = message.format(name=agent.name, called=shlex.quote(agent.name), path=path)
    return Edit(Outcome.READ_ONLY, path, text)


# --- what a file is called

# Half a surrogate pair is what Python makes of an argument's byte that is no UTF-8.
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"/\\|?*\s]+')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
MAX_STEM = 200  # bytes; file systems allow 255 for a whole name


def file_stem(name: str) -> str:
    """What the file of an agent of that name is called, without its ending: the name, as far as any system takes it."""
    stem = _UNUSABLE.sub("-", name).strip("-. ")
    stem = stem.encode()[:MAX_STEM].decode(errors="ignore")
    if not stem or _DEVICES.fullmatch(stem.split(".")[0]):
        return f"agent-{stem}".rstrip("-")
    return stem


# --- changing a file


def _switch(path: Path, name: str, change: Callable[[str], Switched]) -> Edit:
    try:
        if path.is_symlink():
            inside(path)
    except OSError as error:
        return _failed(path, error)
    text = _text(path)
    if isinstance(text, Edit):
        return text
    switched = change(text)
    edit = _told(switched, path, name, off=change is switched_off)
    if not edit.outcome.changed:
        return edit
    return _deleted(edit) if switched.stub else _saved(edit, switched.text, overwrite=True, was=text)


def _told(switched: Switched, path: Path, name: str, *, off: bool) -> Edit:
    outcome, message = _switched_off(switched) if off else _switched_on(switched)
    return Edit(outcome, path, message.format(name=name, path=path, line=switched.line, why=switched.why))


def _switched_off(switched: Switched) -> tuple[Outcome, str]:
    match switched.outcome:
        case Switch.DONE:
            return Outcome.DISABLED, _("{name} is disabled in {path}.")
        case Switch.ALREADY:
            return Outcome.ALREADY_DISABLED, _("{name} is already disabled in {path}.")
        case Switch.NO_FRONT_MATTER:
            return Outcome.NO_FRONT_MATTER, _(
                "{path} has no front matter to say in that {name} is disabled; begin it with the three lines "
                "`---`, `enabled: false`, `---`."
            )
        case Switch.UNREADABLE:
            return Outcome.UNREADABLE, _unreadable()
        case Switch.OTHERWISE_WRITTEN:
            return Outcome.OTHERWISE_WRITTEN, _(
                "{path} is written in a way that is not edited here, and is unchanged; write `enabled: false` into its "
                "front matter yourself."
            )


def _switched_on(switched: Switched) -> tuple[Outcome, str]:
    match switched.outcome:
        case Switch.DONE if switched.stub:
            return Outcome.ENABLED, _(
                "{path} said nothing else than that {name} is disabled, and is deleted."
            )
        case Switch.DONE:
            return Outcome.ENABLED, _("{name} is enabled in {path}.")
        case Switch.ALREADY | Switch.NO_FRONT_MATTER:
            return Outcome.NOT_DISABLED, _("{name} is not disabled in {path}.")
        case Switch.UNREADABLE:
            return Outcome.UNREADABLE, _unreadable()
        case Switch.OTHERWISE_WRITTEN if switched.line:
            return Outcome.OTHERWISE_WRITTEN, _(
                "{name} is still disabled: line {line} of {path} says so in a spelling that is not edited here. Delete "
                "that line yourself."
            )
        case Switch.OTHERWISE_WRITTEN:
            return Outcome.OTHERWISE_WRITTEN, _(
                "{name} is still disabled: {path} says so in a way that is not edited here."
            )


def _unreadable() -> str:
    return _("{path} cannot be used as it is, and is unchanged: {why}.")


def _sayable(agent: AgentDefinition, path: Path) -> str | Edit:
    """The text of its file, once it is certain that reading it gives the same definition."""
    why = _("reading it would not give the same agent")
    try:
        text = write(agent, path.stem)
        if len(text.encode()) > MAX_FILE:
            raise ValueError(_("its file would be longer than {n:,} bytes").format(n=MAX_FILE))
        parsed = parse(text, DefinitionSource(str(path), "", ""))
        read = parsed.definition
        if read is not None and replace(read, source=None) == replace(sayable(agent), source=None):
            return text
        if parsed.problems:
            why = parsed.problems[0].message
    except (ValueError, RecursionError) as error:
        why = str(error)
    message = _("{name!r} cannot be written to {path}: {why}.").format(name=agent.name, path=path, why=why)
    return Edit(Outcome.NOT_SAYABLE, path, message)


def _text(path: Path) -> str | Edit:
    try:
        data = first_bytes(path, MAX_FILE + 1)
        if len(data) <= MAX_FILE:
            return data.decode("utf-8")
    except OSError as error:
        return _failed(path, error)
    except UnicodeDecodeError:
        message = _("{path} is not UTF-8 text; save it as UTF-8.").format(path=path)
        return Edit(Outcome.UNREADABLE, path, message)
    return Edit(Outcome.UNREADABLE, path, _too_long(path))


def _too_long(path: Path) -> str:
    return _("{path} is longer than {n:,} bytes, and is unchanged.").format(path=path, n=MAX_FILE)


def _saved(edit: Edit, text: str, *, overwrite: bool, was: str | None = None) -> Edit:
    """The edit, once its file holds the text; another when that cannot be."""
    assert edit.path is not None
    try:
        save(edit.path, text, overwrite=overwrite, was=was)
    except FileExistsError:
        return _exists(edit.path)
    except (OSError, UnicodeEncodeError) as error:
        return _failed(edit.path, error)
    return edit


def _deleted(edit: Edit) -> Edit:
    """The edit, once its file is gone. Of a link the link goes, and what it points to stays."""
    assert edit.path is not None
    try:
        if not edit.path.is_symlink():
            inside(edit.path)
        edit.path.unlink()
    except OSError as error:
        return _failed(edit.path, error)
    return edit


def _exists(path: Path) -> Edit:
    message = _("{path} exists already, and is unchanged.").format(path=path)
    return Edit(Outcome.EXISTS, path, message)


def _failed(path: Path, error: OSError | UnicodeEncodeError) -> Edit:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    message = _("{path} is unchanged: {why}.").format(path=path, why=why)
    return Edit(Outcome.FAILED, path, message)


def _already(name: str, agent: AgentDefinition) -> str:
    return _("{name} is already disabled in {path}.").format(name=name, path=source_path(agent))


def _no_file(name: str) -> Edit:
    return Edit(Outcome.NO_FILE, None, _("There is no agent {name!r}.").format(name=name))
