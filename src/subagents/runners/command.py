"""A program as an agent: each prompt is one run of a one-shot command line, whose output is read as it grows."""

from __future__ import annotations

import json
import math
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO

import anyio
import anyio.lowlevel
import anyio.to_thread

from subagents.definitions.installed import found_at
from subagents.definitions.output_table import OutputTable, table_of
from subagents.errors import RunnerError
from subagents.language import _
from subagents.models.pricing import price_of
from subagents.own_tasks import own_tasks
from subagents.prompts.system import final_answer
from subagents.runners.base import CommandBegan, PromptSent, Replied, RunContext, SteerRead, TurnDone, Update
from subagents.runners.commands import arguments
from subagents.runners.commands.ending import dropped_figures, failure, strange_lines
from subagents.runners.commands.holding import held_still
from subagents.runners.commands.limiting import refuse_blind, seen_too_late
from subagents.runners.commands.messages import Earlier, Standing, earlier, prompt_row
from subagents.runners.commands.reading import Reader, reader_of
from subagents.runners.commands.spending import Spending
from subagents.runners.commands.turns import Turns
from subagents.spec import CommandLine, RunSpec
from subagents.usage import ModelUsage
from subagents.workspaces.processes.command import Command, CommandResult, run_command
from subagents.workspaces.processes.variables import command_environment

OUTPUT_LIMIT = 1_000_000_000  # bytes on the disk after which a program is ended
CHUNK = 262_144  # bytes that are read at a time
FIRST_LOOK, LONGEST_LOOK = 0.03, 0.25  # seconds between two looks at an output that does not grow

GO_ON = "You were interrupted. Go on with what you were doing, and finish it."
WRAP_UP = "wrap-up"  # how the supervisor calls its own message, which asks for an end


