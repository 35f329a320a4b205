"""`subagents mcp`, as a client starts it. Hot: what it imports is all that stands before the first answer."""

from __future__ import annotations

import sys


def speak_stdio(folder: str, *, new: bool) -> int:
    """Speaks MCP on standard input and output until the client leaves."""
    import subagents
    from subagents.cli.place import folder_at
    from subagents.places import project_at
    from subagents.serve.front.process import Errand, run
    from subagents.serve.host.starting import connected, own_environment

    if sys.stdin.isatty():
        _tell_a_person()
    where = folder_at(folder)
    version = subagents.__version__
    return run(Errand(project_at(where), str(where), version, new, connected, own_environment))


def _tell_a_person() -> None:
    from subagents.cli.streams import say
    from subagents.language import _

    say(
        _("This speaks MCP on standard input, with a client that starts it; Ctrl-D ends it."),
        _("Enter it where your client looks: subagents mcp install claude-code"),
    )
