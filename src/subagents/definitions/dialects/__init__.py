"""Other tools' agent files, said in our keys, and what of each file has no equivalent here."""

from __future__ import annotations

from subagents.definitions.dialects.base import Lost, Translated
from subagents.definitions.model import Dialect

__all__ = ["Lost", "Translated", "translated"]


def translated(text: str, dialect: Dialect) -> Translated:
    """What a file of that dialect says, with our keys and values. Raises `frontmatter.BadFrontMatter` only.

    Never wider than it is written: what restricts an agent there and cannot be said here takes tools away. A key in
    the front matter that nobody here knows is passed on as it is, so that it is told where the fields are read.
    """
    match dialect:
        case Dialect.OWN | Dialect.AGENTS:
            from subagents.definitions.dialects import agents

            return agents.translated(text)
        case Dialect.CLAUDE:
            from subagents.definitions.dialects import claude

            return claude.translated(text)
        case Dialect.CODEX:
            from subagents.definitions.dialects import codex

            return codex.translated(text)
        case Dialect.GEMINI:
            from subagents.definitions.dialects import gemini

            return gemini.translated(text)
        case Dialect.OPENCODE:
            from subagents.definitions.dialects import opencode

            return opencode.translated(text)
        case Dialect.PI:
            from subagents.definitions.dialects import pi

            return pi.translated(text)
        case Dialect.COPILOT:
            from subagents.definitions.dialects import copilot

            return copilot.translated(text)
