"""`subagents.Client`: the verbs of a manager over the socket of the project's host, which goes on when we leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup, UNIXSocketStream
from anyio.streams.memory import MemoryObjectSendStream

import subagents
from subagents.events import Entry
from subagents.ids import RunId, SessionId, new_fact_id
from subagents.notices.notice import Notice
from subagents.own_tasks import own_tasks
from subagents.places import Project, project_at
from subagents.runs.peek import Peek
from subagents.runs.result import Result
from subagents.runs.state import RunState, Steer
from subagents.runtime.wishing import wished
from subagents.serve.host.line import Line, LineLost
from subagents.serve.host.starting import TIMEOUT, connected, own_environment
from subagents.serve.rpc import forms
from subagents.serve.rpc.parameters import MAX_WAIT
from subagents.spec import SpawnRequest

WAIT_BOUND = 270.0  # seconds a wait lasts unless it says otherwise, as `AgentManager.get_result`
BUFFERED = 1_000  # facts that a slow reader may be behind before the host waits for it


class Client:
    """A session in the project's host. Verbs raise what those of `AgentManager` raise.

    When the host dies while it answers they raise `LineLost`, a `SessionError`: the next call starts another host,
    which knows all that was recorded.

    Runs of other sessions of the project can be named too, whoever owns them, by their id.
    """

    def __init__(
        self, project: Project, folder: Path, opening: Mapping[str, Any], timeout: float, tasks: TaskGroup
    ) -> None:
        self.project = project.root
        self.session = SessionId("")
        self._project = project
        self._opening = {**opening, "folder": str(folder), "version": subagents.__version__}
        self._timeout = timeout
        self._tasks = tasks
        self._line: Line | None = None
        self._connecting = anyio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: str | Path = ".", *, session: str = "", client: str = "", timeout: float = TIMEOUT
    ) -> AsyncIterator[Client]:
        """Drives a session of the project that `path` is in, whose host is started where there is none.

        `session` goes on with one (id, unique prefix or title); `client` with the newest that a client of that name
        began within a day and nobody drives now; else it is a new one. Leaving ends nothing. Raises `SessionError`.
        """
        folder = Path(path).resolve()
        async with own_tasks() as tasks:
            opened = cls(project_at(folder), folder, {"session": session, "client": client}, timeout, tasks)
            await opened._connected()
            try:
                yield opened
            finally:
                await opened._leave()
                tasks.cancel_scope.cancel()

    # --- the verbs

    async def spawn(self, request: SpawnRequest | str, prompt: str = "", **wishes: Any) -> RunId:
        """Begins a run and returns its id as soon as that is recorded. As `AgentManager.spawn`."""
        asked, _kind = wished(request, prompt, wishes)
        # Should the host die, it can be asked again without a second run.
        asked = msgspec.structs.replace(asked, request_id=asked.request_id or new_fact_id())
        told = {name: value for name, value in msgspec.to_builtins(asked).items() if value is not None}
        return RunId((await self._asked("spawn", told, again=True))["run"])

    async def resume(self, run: str, prompt: str) -> RunId:
        """Goes on with an ended run, in a new episode."""
        await self._asked("resume", {"run": run, "prompt": prompt, "by": "program"})
        return RunId(run)

    async def steer(self, run: str, message: str, *, wait: float = 0.0) -> Steer:
        """Slips a message in before the run's next turn; the receipt is waited for up to `wait` seconds, 60 at most."""
        asked = {"run": run, "message": message, "wait": min(wait, MAX_WAIT), "by": "program"}
        return forms.steer_of(await self._asked("steer", asked))

    async def pause(self, run: str) -> None:
        """Lets the run rest at the end of its turn."""
        await self._asked("pause", {"run": run})

    async def unpause(self, run: str) -> None:
        """Lets a paused run go on."""
        await self._asked("unpause", {"run": run})

    async def stop(self, run: str, *, reason: str = "a client stopped it", subtree: bool = True) -> bool:
        """Ends a run and keeps what it had. False when it had ended already."""
        return bool(
            (await self._asked("stop", {"run": run, "reason": reason, "subtree": subtree}))["stopped"]
        )

    async def get_result(
        self, run: str, *, wait: bool = False, timeout: float | None = WAIT_BOUND, to: str = "client"
    ) -> Result:
        """The run as it is, with its words; with `wait`, when it ended or after `timeout` seconds (None: no bound)."""
        if wait:
            with anyio.move_on_after(timeout):
                await self._ended(run)
        return forms.result_of(await self._asked("get_result", {"run": run, "to": to}, again=True))

    async def _ended(self, run: str) -> None:
        """One question lasts a minute at most, so that a host which hangs is noticed."""
        while not (await self._asked("wait", {"run": run, "seconds": MAX_WAIT}, again=True))["ended"]:
            pass

    async def peek(self, run: str, **wishes: Any) -> Peek:
        """A look at a run's transcript; `wishes` are the fields of a `PeekQuery`."""
        return forms.peek_of(await self._asked("peek", {"run": run, **wishes}, again=True))

    async def list(self, *, cleared: bool = False) -> Sequence[RunState]:
        """The runs of this session, newest first."""
        runs, more = list[RunState](), 1
        while more:
            told = await self._asked("list", {"cleared": cleared, "skip": len(runs)}, again=True)
            runs += map(forms.run_of, told["runs"])
            more = told["more"]
        return runs

    async def clear(self, runs: Sequence[str]) -> None:
        """Takes ended runs off the list."""
        await self._asked("clear", {"runs": list(runs)})

    # --- what happens

    async def notices(self) -> Sequence[Notice]:
        """What was not told yet of endings; told again until it is acknowledged."""
        return [forms.notice_of(notice) for notice in await self._asked("notices", {}, again=True)]

    async def acknowledge(self, *notices: str) -> None:
        """They have arrived."""
        await self._asked("acknowledge", {"notices": list(notices), "to": "client"})

    async def events(self, after: int = 0) -> AsyncIterator[Entry]:
        """The facts of this session with a number above `after`, those of the past first, as they come, until nobody
        has the session any more. Whoever reads slowly loses none."""
        while True:
            send, receive = anyio.create_memory_object_stream[Any](BUFFERED)
            line = await self._new_line(send)
            self._tasks.start_soon(_follow, line, after)
            try:
                async for told in receive:
                    entry = forms.entry_of(told)
                    yield entry
                    after = entry.seq
            finally:
                receive.close()
                await line.leave()
            if line.over:
                return

    # --- the line

    async def _asked(self, method: str, params: Mapping[str, Any], *, again: bool = False) -> Any:
        """`again` is for what may be asked twice: it is, where the host died over it."""
        try:
            return await (await self._connected()).ask(method, params)
        except LineLost:
            if not again:
                raise
        return await (await self._connected()).ask(method, params)

    async def _connected(self) -> Line:
        async with self._connecting:
            if self._line is None or self._line.lost:
                self._line = await self._new_line()
            return self._line

    async def _leave(self) -> None:
        if self._line is not None:
            await self._line.leave()

    async def _new_line(self, news: MemoryObjectSendStream[Any] | None = None) -> Line:
        find = partial(connected, self._project, timeout=self._timeout)
        stream = await UNIXSocketStream.from_socket(await anyio.to_thread.run_sync(find))
        line = Line(stream, news)
        self._tasks.start_soon(line.read)
        opening = {**self._opening, "environment": own_environment()}
        if self.session:  # the same one, whoever the host is by now
            opening |= {"session": self.session, "client": ""}
        self.session = SessionId((await line.ask("open", opening))["session"])
        return line


async def _follow(line: Line, after: int) -> None:
    """Has the host tell what happens; it answers when the session is over."""
    with suppress(LineLost):
        await line.ask("events", {"after": after})
        line.over = True
    line.close()
