"""What a run came to, as its log has it, for whoever does not own its session."""

from __future__ import annotations

from subagents.events import Ending, RunCompleted
from subagents.ids import RunId
from subagents.runs.result import Result
from subagents.sessions.folder import SessionFolder
from subagents.sessions.reader import LogReader, read_session


def result_in_log(folder: SessionFolder, run: RunId) -> Result:
    """The run with all its words. Raises `SessionError` when they cannot be read."""
    state, log = read_session(folder.log).run(run), LogReader(folder.log)
    if state.outcome is None:
        return Result(state, log.draft(run) or state.text)
    match log.entry(state.outcome.seq).event:
        case RunCompleted(text=said, structured=structured):
            return Result(state, said, structured)
        case Ending(partial=partial):
            return Result(state, partial)
        case other:
            raise AssertionError(f"run {run} did not end with {other}")