class CommandRunner:
    """Runs the program that a definition names. `outer` is the environment that it sees a part of."""

    def __init__(self, outer: Mapping[str, str]) -> None:
        self._outer = outer

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[CommandConversation]:
        line = spec.command
        if line is None:
            raise RunnerError(_("the agent {name!r} names no program to run").format(name=spec.agent))
        named = {name: self._outer[name] for name in line.environment if name in self._outer}
        environment = command_environment(self._outer, {**named, **context.environment})
        program, table = _found(line.command[0], spec, environment), table_of(line.output)
        refuse_blind(line, table, spec.limits)
        if table.tells_tokens:
            await anyio.to_thread.run_sync(
                price_of, "", ModelUsage()
            )  # reads the prices, which takes a moment
        yield CommandConversation(spec, line, table, context, program, environment)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One run of the program."""

    argv: list[str]
    stdin: Path


class CommandConversation:
    """One episode. The program is told one thing and answers once; what is slipped in meanwhile is its next prompt."""

    def __init__(
        self,
        spec: RunSpec,
        line: CommandLine,
        table: OutputTable,
        context: RunContext,
        program: str,
        environment: Mapping[str, str],
    ) -> None:
        self._spec = spec
        self._line = line
        self._table = table
        self._context = context
        self._program = program
        self._environment = environment
        self._name = Path(line.command[0]).name
        before: Earlier = earlier(context.history)
        known = before.standing
        self._standing = (
            known if known is not None and known.program == self._name else Standing(program=self._name)
        )
        self._said = list(before.said)
        self._steers: list[tuple[str, str]] = []
        self._ended = False
        self._runs = 0
        self._running: tuple[int, str] | None = None

    async def prompt(self, text: str | None) -> str:
        self._ended = False
        asked = GO_ON if text is None else text
        try:
            if text is not None:
                await self._context.report(PromptSent((prompt_row(text),)))
            asked = "\n\n".join([asked, *await self._read_steers()])
            while True:
                answer = await self._answer(asked)
                if not (steers := await self._read_steers()):
                    return answer
                asked = "\n\n".join(steers)
        finally:
            self._ended = True

    def steer(self, steer: str, text: str) -> bool:
        if self._ended:
            return False
        self._steers.append((steer, text))
        return True

    async def _read_steers(self) -> list[str]:
        """What is to be said next. To finish need not be asked of a program that has finished."""
        taken, self._steers = self._steers, []
        if all(steer == WRAP_UP for steer, _text in taken):
            return []  # nothing, or nothing but that
        for steer, text in taken:
            await self._context.report(SteerRead(steer, (prompt_row(text),)))
        return [text for _steer, text in taken]

    # --- one run of the program

    async def _answer(self, text: str) -> str:
        """Runs it until it ends. What is no answer is raised."""
        resuming = bool(self._line.resume and self._standing.session)
        if self._said and not resuming:
            await self._note(_("[the program does not remember what was said before; it was told]"))
        if not self._runs and (note := seen_too_late(self._name, self._table, self._spec.limits)):
            await self._note(note)
        self._runs += 1
        turns = Turns(
            self._name,
            f"{self._context.episode}.{self._runs}.",
            self._spec.model,
            Spending(self._standing.totals if resuming else {}, price_of),
            session=self._standing.session if resuming else "",
        )
        with (
            TemporaryDirectory(prefix="subagents-", dir=self._kept_in()) as folder,
            TemporaryFile() as output,
            TemporaryFile() as errors,
        ):
            asked = self._asked(text, Path(folder), resuming=resuming)
            reader = reader_of(self._table, turns)
            result = await self._run(asked, output, errors, reader)
            return await self._ending(text, turns, result, errors, reader)

    def _kept_in(self) -> Path | None:
        """Where the prompt's file is: with the session, so that what a dead owner left goes when the session does."""
        if (folder := self._context.output) is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    async def _run(self, asked: _Asked, output: BinaryIO, errors: BinaryIO, reader: Reader) -> CommandResult:
        command = Command(
            argv=asked.argv,
            folder=self._context.directory,
            environment=self._environment,
            timeout=math.inf,  # the run's own limits end it
            output_limit=OUTPUT_LIMIT,
            stdin=asked.stdin,
            errors=errors,
        )
        ended: list[CommandResult] = []
        done = anyio.Event()

        async def carry_out() -> None:
            try:
                ended.append(await run_command(command, output, self._began))
            finally:
                self._running = None
                done.set()

        async with own_tasks() as tasks:
            tasks.start_soon(carry_out)
            await self._follow(output, done, reader)
        return ended[0]

    async def _began(self, group: int, started: str) -> None:
        self._running = (group, started)
        await self._context.report(CommandBegan(group, started))

    async def _follow(self, output: BinaryIO, done: anyio.Event, reader: Reader) -> None:
        """Reports what the program says as its output grows, until it has ended and all is read."""
        read, pause = 0, FIRST_LOOK
        while True:
            over = done.is_set()
            if data := os.pread(output.fileno(), CHUNK, read):
                read, pause = read + len(data), FIRST_LOOK
                await self._report(reader.feed(data))
                await anyio.lowlevel.checkpoint()
                continue
            if over:
                await self._report(reader.close())
                return
            await self._report(reader.rest())
            with anyio.move_on_after(pause):
                await done.wait()
            pause = min(1.5 * pause, LONGEST_LOOK)

    async def _ending(
        self, text: str, turns: Turns, result: CommandResult, errors: BinaryIO, reader: Reader
    ) -> str:
        """The answer, or the reason that there is none."""
        self._standing = turns.standing
        tells = self._table.tells_its_end
        reason, answer = (
            failure(turns, result, errors, reader.examples, tells_its_end=tells),
            turns.final,
        )
        strange = strange_lines(self._name, reader.strange, reader.examples)
        for note in filter(None, () if reason else (strange, dropped_figures(self._name, turns.dropped))):
            await self._note(note)
        await self._report(turns.close(answered=not reason, more=self._has_more))
        self._said += [(_("User"), text), (_("You"), answer)]
        if reason:
            raise RunnerError(reason)
        return answer

    def _has_more(self) -> bool:
        return any(steer != WRAP_UP for steer, _text in self._steers)

    async def _report(self, updates: Iterator[Update]) -> None:
        """A program knows nothing of the end of its turns: where the next one may not begin yet, it is held still."""
        for update in updates:
            if self._running is not None and isinstance(update, TurnDone) and update.more:
                async with held_still(*self._running):
                    await self._context.report(update)
            else:
                await self._context.report(update)

    async def _note(self, text: str) -> None:
        """A line of the transcript that is ours and not the program's."""
        await self._context.report(Replied(self._spec.model or self._name, ModelUsage(), text, 0, ()))

    # --- what it is told

    def _asked(self, text: str, folder: Path, *, resuming: bool) -> _Asked:
        line = self._line.resume if resuming else self._line.command
        places = arguments.named_in(line)
        told = self._told(text, places, resuming=resuming)
        schema = json.dumps(self._spec.output_schema) if self._spec.output_schema is not None else ""
        prompt_file, schema_file = folder / "prompt.md", folder / "schema.json"
        prompt_file.write_text(told, encoding="utf-8", errors="replace")
        if schema:
            schema_file.write_text(schema, encoding="utf-8")
        values = {
            arguments.PROMPT: told,
            arguments.PROMPT_FILE: str(prompt_file),
            arguments.ROLE: self._spec.instructions,
            arguments.MODEL: self._spec.model,
            arguments.SESSION: self._standing.session if resuming else "",
            arguments.SCHEMA: schema,
            arguments.SCHEMA_FILE: str(schema_file) if schema else "",
            arguments.THINKING: self._spec.thinking,
            arguments.FOLDER: str(self._context.directory),
        }
        argv = [self._program, *arguments.filled(line, values)[1:]]
        by_argument = places & {arguments.PROMPT, arguments.PROMPT_FILE}
        return _Asked(argv, Path(os.devnull) if by_argument else prompt_file)

    def _told(self, text: str, places: frozenset[str], *, resuming: bool) -> str:
        """The prompt, with what the program does not get in another way before and after it."""
        parts = [text]
        if not resuming and self._said:
            said = Earlier(said=self._said).told()
            parts.insert(0, f"<earlier_conversation>\n{said}\n</earlier_conversation>")
        if not resuming and self._spec.instructions and arguments.ROLE not in places:
            parts.insert(0, self._spec.instructions)
        if self._context.told:
            parts.insert(0, self._context.told)
        if not places & {arguments.SCHEMA, arguments.SCHEMA_FILE}:
            parts.append(final_answer(self._spec.output_schema))
        return "\n\n".join(filter(None, parts))


# --- the program


def _found(program: str, spec: RunSpec, environment: Mapping[str, str]) -> str:
    """Where it is. One with a slash counts from the project's root. Raises `RunnerError`."""
    if os.sep in program:
        path = Path(spec.project, Path(program).expanduser())
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
        message = _(
            "the program {path!r}, which the agent {agent!r} runs, is not there or may not be executed"
        )
        raise RunnerError(message.format(path=str(path), agent=spec.agent))
    if found := found_at(program, environment.get("PATH", os.defpath)):
        return found
    message = _(
        "the program {program!r}, which the agent {agent!r} runs, is not installed: it is not on the PATH"
    )
    raise RunnerError(message.format(program=program, agent=spec.agent))
