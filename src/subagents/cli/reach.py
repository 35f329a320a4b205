"""Acting on a run, whoever drives it: its owner is asked, and where there is none, whoever wants to act becomes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from subagents.cli.abandoned import recover
from subagents.cli.exits import Exit
from subagents.cli.seen import Seen, find
from subagents.cli.streams import say, tell
from subagents.errors import RunNotFound, SessionError, SessionLocked, SessionNotFound, SubagentsError
from subagents.ids import RunId
from subagents.language import _
from subagents.places import Project
from subagents.runs.state import RunState
from subagents.serve import asking
from subagents.sessions.state import SessionState
from subagents.texts import quoted
from subagents.workspaces.processes.ancestry import started_in
from subagents.workspaces.processes.variables import RUN

#: What came of something that was done to a run: a sentence, or an exit code.
Done = TypeVar("Done", bound=str | int)


def within_reach(project: Project, name: str) -> Seen:
    """The run of that name, to act on. A command that an agent runs reaches only what is below this agent, as the
    agent's own tools do; a person reaches all. Raises `RunNotFound`."""
    seen, state = find(project, name)
    outer = _outer()
    if outer and not any(above == outer for above in _above(project, seen.run, state)):
        text = _(
            "{name} was not started by run {outer}, whose command this is, nor below it; so it stays as it is."
        )
        raise RunNotFound(text.format(name=quoted(name), outer=outer))
    return seen


def reachable(runs: Iterable[Seen]) -> list[Seen]:
    """Those of all the project's runs that a command may act on: the same, without asking for a name."""
    known = {seen.run.id: seen for seen in runs}
    if not (outer := _outer()):
        return [*known.values()]
    below = {RunId(outer)}
    # Parents are spawned before their children, whichever sessions they are in.
    for seen in sorted(known.values(), key=lambda seen: seen.run.spawned_at):
        if seen.run.parent in below:
            below.add(seen.run.id)
    return [seen for run, seen in known.items() if run in below and run != outer]


def act(
    project: Project, seen: Seen, *, owned: Callable[[Seen], Done], unowned: Callable[[Seen], Done]
) -> Done:
    """Does `owned` to a run that a process drives, and `unowned` to one that nobody does or that has ended: what a dead
    owner left is recorded by then. Raises what these raise, and `SessionLocked` for an owner out of reach."""
    if seen.live:
        with suppress(OwnerLeft):
            return owned(seen)
    recover(project)
    return unowned(find(project, seen.run.id)[0])


def ask(project: Project, seen: Seen, method: str, **params: Any) -> Any:
    """What the owner of the run's session answers. Raises `OwnerRefused` with its sentence, `OwnerLeft`, and
    `SessionLocked`, which names the process, for one that does not answer."""
    try:
        return asking.call(seen.folder.path, method, {"run": seen.run.id, **params})
    except SessionNotFound as error:
        if find(project, seen.run.id)[0].owner is None:
            raise OwnerLeft(str(error)) from error
        raise _out_of_reach(seen, error) from error
    except SessionError as error:
        raise _out_of_reach(seen, error, perhaps_asleep=True) from error


def each(names: Iterable[str], do: Callable[[str], str | int]) -> int:
    """Does it to each, and one that is refused holds up no other. A sentence is what came of it, a number the exit code
    of what was done here. Returns the exit code."""
    code = int(Exit.COMPLETED)
    for name in dict.fromkeys(names):
        try:
            done = do(name)
        except SubagentsError as error:
            say(f"Error: {error}")
            code = Exit.REFUSED
            continue
        if isinstance(done, str):
            tell([done])
        else:
            code = code or done
    return code


def goes_on_there(seen: Seen) -> int:
    """Says that the run's owner drives it on. Returns the exit code."""
    text = _("{handle} ({id}) goes on in process {pid}; wait for it with: subagents result --wait {id}")
    tell([text.format(handle=seen.run.handle, id=seen.run.id, pid=seen.owner)])
    return Exit.COMPLETED


class OwnerLeft(SessionError):
    """It was there a moment ago; nobody owns the session any more."""


def _out_of_reach(seen: Seen, why: SessionError, *, perhaps_asleep: bool = False) -> SessionLocked:
    text = _("{why} Process {pid} drives run {id}; end it with: kill {pid}")
    if perhaps_asleep:
        # A process that was suspended does not even notice that it was asked to end.
        text = _(
            "{why} Process {pid} drives run {id}; if it was suspended, wake it first: kill -CONT {pid}. "
            "Else end it with: kill {pid}"
        )
    return SessionLocked(text.format(why=why, pid=seen.owner, id=seen.run.id))


def _outer() -> str:
    """The run that this process is a command of, "" when it is of none."""
    return started_in(os.environ).get(RUN, "")


def _above(project: Project, run: RunState, state: SessionState) -> Iterator[RunId]:
    """The runs above it, in other sessions too: what a command of a run began has one of its own."""
    passed = {run.id}
    while (parent := run.parent) is not None and parent not in passed:
        yield parent
        passed.add(parent)
        try:
            run, state = _run(project, parent, state)
        except (RunNotFound, SessionError):
            return


def _run(project: Project, run: RunId, state: SessionState) -> tuple[RunState, SessionState]:
    if run in state.runs:
        return state.run(run), state
    seen, state = find(project, run)
    return seen.run, state
