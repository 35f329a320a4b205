"""Every store keeps the contract that is shipped for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import EventStore, MemoryStore
from subagents.testing.store_contract import DurableStoreContract, StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return MemoryStore()


class TestSqliteStore(DurableStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EventStore]:
        self.path = tmp_path / "log.db"
        store = SqliteStore(self.path)
        yield store
        store.close()

    def reopen(self, store: EventStore) -> EventStore:
        return SqliteStore(self.path)
