"""What a parent sees and controls: its own tree. Whoever drives the session, and a person, see all of it."""

from __future__ import annotations

from subagents.errors import RunNotFound
from subagents.ids import RunId, with_prefix
from subagents.runs.state import RunState
from subagents.sessions.state import SessionState
from subagents.texts import quoted

MAX_NAMED = 10  # runs that a refusal names


class Scope:
    """The runs below `owner`, or all of the session for None. Looks at the state as it is at each call."""

    def __init__(self, state: SessionState, owner: RunId | None = None) -> None:
        self._state = state
        self.owner = owner

    def runs(self, *, cleared: bool = False) -> list[RunState]:
        """Newest first; those that were taken off the list only with `cleared`."""
        runs = [run for run in self._mine() if cleared or not run.cleared]
        return sorted(runs, key=lambda run: run.spawned_at, reverse=True)

    def find(self, name: str) -> RunId:
        """The run with this handle, id or unique prefix of an id. Raises `RunNotFound` for what is not its own, too."""
        if self.owner is None:
            return self._state.find(name)
        mine = {run.id: run.handle for run in self._mine()}
        for run_id, handle in mine.items():
            if name == handle:
                return run_id
        found = with_prefix(name, mine) if name else []
        if len(found) == 1:
            return RunId(found[0])
        if found:
            raise RunNotFound(
                f"{quoted(name)} fits several agents: {', '.join(found[:MAX_NAMED])}; write more of the id"
            )
        yours = ", ".join([*mine.values()][-MAX_NAMED:]) or "none yet"
        raise RunNotFound(f"{quoted(name)} is not an agent of yours; yours are {yours}")

    def _mine(self) -> list[RunState]:
        if self.owner is None:
            return list(self._state.runs.values())
        return [self._state.run(run) for run in self._state.subtree(self.owner)[1:]]
