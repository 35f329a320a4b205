"""The numbered lines of a run, made of what it said and did; and its messages as JSONL for people and other tools.

A line is text that a terminal can be given: no control characters, nothing that another program would take for
a line break. Only "\\n" and "\\r\\n" break lines, because the numbers must not depend on who splits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

import msgspec

from subagents.ids import RunId
from subagents.sessions.messages import MessageKind, StoredMessage
from subagents.sessions.state import SessionState
from subagents.sessions.store import EventStore

MAX_RESULT_LINES = 200
MAX_RESULT_LINE = 2_000  # characters
MAX_CALL_LINE = 200  # characters

# What says most about a call, in this order; the names are those of our own tools and of the common foreign ones.
_MAIN_ARGUMENTS = ("command", "pattern", "query", "path", "file_path", "url", "prompt")

# Colours carry no words, so they go; anything else that steers a terminal stays, spelled out.
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# C0 but the tab, DEL and C1; the line and paragraph separators; what turns the writing direction around
# (https://www.unicode.org/reports/tr9/); halves of character pairs.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def reply_lines(text: str) -> tuple[str, ...]:
    """The model's text, whole; blank lines are lines, the break at its end begins none."""
    return tuple(printable(line) for line in _split(text))


def call_line(tool: str, arguments: str) -> str:
    """One line for a tool call: `▸ bash make test`. `arguments` is their JSON, or what was given for it."""
    text = printable(" ".join(f"▸ {tool} {_main_argument(arguments)}".split()))
    return _cut(text, MAX_CALL_LINE, "…")


def missing_line(text: str) -> str:
    """One line for a sentence on tools that are not there."""
    return _bounded(printable(" ".join(f"▸ {text}".split())))


def result_lines(text: str, most: int = MAX_RESULT_LINES) -> tuple[str, ...]:
    """The text of a tool's result, at most `most` lines: from the middle of a longer one lines are left out, and
    one says how many. The rest of a line of over 2,000 characters is left out as well."""
    lines = _split(text)
    if len(lines) <= most:
        return tuple(map(_bounded, lines))
    head = most // 2
    tail = most - head - 1
    note = f"… {len(lines) - head - tail:,} lines left out …"
    return (*map(_bounded, lines[:head]), note, *map(_bounded, lines[len(lines) - tail :]))


def printable(text: str) -> str:
    """The text without colours, and with every other character that a terminal acts on spelled out."""
    return _UNPRINTABLE.sub(_spelled, _COLOUR.sub("", text))


def _split(text: str) -> list[str]:
    unified = text.replace("\r\n", "\n").removesuffix("\n")
    return unified.split("\n") if text else []


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _bounded(line: str) -> str:
    # Before spelling out as well: there is no use in doing that to a megabyte that is then cut.
    left_out = len(line) - MAX_RESULT_LINE
    return _cut(
        printable(line[: 2 * MAX_RESULT_LINE]), MAX_RESULT_LINE, f"… ({max(left_out, 1):,} more characters)"
    )


def _cut(text: str, most: int, ending: str) -> str:
    return text if len(text) <= most else text[: most - len(ending)] + ending


def _main_argument(arguments: str) -> str:
    try:
        given = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return arguments
    if not isinstance(given, dict):
        return arguments
    texts = {name: value for name, value in given.items() if isinstance(value, str) and value.strip()}
    named = (texts[name] for name in _MAIN_ARGUMENTS if name in texts)
    return next(named, next(iter(texts.values()), ""))


# --- for people and other tools


class _Row(msgspec.Struct, frozen=True):
    """One line of the file. `n` counts the messages of the run from 1; `message` is the runner's own JSON."""

    run: RunId
    episode: int
    n: int
    kind: MessageKind
    message: msgspec.Raw


class _Summary(msgspec.Struct, frozen=True):
    """What is written of a compaction."""

    summary: str = ""


def export_jsonl(store: EventStore, state: SessionState, run: RunId, path: Path) -> None:
    """Writes the run's messages to `path`, one JSON object a line, in place of what was there; readable only by
    the user. Nothing here is ever read back. Raises `RunNotFound`, and `OSError` with the file as it was."""
    messages = store.messages(state.run(run).id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, made = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(_jsonl(messages))
        Path(made).replace(path)
    except OSError:
        with suppress(OSError):
            Path(made).unlink()
        raise


def _jsonl(messages: Iterable[StoredMessage]) -> Iterator[bytes]:
    for kept in messages:
        # A runner may have written its JSON over several lines.
        flat = msgspec.json.format(kept.json, indent=-1)
        if kept.kind is MessageKind.COMPACTED:
            # The messages that it goes on from stand above: nothing is written twice.
            flat = msgspec.json.encode(msgspec.json.decode(flat, type=_Summary))
        row = _Row(kept.run, kept.episode, kept.n, kept.kind, msgspec.Raw(flat))
        yield msgspec.json.encode(row) + b"\n"
