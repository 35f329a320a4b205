"""`subagents agents eject|enable|disable|reset|delete`: changes to definition files that a person asks for by name."""

from __future__ import annotations

from subagents.cli.agents.here import (
    Force,
    ForUser,
    Here,
    Name,
    Yes,
    agreed,
    here,
    nearby,
    say_in_effect,
    told,
    told_path,
)
from subagents.cli.streams import say
from subagents.definitions.editing import Edit, Outcome, is_own, source_path
from subagents.definitions.switching import STUB
from subagents.language import _

EJECT_HELP = _(
    """Write a built-in agent's file into the project, to be changed there.

    It is then in effect instead of the built-in. Prints its path; `reset` undoes it.
    """
)
ENABLE_HELP = _(
    """Switch an agent on again: the line `enabled: false` is deleted, and the rest of its file stays as it is."""
)
DISABLE_HELP = _(
    """Switch an agent off, so that nobody can start it, and leave the rest of its file as it is.

    For a built-in agent a file is made that says nothing else; `enable` deletes it again.
    """
)
RESET_HELP = _("""Delete the file that stands in for a built-in agent.""")
DELETE_HELP = _("""Delete an agent's file.""")


def eject(name: Name, for_user: ForUser = False, force: Force = False) -> int:
    now = here()
    found, folder = _built_in_name(now, name), now.folder(for_user=for_user)
    edit = now.files.eject(found, folder, overwrite=force)
    if edit.outcome is Outcome.EXISTS and agreed(_overwriting(edit), yes=force, option="--force"):
        edit = now.files.eject(found, folder, overwrite=True)
    code = told_path(edit)
    _say_unless_in_effect(found, edit)
    return code


def enable(name: Name) -> int:
    now = here()
    found = now.find(name)
    edit = now.files.enable(found)
    code = told(edit)
    after = here().agent(found)
    if edit.outcome.changed and (after is None or not after.enabled):
        say_in_effect(found)
    return code


def disable(name: Name, for_user: ForUser = False) -> int:
    now = here()
    found = now.find(name)
    edit = now.files.disable(found, now.folder(for_user=for_user))
    code = told(edit)
    after = here().agent(found)
    if edit.outcome.changed and after is not None and after.enabled:
        say_in_effect(found)
    return code


def reset(name: Name, yes: Yes = False) -> int:
    now = here()
    found = _built_in_name(now, name)
    path = now.files.own_file(found) if now.files.built_in(found) is not None else None
    if path is not None and not _is_stub(now, found):
        question = _("Delete {path}, for good?").format(path=nearby(path))
        if not agreed(question, yes=yes):
            return 0
    edit = now.files.reset(found)
    if edit.outcome is Outcome.NO_FILE:
        say(edit.message)
        return 0
    code = told(edit)
    say_in_effect(found)
    return code


def delete(name: Name, yes: Yes = False) -> int:
    now = here()
    found = now.find(name)
    path = now.files.own_file(found)
    if path is not None and not agreed(_("Delete {path}, for good?").format(path=nearby(path)), yes=yes):
        return 0
    code = told(now.files.delete(found))
    if here().agent(found) is not None:
        say_in_effect(found)
    return code


def _built_in_name(now: Here, name: str) -> str:
    """The name as the package has it; it may be hidden by a setting, so the catalog need not."""
    return name if now.files.built_in(name) is not None else now.find(name)


def _is_stub(now: Here, name: str) -> bool:
    """Whether nothing is lost with the file."""
    agent = now.agent(name)
    if agent is None or not is_own(agent):
        return False
    try:
        return source_path(agent).read_text(encoding="utf-8") == STUB
    except (OSError, UnicodeDecodeError):
        return False


def _overwriting(edit: Edit) -> str:
    assert edit.path is not None
    return _("Replace {path}, for good?").format(path=nearby(edit.path))


def _say_unless_in_effect(name: str, edit: Edit) -> None:
    agent = here().agent(name)
    if agent is None or not agent.enabled or source_path(agent) != edit.path:
        say_in_effect(name)
