"""What a run came to, as its log has it, for whoever does not own its session."""

from __future__ import annotations

from subagents.ids import RunId
from subagents.runs.result import Result
from subagents.sessions.folder import SessionFolder
from subagents.sessions.reader import LogReader, read_session


def result_in_log(folder: SessionFolder, run: RunId, conflicts: tuple[str, ...] = ()) -> Result:
    """The run with all its words, and what it is in conflict with. Raises `SessionError` when they cannot be read."""
    state, log = read_session(folder.log).run(run), LogReader(folder.log)
    if state.outcome is None:
        return Result(state, log.draft(run) or state.text, conflicts=conflicts)
    return Result.of(state, log.entry(state.outcome.seq).event, conflicts=conflicts)
