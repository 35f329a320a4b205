"""`subagents agents new`: a definition file from options, or from answers at a terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from subagents.cli.agents.generate import generated
from subagents.cli.agents.here import Force, ForUser, Here, here, say_in_effect, say_problems, told_path
from subagents.cli.asking import Asking, Terminal, is_terminal
from subagents.cli.place import at_home
from subagents.cli.streams import say
from subagents.contents import first_bytes
from subagents.definitions.editing import source_path
from subagents.definitions.fields import THINKING
from subagents.definitions.folders import MAX_FILE
from subagents.definitions.model import AgentDefinition, Dialect, Scope
from subagents.definitions.parse import parse
from subagents.definitions.writing import in_quotes
from subagents.errors import SubagentsError
from subagents.language import _
from subagents.spec import DefinitionSource

HELP = _(
    """Make an agent: write its file, and print the path.

    At a terminal what is missing is asked for, and the prompt is written in your editor ($VISUAL or $EDITOR). Elsewhere
    NAME, --description and a prompt are needed.

    Examples:

    \b
      subagents agents new
      subagents agents new reviewer -d "Reviews a change." --tools read-only --from reviewer.txt
      echo "Find dead code." | subagents agents new undertaker -d "Finds dead code." --body -
      subagents agents new --generate "judges a change by how hard it is to undo"
    """
)

READ_ONLY = "read, grep, find, ls"
_TOOL_WORDS = {"read-only": READ_ONLY, "readonly": READ_ONLY}
_MODELS = ("inherit", "haiku", "sonnet", "opus")


@dataclass(frozen=True)
class Draft:
    """What is known of an agent that is being made, as it would be written; "" where nobody has said it yet."""

    name: str = ""
    description: str = ""
    tools: str = ""
    model: str = ""
    thinking: str = ""
    capabilities: str = ""
    body: str = ""

    def text(self) -> str:
        """Its file, with everything in quotes, so that nothing in it can be taken for something else."""
        keys = {
            "name": self.name,
            "description": self.description,
            "tools": _TOOL_WORDS.get(self.tools.lower(), self.tools),
            "model": self.model,
            "thinking": self.thinking,
            "capabilities": self.capabilities,
        }
        lines = [f"{key}: {in_quotes(value)}" for key, value in keys.items() if value]
        return "\n".join(("---", *lines, "---", "", self.body, ""))


NewName = Annotated[str, typer.Argument(metavar="NAME", hidden=True)]
Description = Annotated[
    str,
    typer.Option("--description", "-d", metavar="TEXT", help=_("When to use it; models choose by this.")),
]
Tools = Annotated[
    str, typer.Option(metavar="TOOLS", help=_("all, none, read-only, or a list: read, grep, bash."))
]
Model = Annotated[
    str, typer.Option(metavar="MODEL", help=_("What answers; without it, what its parent has."))
]
Thinking = Annotated[
    str,
    typer.Option(metavar="LEVEL", help=_("How hard it thinks: {levels}.").format(levels=", ".join(THINKING))),
]
Capabilities = Annotated[
    str, typer.Option(metavar="WORDS", help=_("What it can do, with commas, for `agents match`."))
]
Body = Annotated[str, typer.Option(metavar="TEXT", help=_("Its prompt; - reads it from standard input."))]
Source = Annotated[str, typer.Option("--from", metavar="FILE", help=_("A file with its prompt."))]
Generate = Annotated[
    str, typer.Option(metavar="TEXT", help=_("What it is to do; an agent writes the definition."))
]


def new(
    name: NewName = "",
    description: Description = "",
    tools: Tools = "",
    model: Model = "",
    thinking: Thinking = "",
    capabilities: Capabilities = "",
    body: Body = "",
    source: Source = "",
    generate: Generate = "",
    for_user: ForUser = False,
    force: Force = False,
) -> int:
    draft = Draft(name, description, tools, model, thinking, capabilities, _prompt(body, source))
    now = here()
    if generate:
        return _generated(draft, generate, now, now.folder(for_user=for_user), force=force)
    if not is_terminal():
        return _written(understood(draft), now, now.folder(for_user=for_user), force=force)
    ask = Terminal()
    draft, for_user = identified(draft, ask, for_user=for_user)
    folder = now.folder(for_user=for_user)
    # Before more is asked, so that no answer is given in vain.
    _refuse_taken(now.files.file_for(draft.name, folder), force=force)
    draft = completed(draft, ask)
    if draft.body.strip():
        return _written(understood(draft), now, folder, force=force)
    with edited(_seed(draft)) as body:
        return _written(understood(replace(draft, body=body)), now, folder, force=force)


def _generated(draft: Draft, wish: str, now: Here, folder: Path, *, force: bool) -> int:
    """What options say is kept, and the rest is what an agent wrote."""
    if draft.body:
        raise typer.BadParameter(_("--generate writes the prompt; leave out --body and --from."))
    if draft.name:
        _refuse_taken(now.files.file_for(draft.name, folder), force=force)
    draft = filled(draft, generated(wish))
    code = _written(understood(draft), now, folder, force=force)
    say(_("Read it before you use it."))
    return code


def filled(draft: Draft, written: Mapping[str, Any]) -> Draft:
    """The draft, with what was generated where it says nothing yet."""
    return Draft(
        name=draft.name or written["name"],
        description=draft.description or written["description"],
        tools=draft.tools or ", ".join(written["tools"]) or "none",
        model=draft.model,
        thinking=draft.thinking,
        capabilities=draft.capabilities or ", ".join(written["capabilities"]),
        body=written["prompt"],
    )


def _refuse_taken(path: Path, *, force: bool) -> None:
    if os.path.lexists(path) and not force:
        raise SubagentsError(_("{path} exists already. Add --force to replace it.").format(path=path))


def _written(agent: AgentDefinition, now: Here, folder: Path, *, force: bool) -> int:
    edit = now.files.create(agent, folder, overwrite=force)
    code = told_path(edit)
    before = now.agent(agent.name)
    if before is not None and source_path(before) != edit.path:
        say_in_effect(agent.name)
    say(_('Start it with: subagents run {name} "…"').format(name=shlex.quote(agent.name)))
    return code


# --- what options and answers come to


def understood(draft: Draft) -> AgentDefinition:
    """The definition, as its file would be read. What is wrong with it is said; `SubagentsError` for what is missing
    or cannot be."""
    for value, missing in (
        (draft.name, _("An agent needs a name: subagents agents new NAME.")),
        (draft.description, _("Say when to use it with --description; models choose by that.")),
        (draft.body, _("Say what it is told with --body TEXT, --body - or --from FILE.")),
    ):
        if not value.strip():
            raise SubagentsError(missing)
    source = DefinitionSource("agent.md", "", Scope.PROJECT, Dialect.OWN)
    parsed = parse(draft.text(), source)
    if parsed.definition is None:
        raise SubagentsError("; ".join(problem.message for problem in parsed.problems))
    say_problems(replace(problem, path=draft.name, line=None) for problem in parsed.problems)
    return replace(parsed.definition, source=None)


def _prompt(body: str, source: str) -> str:
    if body and source:
        raise typer.BadParameter(_("--body and --from both give the prompt; choose one."))
    if source:
        return _contents(source)
    if body != "-":
        return body
    if sys.stdin.isatty():
        raise typer.BadParameter(_("`--body -` reads the prompt from standard input; pipe one in."))
    return _as_text(sys.stdin.buffer.read(MAX_FILE + 1), _("Standard input"))


def _contents(path: str) -> str:
    try:
        data = first_bytes(at_home(path), MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        text = _("{path!r} cannot be read: {why}; a prompt that is in no file is piped in with `--body -`.")
        raise typer.BadParameter(text.format(path=path, why=why)) from None
    return _as_text(data, repr(path))


def _as_text(data: bytes, named: str) -> str:
    if len(data) > MAX_FILE:
        text = _("{named} is longer than the {n:,} bytes that an agent's file may have.")
        raise typer.BadParameter(text.format(named=named, n=MAX_FILE))
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = _("{named} is not UTF-8 text in line {line}.")
        raise typer.BadParameter(text.format(named=named, line=line)) from None


# --- answers


def identified(draft: Draft, ask: Asking, *, for_user: bool) -> tuple[Draft, bool]:
    """The draft with a name, and whether it is for the user; without any option that is asked too."""
    everything = _is_bare(draft)
    if not draft.name:
        draft = replace(draft, name=ask.line(_("Name"), check=_a_name))
    if everything and not for_user:
        for_user = bool(ask.one_of(_("Who is to have it?"), [_("this project"), _("you, in all projects")]))
    return draft, for_user


def completed(draft: Draft, ask: Asking) -> Draft:
    """The draft with what is missing asked for; without any option that is all but the prompt."""
    everything = _is_bare(draft)
    if not draft.description:
        question = _("When is it to be used? Models choose by this sentence")
        draft = replace(draft, description=ask.line(question, check=_something))
    if everything:
        draft = replace(draft, tools=_tools(ask), model=_model(ask), thinking=_thinking(ask))
    return draft


def _is_bare(draft: Draft) -> bool:
    return draft == Draft(name=draft.name)


def _tools(ask: Asking) -> str:
    choices = [
        _("all"),
        _("only those that read: {tools}").format(tools=READ_ONLY),
        _("none"),
        _("some of them"),
    ]
    match ask.one_of(_("Which tools may it use?"), choices):
        case 0:
            return ""
        case 1:
            return "read-only"
        case 2:
            return "none"
        case _:
            return ask.line(_("Which ones, with commas"), READ_ONLY, _something)


def _model(ask: Asking) -> str:
    choices = [_("its parent's, or the setting's"), *_MODELS[1:], _("another")]
    chosen = ask.one_of(_("Which model answers?"), choices)
    if chosen == len(choices) - 1:
        return ask.line(_("Its name"), check=_something)
    return "" if chosen == 0 else _MODELS[chosen]


def _thinking(ask: Asking) -> str:
    chosen = ask.one_of(_("How hard does it think?"), [_("as its parent does"), *THINKING])
    return "" if chosen == 0 else THINKING[chosen - 1]


def _something(text: str) -> str:
    return "" if text else _("It cannot be empty.")


def _a_name(text: str) -> str:
    """What is wrong with a name, as the parser says."""
    parsed = parse(Draft(name=text or " ").text(), DefinitionSource("agent.md", "", Scope.PROJECT))
    if text and parsed.definition is not None:
        return ""
    return parsed.problems[0].message if text else _("It cannot be empty.")


# --- the editor


def _seed(draft: Draft) -> str:
    return _("You are {name}. {description}\n").format(name=draft.name, description=draft.description)


@contextmanager
def edited(seed: str) -> Iterator[str]:
    """What the person made of the text in an editor. When the block fails, the text is kept and its place said.

    Raises `SubagentsError` when there is no editor, or it failed.
    """
    descriptor, name = tempfile.mkstemp(prefix="subagents-", suffix=".md")
    file = Path(name)
    try:
        os.write(descriptor, seed.encode())
        os.close(descriptor)
        _edit(file)
        yield file.read_text(encoding="utf-8", errors="replace")
    except SubagentsError:
        if file.read_bytes() != seed.encode():
            say(_("Your text is kept in {path}.").format(path=file))
            raise
        file.unlink()
        raise
    file.unlink()


def _edit(file: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        subprocess.run([*shlex.split(command), str(file)], check=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        text = _("The editor {command!r} did not work ({why}); set EDITOR, or give the prompt with --body.")
        raise SubagentsError(text.format(command=command, why=error)) from None
