"""What `doctor` says of the project's sessions: those of which something cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from subagents.cli.doctor.findings import Finding, Verdict
from subagents.cli.place import project_here
from subagents.errors import SubagentsError
from subagents.language import _, counted
from subagents.sessions.folder import sessions
from subagents.sessions.soundness import examine

MOST_NAMED = 8  # damaged sessions that are told one by one


def damaged_sessions() -> Iterator[Finding]:
    """Nothing where all is well, or where there is no project to look into, which is told elsewhere."""
    try:
        found = [(folder.id, examine(folder)) for folder in sessions(project_here())]
    except SubagentsError:
        return
    advice = _(
        "To go on with a run in it keeps what is good and sets the rest aside. Or remove it: subagents sessions "
        "remove {id}"
    )
    damaged = [(session, each.problem) for session, each in found if each.problem and not each.newer]
    for session, problem in damaged[:MOST_NAMED]:
        yield Finding(_("session"), Verdict.NOTE, problem, advice.format(id=session))
    if (more := len(damaged) - MOST_NAMED) > 0:
        text = counted("{n} more damaged session", "{n} more damaged sessions", more)
        yield Finding(_("session"), Verdict.NOTE, text, _("See them with: subagents sessions list"))
