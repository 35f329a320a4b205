"""Whether a session's log says all that it once said, for whoever only looks: nothing is mended and nothing written.

What is damaged is set aside by the next owner (sessions/rescue.py), who says so too. Until then this does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subagents.errors import NewerSession, SessionError
from subagents.language import _
from subagents.sessions.folder import SessionFolder, owner_alive
from subagents.sessions.reader import reading
from subagents.sessions.state import SessionState
from subagents.sessions.wal import has_lost_end, wal_of


@dataclass(frozen=True)
class Examined:
    """What can be read of a session, None when nothing can; and a sentence on what cannot, "" for a sound one. One of a
    `newer` version is not damaged."""

    state: SessionState | None
    problem: str = ""
    newer: bool = False


def examine(folder: SessionFolder) -> Examined:
    """Reads a session. One that a process owns is sound: it looked when it took it, and has changed it since."""
    try:
        read = reading(folder.log)
    except NewerSession as error:
        return Examined(None, str(error), newer=True)
    except SessionError as error:
        return Examined(None, f"{error}{_words_left(folder)}")
    wrong = _wrong(folder, read.state, whole=read.whole)
    if not wrong or owner_alive(folder) is not None:
        return Examined(read.state)
    return Examined(read.state, f"{wrong}{_words_left(folder)}")


def _wrong(folder: SessionFolder, state: SessionState, *, whole: bool) -> str:
    if not whole:
        text = _("the session's log {path} is damaged: nothing that happened after fact {n} can be read")
        return text.format(path=folder.log, n=state.seq)
    if state.seq == 0 and _was_used(folder):
        return _("the session's log {path} is empty, and had facts once").format(path=folder.log)
    if has_lost_end(folder.log):
        text = _("the end of the session's log {path} is damaged, and what was written last is lost to it")
        return text.format(path=folder.log)
    return ""


def _was_used(folder: SessionFolder) -> bool:
    """Whether anything beside the log comes from a run: an owner that died before its first fact left nothing."""
    with suppress(OSError):
        if wal_of(folder.log).stat().st_size:
            return True
    return any(_holds(place) for place in (folder.transcripts, folder.output))


def _words_left(folder: SessionFolder) -> str:
    """Where the words of its runs can be read all the same, as the end of a sentence."""
    if not any(folder.transcripts.glob("*.jsonl")):
        return ""
    return _("; transcripts of its runs are in {path}").format(path=folder.transcripts)


def _holds(place: Path) -> bool:
    with suppress(OSError):
        return next(place.iterdir(), None) is not None
    return False
