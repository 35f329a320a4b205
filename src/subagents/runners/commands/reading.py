"""What a program writes, as updates: JSON by its table, or text that is the answer as it is."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from subagents.definitions.output_table import Format, OutputTable
from subagents.runners.base import Update
from subagents.runners.commands.lines import JsonLines
from subagents.runners.commands.mapping import TextSaid, said_by
from subagents.runners.commands.turns import Turns


class Reader(Protocol):
    """Reads an output from its beginning. Never raises, whatever is in it."""

    @property
    def strange(self) -> int:
        """How many lines could not be read."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """The beginnings of the first of them."""
        ...

    def feed(self, data: bytes) -> Iterator[Update]: ...

    def rest(self) -> Iterator[Update]:
        """For a moment nothing more comes."""
        ...

    def close(self) -> Iterator[Update]:
        """Nothing more comes at all."""
        ...


def reader_of(table: OutputTable, turns: Turns) -> Reader:
    return TextReader(turns) if table.format is Format.TEXT else JsonReader(table, turns)


class TextReader:
    """The output is the answer."""

    strange = 0
    examples: Sequence[str] = ()

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> Iterator[Update]:
        return self._said(self._decoder.decode(data))

    def rest(self) -> Iterator[Update]:
        return iter(())

    def close(self) -> Iterator[Update]:
        return self._said(self._decoder.decode(b"", final=True))

    def _said(self, text: str) -> Iterator[Update]:
        if text:
            yield from self._turns.feed(TextSaid(text, piece=True, message=""))


class JsonReader:
    """The output is JSON, read by a table."""

    def __init__(self, table: OutputTable, turns: Turns) -> None:
        self._table = table
        self._turns = turns
        self._lines = JsonLines(whole=table.format is Format.JSON)

    @property
    def strange(self) -> int:
        return self._lines.strange

    @property
    def examples(self) -> Sequence[str]:
        return self._lines.examples

    def feed(self, data: bytes) -> Iterator[Update]:
        return self._read(self._lines.feed(data))

    def rest(self) -> Iterator[Update]:
        return self._turns.rest()

    def close(self) -> Iterator[Update]:
        return self._read(self._lines.close())

    def _read(self, lines: Iterator[Mapping[str, Any]]) -> Iterator[Update]:
        for line in lines:
            for said in said_by(line, self._table):
                yield from self._turns.feed(said)
