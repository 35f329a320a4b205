"""One file's text to a definition and its problems. Which files there are is not known here."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Any

from subagents.definitions import frontmatter
from subagents.definitions.fields import (
    FIELDS,
    KEYS,
    LATER,
    BadValue,
    Field,
    Written,
    forbids_delegating,
    is_provider,
    nearest_key,
    some_names,
)
from subagents.definitions.frontmatter import BadFrontMatter, FrontMatter, Sections
from subagents.definitions.model import SHOWN, AgentDefinition, Parsed, Problem
from subagents.language import _, counted
from subagents.spec import DefinitionSource, PromptMode, ToolSelection

MAX_UNKNOWN = 20  # unknown keys of one file that are told one by one
START_AGENTS = "Agent"  # the tool that starts other agents


def parse(text: str, source: DefinitionSource) -> Parsed:
    """The definition in `text`, or none, and what is wrong with it. Never raises, whatever the text.

    A value that cannot be read is left undecided, with a problem; only where that would widen what the file
    allows (its tools, its schema), or leave it without a name, there is no definition.
    """
    reading = _Reading(source)
    sections = frontmatter.split(text)
    try:
        front = frontmatter.read(sections.block)
    except BadFrontMatter as error:
        reading.problem(str(error), line=error.line)
        return Parsed(None, tuple(reading.problems), source, name=reading.stem)
    reading.fences(sections)
    reading.keys(front)
    return reading.parsed(front, sections.body.strip())


class _Reading:
    """What is known so far of one file."""

    def __init__(self, source: DefinitionSource) -> None:
        self.source = source
        self.stem = PurePath(source.path).stem
        self.problems: list[Problem] = []
        self.found: dict[str, Any] = {}
        self.unusable: set[str] = set()

    def problem(self, message: str, *, line: int | None = None, key: str = "") -> None:
        self.problems.append(Problem(self.source.path, line, message, key))

    def fences(self, sections: Sections) -> None:
        """Fences that probably were meant otherwise."""
        if sections.never_closed:
            self.problem(
                _("the front matter is never closed with ---, so the whole file is the prompt"), line=1
            )
        elif sections.fenced and sections.closing.strip() != "---":
            line = 2 + sections.block.count("\n")
            message = _(
                "{fence!r} ended the front matter, because it starts with ---; the rest is the prompt"
            )
            self.problem(message.format(fence=sections.closing.strip()[:SHOWN]), line=line)

    def keys(self, front: FrontMatter) -> None:
        for field in FIELDS:
            if field.key in front.values:
                self._read(field, front)
        self._later(front)
        self._unknown(front)

    def parsed(self, front: FrontMatter, body: str) -> Parsed:
        name = self._name()
        if self.unusable:
            self.problem(
                _("the file is not used, because it would be without its {keys}").format(
                    keys=", ".join(f"`{key}`" for key in sorted(self.unusable))
                )
            )
            return self._parsed(None, "" if "name" in self.unusable else name)
        definition = AgentDefinition(
            name=name,
            description=self.found.get("description") or name,
            tools=self._tools(front),
            model=self.found.get("model") or "",
            max_turns=self.found.get("max_turns"),
            max_seconds=self.found.get("max_seconds"),
            prompt_mode=self.found.get("prompt_mode") or PromptMode.REPLACE,
            output_schema=self.found.get("output_schema"),
            enabled=self.found.get("enabled") is not False,
            body=body,
            source=self.source,
        )
        return self._parsed(definition, name)

    def _parsed(self, definition: AgentDefinition | None, name: str) -> Parsed:
        """The problems in the order of the lines; those of the whole file are last."""
        ordered = sorted(self.problems, key=lambda problem: problem.line or sys.maxsize)
        return Parsed(definition, tuple(ordered), self.source, name=name)

    # --- the keys

    def _read(self, field: Field, front: FrontMatter) -> None:
        written = Written(front.values[field.key], front.texts.get(field.key))
        try:
            self.found[field.key] = field.read(written)
        except BadValue as error:
            self.problem(f"`{field.key}` {error}", line=front.lines.get(field.key), key=field.key)
            if field.essential:
                self.unusable.add(field.key)

    def _later(self, front: FrontMatter) -> None:
        for key in LATER:
            if key in front.values:
                self.problem(_("`{key}` has no effect yet").format(key=key), line=front.lines[key], key=key)
        for name in self._providers(front):
            message = _("{name!r} in `tools` has no effect yet").format(name=name[:SHOWN])
            self.problem(message, line=front.lines["tools"], key="tools")

    def _providers(self, front: FrontMatter) -> list[str]:
        if "tools" not in self.found:
            return []
        return [name for name in some_names(Written(front.values["tools"])) or () if is_provider(name)]

    def _unknown(self, front: FrontMatter) -> None:
        unknown = [key for key in front.values if key not in KEYS]
        for key in unknown[:MAX_UNKNOWN]:
            message = _("there is no key {key!r}").format(key=key[:SHOWN])
            if (meant := nearest_key(key)) is not None:
                message += _("; did you mean `{key}`?").format(key=meant)
            self.problem(message, line=front.lines[key], key=key)
        if (more := len(unknown) - MAX_UNKNOWN) > 0:
            self.problem(counted("{n} more key is unknown", "{n} more keys are unknown", more))

    # --- the values that need more than their own key

    def _name(self) -> str:
        """The name in the file, else the file's own; that one must do as a name too."""
        if self.found.get("name"):
            return str(self.found["name"])
        if "name" not in self.unusable:
            try:
                FIELDS[0].read(Written(self.stem, self.stem))
            except BadValue as error:
                self.problem(
                    _("the file's name, which is the agent's without a `name`, {why}").format(why=error)
                )
                self.unusable.add("name")
        return self.stem

    def _tools(self, front: FrontMatter) -> ToolSelection:
        """A restriction that is not enforced yet takes the tool away instead."""
        denied = self.found.get("disallowed_tools") or ()
        names = self.found.get("tools")
        if names is not None and START_AGENTS in names and forbids_delegating(front.values):
            self.problem(_("until the agents it may start can be restricted, this one cannot start any"))
            denied = (*denied, START_AGENTS)
        return ToolSelection(names, denied)
