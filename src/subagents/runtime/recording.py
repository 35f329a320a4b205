"""What a runner reported, as the facts, messages and lines that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from subagents.events import (
    MAX_ARGUMENTS,
    MAX_PREVIEW,
    CommandStarted,
    ContextCompacted,
    DirectoryChanged,
    FileEdited,
    ModelReplied,
    ModelRequestFailed,
    RunEvent,
    ServerLeftOut,
    SteerDelivered,
    ToolCalled,
    ToolReturned,
)
from subagents.runners.base import (
    Called,
    CommandBegan,
    Compacted,
    FileWritten,
    FolderMoved,
    PromptSent,
    Replied,
    RequestFailed,
    Returned,
    SteerRead,
    TextArrived,
    ToolsMissing,
    TurnDone,
    Update,
)
from subagents.runs.state import RunState
from subagents.sessions.messages import NewMessage
from subagents.sessions.transcript import call_line, missing_line, reply_lines, result_lines
from subagents.texts import digest


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an update. `draft` "" drops the unfinished text, because the whole is here."""

    fact: RunEvent | None = None
    messages: tuple[NewMessage, ...] = ()
    lines: tuple[str, ...] = ()
    draft: str | None = None


def kept_of(update: Update, run: RunState) -> Kept:
    """A text that is still arriving and the end of a turn keep nothing of their own here."""
    match update:
        case Replied():
            # What only tells of usage leaves what is arriving as it is.
            draft = "" if update.text or update.messages else None
            return Kept(_replied(update, run), update.messages, reply_lines(update.text), draft=draft)
        case RequestFailed(wait=wait):
            # Where it is not asked for again, what had arrived is all that there is.
            return Kept(_failed(update, run), draft=None if wait is None else "")
        case Compacted(messages=messages):
            return Kept(_compacted(update, run), messages)
        case Called():
            return Kept(_called(update, run), lines=(call_line(update.tool, update.arguments),))
        case Returned():
            return Kept(_returned(update, run), update.messages, result_lines(update.text))
        case PromptSent(messages=messages):
            return Kept(messages=messages)
        case SteerRead(steer=steer, messages=messages):
            read = SteerDelivered(run=run.id, episode=run.episode, steer=steer, turn=run.turns + 1)
            return Kept(read, messages)
        case ToolsMissing(text=text):
            left_out = ServerLeftOut(run=run.id, episode=run.episode, text=text)
            return Kept(left_out, lines=(missing_line(text),))
        case CommandBegan(group=group, started=started):
            return Kept(CommandStarted(run=run.id, episode=run.episode, group=group, started=started))
        case FolderMoved(path=path):
            return Kept(DirectoryChanged(run=run.id, episode=run.episode, path=path))
        case FileWritten():
            return Kept(_written(update, run))
        case TextArrived() | TurnDone():
            return Kept()
        case _:
            assert_never(update)


def _replied(update: Replied, run: RunState) -> ModelReplied:
    return ModelReplied(
        run=run.id,
        episode=run.episode,
        model=update.model,
        usage=update.usage,
        text=update.text[:MAX_PREVIEW],
        tool_calls=update.tool_calls,
        left_out=update.left_out,
        window=update.window,
    )


def _compacted(update: Compacted, run: RunState) -> ContextCompacted:
    return ContextCompacted(
        run=run.id,
        episode=run.episode,
        reason=update.reason[:MAX_PREVIEW],
        tokens_before=update.tokens_before,
        tokens_after=update.tokens_after,
        count=run.compactions + 1,
        model=update.model,
        usage=update.usage,
    )


def _failed(update: RequestFailed, run: RunState) -> ModelRequestFailed:
    return ModelRequestFailed(
        run=run.id,
        episode=run.episode,
        model=update.model,
        reason=update.reason[:MAX_PREVIEW],
        attempt=update.attempt,
        wait=update.wait,
        usage=update.usage,
    )


def _called(update: Called, run: RunState) -> ToolCalled:
    return ToolCalled(
        run=run.id,
        episode=run.episode,
        call=update.call,
        tool=update.tool,
        arguments=update.arguments[:MAX_ARGUMENTS],
        digest=digest(update.arguments),
        changes=update.changes,
    )


def _returned(update: Returned, run: RunState) -> ToolReturned:
    return ToolReturned(
        run=run.id,
        episode=run.episode,
        call=update.call,
        tool=update.tool,
        ok=update.ok,
        characters=len(update.text),
    )


def _written(update: FileWritten, run: RunState) -> FileEdited:
    return FileEdited(
        run=run.id,
        episode=run.episode,
        path=update.path,
        before=update.before,
        after=update.after,
        first_line=update.first_line,
        last_line=update.last_line,
    )
