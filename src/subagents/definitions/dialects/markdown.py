"""Another tool's Markdown file, opened: its front matter as a translation to begin, and its body."""

from __future__ import annotations

import json
import re

from subagents.definitions import frontmatter
from subagents.definitions.dialects.base import Translated, Translation, Vocabulary
from subagents.definitions.frontmatter import BadFrontMatter, FrontMatter, Sections
from subagents.language import _

# Other tools forgive a description that is no YAML, such as one with a colon in it, and files in use have many.
_DESCRIPTION = re.compile(r"^(description:[ \t]+)(?![|>\"'\[{])(\S[^\n]*?)([ \t]*\r?)$", re.MULTILINE)


class Opened:
    """The pieces of one file. Raises `BadFrontMatter`."""

    def __init__(self, text: str) -> None:
        self.sections: Sections = frontmatter.split(text)
        front, mended = _read(self.sections.block)
        self.translation = Translation(front)
        if mended:
            message = _("`description` holds what is not plain YAML, such as a colon; put it in quotes")
            self.translation.tell("description", message)

    def by(self, vocabulary: Vocabulary) -> Translated:
        """Every key as the dialect knows it."""
        self.translation.by(vocabulary)
        return self.done()

    def done(self) -> Translated:
        problems = tuple(self.translation.problems)
        return Translated(self.translation.front, self.sections.body.strip(), problems, self.sections)


def _read(block: str) -> tuple[FrontMatter, bool]:
    """The front matter, and whether its description had to be quoted for that."""
    try:
        return frontmatter.read(block), False
    except BadFrontMatter:
        mended = _DESCRIPTION.sub(_quoted, block, count=1)
        if mended == block:
            raise
        try:
            return frontmatter.read(mended), True
        except BadFrontMatter:
            pass
        raise


def _quoted(found: re.Match[str]) -> str:
    key, text, end = found.groups()
    return f"{key}{json.dumps(text, ensure_ascii=False)}{end}"
