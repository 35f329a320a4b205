"""What the runs of a session used, request by request, read without its other facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subagents.events import RunEvent
from subagents.runs.usage_report import TELLING, Spent, spent
from subagents.sessions.reader import LogReader, read_session
from subagents.sessions.state import SessionState
from subagents.sessions.tables import Damaged, read_entry, select

_FACTS = select("events", f"where kind in ({', '.join('?' * len(TELLING))}) order by seq")


def spendings(log: Path, state: SessionState | None = None) -> Iterator[Spent]:
    """In order, as far as the `log.db` is whole; `state` is what was read of it already. Raises `SessionError` for one
    that cannot be read."""
    runs = (state or read_session(log)).runs
    rows = LogReader(log).ask(lambda db: db.execute(_FACTS, TELLING).fetchall()) if runs else []
    for row in rows:
        try:
            entry = read_entry(row)
        except Damaged:
            return
        if isinstance(entry.event, RunEvent) and entry.event.run in runs:
            told = spent(entry, runs[entry.event.run].spec)
            if told is not None:
                yield told
