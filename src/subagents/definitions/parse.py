"""One file's text to a definition and its problems. Which files there are is not known here."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Any

from subagents.definitions import frontmatter
from subagents.definitions.fields import BY_KEY, Field
from subagents.definitions.frontmatter import BadFrontMatter, FrontMatter, Sections
from subagents.definitions.model import SHOWN, AgentDefinition, Dialect, Parsed, Problem
from subagents.definitions.scoping import Reach, reach, restricting_keys
from subagents.definitions.spelling import (
    canonical,
    has_no_equivalent,
    may_restrict,
    nearest_key,
    to_write_instead,
)
from subagents.definitions.values import BadValue, Written, both, few
from subagents.language import _, counted
from subagents.places import is_safe_name
from subagents.spec import CommandLine, DefinitionSource, PromptMode

MAX_UNKNOWN = 20  # unknown keys of one file that are told one by one
MAX_COMPARED = 200  # unknown keys of one file that are compared with ours; with more of them it is not used

#: Tools whose lists of tools are, as ours, about the tools of our own only.
_LISTS_OUR_OWN = (Dialect.OWN, Dialect.PI)


def parse(text: str, source: DefinitionSource) -> Parsed:
    """The definition in `text`, or none, and what is wrong with it. Never raises, whatever the text.

    A value that cannot be read is left undecided, with a problem, and so is a key that nobody knows; only where that
    would widen what the file allows (its tools, its schema, its cost), or leave it without a name, there is no
    definition.
    """
    reading = _Reading(source)
    try:
        front, body = reading.opened(text)
    except BadFrontMatter as error:
        reading.problem(str(error), line=error.line)
        return Parsed(None, tuple(reading.problems), source, name=reading.stem)
    reading.keys(front)
    return reading.parsed(body.strip())


def stem_of(source: DefinitionSource) -> str:
    """What a file is called without its ending, which Copilot writes `.agent.md`."""
    return PurePath(source.path).stem.removesuffix(".agent" if source.dialect == Dialect.COPILOT else "")


class _Reading:
    """What is known so far of one file. `found` are the values by our keys, `spelled` how the file spells these."""

    def __init__(self, source: DefinitionSource) -> None:
        self.source = source
        self.stem = stem_of(source)
        self.problems: list[Problem] = []
        self.found: dict[str, Any] = {}
        self.spelled: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.unusable: set[str] = set()

    def problem(self, message: str, *, line: int | None = None, key: str = "") -> None:
        self.problems.append(Problem(self.source.path, line, message, key))

    def about(self, key: str, message: str) -> None:
        """A problem of one of our keys; the sentence begins with the key as the file spells it."""
        spelled = self.spelled.get(key, key)
        self.problem(f"`{spelled[:SHOWN]}` {message}", line=self.lines.get(spelled), key=spelled)

    def opened(self, text: str) -> tuple[FrontMatter, str]:
        """The front matter in our keys, and the body. Raises `BadFrontMatter`."""
        if self.source.dialect == Dialect.OWN:
            sections = frontmatter.split(text)
            self.fences(sections)
            front, body = frontmatter.read(sections.block), sections.body
        else:
            from subagents.definitions.dialects import translated  # which reads with what this package has

            translation = translated(text, Dialect(self.source.dialect))
            front, body = translation.front, translation.body
            for lost in translation.problems:
                self.problem(lost.message, line=lost.line, key=lost.key)
                if lost.restricts:
                    self.unusable.add(lost.key)
            if translation.fences is not None:
                self.fences(translation.fences)
        self.lines = dict(front.lines)
        return front, body

    def fences(self, sections: Sections) -> None:
        """Fences that probably were meant otherwise. Raises `BadFrontMatter` where that hides what restricts."""
        if why := sections.misfenced:
            raise BadFrontMatter(why, sections.misfenced_line)
        if sections.fenced and sections.closing.strip() != "---":
            line = 2 + sections.block.count("\n")
            message = _(
                "{fence!r} ended the front matter, because it starts with ---; the rest is the prompt"
            )
            self.problem(message.format(fence=sections.closing.strip()[:SHOWN]), line=line)

    def parsed(self, body: str) -> Parsed:
        name = self._name()
        reached = reach(self.found, exact=self.source.dialect not in _LISTS_OUR_OWN)
        for told in reached.told:
            self.about(told.key, told.message)
        self._later(already={told.key for told in reached.told})
        self._remembering(name)
        self._foreign_program()
        if self.unusable:
            keys = both([f"`{self.spelled.get(key, key)[:SHOWN]}`" for key in sorted(self.unusable)])
            self.problem(_("the file is not used, because it would be without its {keys}").format(keys=keys))
            return self._parsed(None, "" if "name" in self.unusable else name)
        return self._parsed(self._definition(name, reached, body), name)

    def _parsed(self, definition: AgentDefinition | None, name: str) -> Parsed:
        """The problems in the order of the lines; those of the whole file are last."""
        ordered = sorted(self.problems, key=lambda problem: problem.line or sys.maxsize)
        return Parsed(definition, tuple(ordered), self.source, name=name)

    # --- the keys

    def keys(self, front: FrontMatter) -> None:
        unknown: list[str] = []
        for spelled in front.values:
            key = canonical(spelled)
            if key is None:
                unknown.append(spelled)
            elif key not in self.spelled or self._spelled_again(key, spelled, front):
                self.spelled[key] = spelled
        for key, spelled in self.spelled.items():
            self._read(BY_KEY[key], Written(front.values[spelled], front.texts.get(spelled)))
        self._unknown(unknown)

    def _spelled_again(self, key: str, spelled: str, front: FrontMatter) -> bool:
        """Whether this spelling of a key that was there before is the one that counts: our own does."""
        before = self.spelled[key]
        if front.values[before] != front.values[spelled]:
            message = _("`{one}` and `{other}` are the same key with two values; keep one")
            self.problem(
                message.format(one=before[:SHOWN], other=spelled[:SHOWN]),
                line=front.lines.get(spelled),
                key=spelled,
            )
            if BY_KEY[key].restricts:
                self.unusable.add(key)
        return spelled == key

    def _read(self, field: Field, written: Written) -> None:
        try:
            self.found[field.key] = field.read(written)
        except BadValue as error:
            self.about(field.key, f"{error}{_taken_for(field) if error.kept is None else ''}")
            self.found[field.key] = field.instead if error.kept is None else error.kept
            if field.essential:
                self.unusable.add(field.key)

    def _later(self, already: set[str]) -> None:
        """The keys whose values ask for what comes with a later version."""
        for key, value in self.found.items():
            field = BY_KEY[key]
            if field.later is not None and key not in already and field.later(value):
                until = f"; {_(field.until)}" if field.until else ""
                self.about(key, _("has no effect yet") + until)

    def _unknown(self, unknown: list[str]) -> None:
        self.unusable.update(filter(may_restrict, unknown[:MAX_COMPARED]))
        self.unusable.update(unknown[MAX_COMPARED : MAX_COMPARED + 1])
        for key in unknown[:MAX_UNKNOWN]:
            self.problem(_unknown(key), line=self.lines.get(key), key=key)
        if (more := len(unknown) - MAX_UNKNOWN) > 0:
            self.problem(counted("{n} more key is unknown", "{n} more keys are unknown", more))

    # --- the values that need more than their own key

    def _name(self) -> str:
        """The name in the file, else the file's own; that one must do as a name too."""
        if self.found.get("name"):
            return str(self.found["name"])
        if "name" not in self.unusable:
            try:
                BY_KEY["name"].read(Written(self.stem, self.stem))
            except BadValue as error:
                self.problem(
                    _("the file's name, which is the agent's without a `name`, {why}").format(why=error)
                )
                self.unusable.add("name")
        return self.stem

    def _remembering(self, name: str) -> None:
        """What nobody tells a program is without effect, and so is a memory for whose folder there is no name."""
        for key in ("memory", "skills"):
            if self.found.get("runner") and self.found.get(key):
                self.about(key, _("has no effect on a program, which is given its prompt and nothing else"))
        self._about_skills(self.found.get("skills"))
        if self.found.get("memory") and not is_safe_name(name):
            message = _(
                "needs a name of at most 128 letters, digits, `.`, `_` and `-` for its folder, and {name!r} is an "
                "unsafe name, so it has no memory"
            )
            self.about("memory", message.format(name=name[:SHOWN]))

    def _about_skills(self, skills: bool | tuple[str, ...] | None) -> None:
        if not isinstance(skills, tuple) or not skills:
            return
        if self.found.get("isolated"):
            self.about("skills", _("has no effect, because an isolated agent has no skills"))
        if unsafe := [name for name in skills if not is_safe_name(name)]:
            self.about("skills", _("names {names}, which no skill can be called").format(names=few(unsafe)))

    def _foreign_program(self) -> None:
        """A program does what it likes: a file that restricts it in ways only we can see to is not used."""
        runner = self.found.get("runner")
        restricting = restricting_keys(self.found) if runner else ()
        if not restricting:
            return
        keys = both([f"`{self.spelled.get(key, key)}`" for key in restricting])
        name = runner.command[0] if isinstance(runner, CommandLine) else runner
        message = _("runs {name!r}, which nobody can keep to {keys}; use its own arguments instead")
        self.about("runner", message.format(name=str(name)[:SHOWN], keys=keys))
        self.unusable |= set(restricting)

    def _definition(self, name: str, reached: Reach, body: str) -> AgentDefinition:
        found = self.found
        skills = found.get("skills")
        return AgentDefinition(
            name=name,
            description=found.get("description") or name,
            display_name=found.get("display_name") or "",
            color=found.get("color") or "",
            capabilities=found.get("capabilities") or (),
            enabled=found.get("enabled") is not False,
            body=body,
            prompt_mode=found.get("prompt_mode") or PromptMode.REPLACE,
            tools=reached.tools,
            subagents=reached.subagents,
            isolated=found.get("isolated"),
            permission_mode=found.get("permission_mode") or "",
            sandbox=found.get("sandbox"),
            model=found.get("model") or "",
            thinking=found.get("thinking") or "",
            max_turns=found.get("max_turns"),
            max_seconds=found.get("max_seconds"),
            max_tokens=found.get("max_tokens"),
            max_cost=found.get("max_cost"),
            output_schema=found.get("output_schema"),
            corrections=found.get("corrections"),
            on_invalid=found.get("on_invalid"),
            runner=found.get("runner") or "",
            skills=False if skills == () else skills,
            memory=found.get("memory"),
            mcp_servers=found.get("mcp_servers"),
            hooks=found.get("hooks"),
            gate=found.get("gate"),
            inherit_context=found.get("inherit_context"),
            isolation=found.get("isolation"),
            base=found.get("base"),
            run_in_background=found.get("run_in_background"),
            persist_session=found.get("persist_session"),
            session_dir=found.get("session_dir") or "",
            output_transcript=found.get("output_transcript"),
            source=self.source,
        )


def _taken_for(field: Field) -> str:
    """What a value that cannot be read is taken for, where that matters."""
    if field.instead is None:
        return ""
    shown = "none" if field.instead == () else str(field.instead).lower()
    return _("; it is taken for {value}").format(value=shown)


def _unknown(key: str) -> str:
    """What is said about a key that there is not."""
    if has_no_equivalent(key):
        return _("`{key}` has no equivalent here").format(key=key[:SHOWN])
    message = _("there is no key {key!r}").format(key=key[:SHOWN])
    if (write := to_write_instead(key)) is not None:
        return message + _("; write `{this}`").format(this=write)
    if (meant := nearest_key(key)) is not None:
        return message + _("; did you mean `{key}`?").format(key=meant)
    return message
