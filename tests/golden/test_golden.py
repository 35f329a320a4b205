"""The logs of every released version are read for ever, and mean what they meant."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from subagents.events import EVENTS, Entry
from subagents.sessions.reader import read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import SessionState, fold
from subagents.sessions.upcast import read_event

VERSIONS = sorted(folder for folder in Path(__file__).parent.iterdir() if (folder / "facts.jsonl").exists())


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest) -> Path:
    """The folder of one version; `make.py` says what is in it and how it was made."""
    folder: Path = request.param
    return folder


def rows(golden: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (golden / "facts.jsonl").read_text(encoding="utf-8").split("\n") if line
    ]


def entries(golden: Path) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            row["seq"], row["id"], row["at"], read_event(row["kind"], row["version"], row["payload"].encode())
        )
        for row in rows(golden)
    )


def assert_means(state: SessionState, golden: Path) -> None:
    """Everything that was known then is known now; later versions may know more."""
    known = json.loads((golden / "state.json").read_text(encoding="utf-8"))
    assert _within(known, json.loads(state.snapshot())) == known


def test_the_facts_of_every_version_fold_to_the_state_they_meant(golden: Path):
    assert_means(fold(entries(golden)), golden)


def test_the_log_of_every_version_is_opened_and_goes_on(golden: Path, tmp_path: Path):
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((golden / "log.sql").read_text(encoding="utf-8"))
    assert_means(read_session(path), golden)
    store = SqliteStore(path)
    loaded = store.load()
    assert loaded.set_aside == ""
    assert tuple(store.entries()) == entries(golden)
    run = next(iter(read_session(path).runs))
    assert [line.text for line in store.lines(run, 1, 9)] == ["I will look.", "▸ bash make"]
    assert [json.loads(row.json)["text"] for row in store.messages(run)] == ["I will look."]
    assert store.draft(run) == "and n"
    store.close()
    assert_means(read_session(path), golden)


def test_there_is_a_golden_log_with_every_kind_of_fact():
    kinds = {row["kind"] for golden in VERSIONS for row in rows(golden)}
    assert kinds == set(EVENTS), "make one for this version: tests/golden/make.py says how"


def _within(known: Any, now: Any) -> Any:
    """`now` without what `known` says nothing of."""
    if isinstance(known, dict) and isinstance(now, dict):
        return {name: _within(value, now[name]) for name, value in known.items() if name in now}
    if isinstance(known, list) and isinstance(now, list) and len(known) == len(now):
        return [_within(one, other) for one, other in zip(known, now, strict=True)]
    return now
