"""`.agents/agents/*.md`: a folder that several tools read, of files with YAML front matter; the body is the role.

There is no document of its own. Tools that read it take their own keys there, so that keys are spelled as ours or as
Claude Code's, and a list of tools is all there is. Source of the folder: the pi-subagents README (workspace agents).
"""

from __future__ import annotations

from subagents.definitions.dialects.base import Translated
from subagents.definitions.dialects.markdown import Opened


def translated(text: str) -> Translated:
    opened = Opened(text)
    opened.translation.pass_on()
    return opened.done()
