"""Claude Code: `.claude/agents/*.md` with YAML front matter; the body is the role.

Source: Claude Code documentation, "Create custom subagents" (supported frontmatter fields). Its keys and the names of
its tools are spellings of ours, in `spelling.py` and `tool_names.py`. `tools` left out is every tool, those of MCP
servers too; a list is all there is. `model` left out or `inherit` is the session's.
"""

from __future__ import annotations

from subagents.definitions.dialects.base import Translated
from subagents.definitions.dialects.markdown import Opened


def translated(text: str) -> Translated:
    opened = Opened(text)
    opened.translation.pass_on()
    return opened.done()
