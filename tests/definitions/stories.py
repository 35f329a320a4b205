"""What the tests of definition files tell their stories with."""

from __future__ import annotations

from subagents.definitions.model import AgentDefinition, Dialect, Parsed
from subagents.definitions.parse import parse
from subagents.spec import DefinitionSource


def parsed(text: str, file: str = "scout.md", dialect: Dialect = Dialect.OWN) -> Parsed:
    return parse(text, DefinitionSource(f"/agents/{file}", "digest", "project", dialect))


def definition(text: str, file: str = "scout.md", dialect: Dialect = Dialect.OWN) -> AgentDefinition:
    found = parsed(text, file, dialect).definition
    assert found is not None
    return found


def agent(*lines: str, dialect: Dialect = Dialect.OWN) -> AgentDefinition:
    """The definition of a file with these lines of front matter."""
    return definition("\n".join(("---", *lines, "---", "body")), dialect=dialect)


def told(*lines: str, dialect: Dialect = Dialect.OWN) -> list[str]:
    """The problems of such a file, without its path."""
    problems = parsed("\n".join(("---", *lines, "---", "body")), dialect=dialect).problems
    return [str(problem).removeprefix("/agents/scout.md") for problem in problems]


def unusable(*lines: str) -> bool:
    """Whether such a file is no definition, which is told."""
    found = parsed("\n".join(("---", *lines, "---", "body")))
    return found.definition is None and "the file is not used" in found.problems[-1].message
