"""What a run came to, as its log has it, for whoever does not own its session."""

from __future__ import annotations

from subagents.ids import RunId
from subagents.runs.result import Result
from subagents.sessions.folder import SessionFolder
from subagents.sessions.reader import LogReader, read_session


def result_in_log(folder: SessionFolder, run: RunId) -> Result:
    """The run with all its words, and where it meets others. Raises `SessionError` when they cannot be read."""
    session, log = read_session(folder.log), LogReader(folder.log)
    state, conflicts = session.run(run), session.conflicts_of(run)
    if state.outcome is None:
        return Result(state, log.draft(run) or state.text, conflicts=conflicts)
    return Result.of(state, log.entry(state.outcome.seq).event, conflicts=conflicts)
