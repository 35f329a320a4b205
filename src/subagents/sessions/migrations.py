"""From an older format of `log.db` to today's: forward only, all steps in one transaction or none.

The format is the shape of the tables. What a fact's JSON looks like is not known here but in `upcast.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from subagents.errors import NewerSession
from subagents.sessions.tables import FORMAT, read_format, write_format

#: Changes the tables of one format into those of the next; runs inside a transaction.
Migration = Callable[[sqlite3.Connection], None]

#: The migration that leads on from a format.
MIGRATIONS: Mapping[int, Migration] = {}


def migrate(
    db: sqlite3.Connection, *, wanted: int = FORMAT, migrations: Mapping[int, Migration] = MIGRATIONS
) -> None:
    """Brings the log up to format `wanted`. Raises `NewerSession` for a format above it, `sqlite3.Error` with
    nothing changed when a step fails."""
    found = read_format(db)
    require_readable(found, wanted)
    if found == wanted:
        return
    db.execute("begin immediate")
    try:
        for number in range(found, wanted):
            migrations[number](db)
        write_format(db, wanted)
        db.execute("commit")
    except sqlite3.Error:
        db.execute("rollback")
        raise


def require_readable(found: int, wanted: int = FORMAT) -> None:
    """Raises `NewerSession` for a log in a format above `wanted`."""
    if found > wanted:
        raise NewerSession(
            f"the session's log is in format {found}, and this version reads formats up to {wanted}; "
            "open it with the newer version of subagents that wrote it"
        )
