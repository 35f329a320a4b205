"""Looking at a run of a million lines, beside a plain approach: read its file, split it, search line by line."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from statistics import median

import anyio

from subagents.clock import SystemClock
from subagents.ids import RunId
from subagents.runs.peek import PeekQuery
from subagents.runtime.peeking import peek
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import Write

LINES = 1_000_000
ROUNDS = 7
RUN = RunId("abcdefgh")

#: Lines in a write: of replies and results, and of a run that does nothing but call tools, the worst there can be.
WRITES = (20, 1)

QUERIES = {
    "the last 20": PeekQuery(),
    "200 after the middle": PeekQuery(after=LINES // 2),
    "matches near the end": PeekQuery(regex=r"(?i)ERROR \d+"),
    "no match at all": PeekQuery(regex=r"(?i)nothing like this \d+"),
}


def table() -> list[str]:
    lines = [f"{n}: reading file number {n} of the project" for n in range(1, LINES + 1)]
    lines[-5_000::250] = [f"{n}: error {n}" for n in range(20)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = folder / "transcript.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        rows = {name: [_milliseconds(_plain(file, query))] for name, query in QUERIES.items()}
        for at_once in WRITES:
            with _stored(folder / f"{at_once}.db", lines, at_once) as store:
                for name, query in QUERIES.items():
                    rows[name].append(anyio.run(_ours, store, query))
    heads = ("plain", *(f"{n} a write" for n in WRITES))
    return [
        f"a look at a run of {LINES:,} lines, medians of {ROUNDS} rounds",
        "",
        f"{'':22}" + "".join(f"{head:>16}" for head in heads),
        *(f"{name:22}" + "".join(f"{cell:>16}" for cell in row) for name, row in rows.items()),
        "",
        "plain: a file of the lines, read whole, split, searched with `re` line by line",
        "of what a second is not enough for, it says how much was searched",
    ]


@contextmanager
def _stored(path: Path, lines: Sequence[str], at_once: int) -> Iterator[SqliteStore]:
    """A store of these lines, so many in a write."""
    store = SqliteStore(path)
    store.load()
    answers: SimpleQueue[object] = SimpleQueue()
    beginnings = range(0, len(lines), at_once)
    for first in beginnings:
        store.append(Write(run=RUN, lines=tuple(lines[first : first + at_once])), answers.put)
    for _ in beginnings:
        if (error := answers.get()) is not None:
            raise RuntimeError(error)
    yield store
    store.close()


async def _ours(store: SqliteStore, query: PeekQuery) -> str:
    """The time it takes, the way to a thread and back included, or how much it could search."""
    taken: list[float] = []
    searched: list[float] = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        answer = await peek(store, RUN, query, SystemClock())
        taken.append(time.perf_counter() - before)
        searched.append(1 if answer.searched_to is None else 1 - answer.searched_to / answer.total)
    return _milliseconds(taken) if min(searched) == 1 else f"{median(searched):.0%} in 1 s"


def _plain(file: Path, query: PeekQuery) -> list[float]:
    taken: list[float] = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        lines = file.read_text(encoding="utf-8").split("\n")
        if query.regex:
            found = re.compile(query.regex).search
            lines = [line for line in lines if found(line)]
        _shown = lines[query.after :][:200] if query.after is not None else lines[-query.lines :]
        taken.append(time.perf_counter() - before)
    return taken


def _milliseconds(taken: Sequence[float]) -> str:
    return f"{median(taken) * 1e3:.2f} ms"


if __name__ == "__main__":
    print("\n".join(table()))
