"""Whatever a program prints, reading it gives updates and never an error."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.output_table import table_of
from subagents.definitions.ready_tables import READY_TABLES
from subagents.runners.base import Called, Replied, Returned, TurnDone, Update
from subagents.runners.commands.reading import reader_of
from subagents.runners.commands.spending import Spending
from subagents.runners.commands.turns import Turns
from subagents.usage import Usage

PROGRAMS = st.sampled_from([*READY_TABLES, "text"])

# Words that the tables look for, so that what is made up comes near to what they know.
NAMES = """
type subtype assistant user system result init message content text tool_use tool_result id name
input parent_tool_use_id error is_error modelUsage usage input_tokens output_tokens session_id item
item.completed item.started agent_message command_execution turn.completed turn.failed thread.started
thread_id role delta tool_id tool_name parameters stats models status part sessionID messageID callID
state step_finish tokens cache cost output aggregated_output
"""
WORDS = st.sampled_from(NAMES.split())
# Half of a character pair is no text to UTF-8, and one to JSON.
STRANGE = st.sampled_from(["\ud83d", "\0", "-", 10**30, 10**12 + 1, -1])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS | STRANGE
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)
LINES = st.dictionaries(WORDS, VALUES, max_size=6).map(lambda line: json.dumps(line).encode())


def read(program: str, output: bytes, piece: int) -> list[Update]:
    turns = Turns(program, "1.1.", "", Spending({}))
    reader = reader_of(table_of(program), turns)
    told: list[Update] = []
    for at in range(0, len(output), piece):
        told += reader.feed(output[at : at + piece])
        told += reader.rest()
    told += reader.close()
    told += turns.close(answered=bool(turns.final))
    return told


@given(PROGRAMS, st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(program: str, output: bytes, piece: int):
    read(program, output, piece)


@given(PROGRAMS, st.lists(LINES, max_size=8), st.integers(1, 200))
def test_any_lines_that_look_like_theirs(program: str, lines: list[bytes], piece: int):
    told = read(program, b"\n".join(lines), piece)
    calls = {update.call for update in told if isinstance(update, Called)}
    returned = [update.call for update in told if isinstance(update, Returned)]
    assert set(returned) <= calls
    assert len(returned) == len(set(returned))
    used = Usage()
    for update in told:
        if isinstance(update, Replied):
            used = used.plus(update.model, update.usage)
    assert all(each.input >= 0 and each.cost >= -1e-6 and each.unpriced >= 0 for each in used.models.values())
    rows = [row.json for update in told if isinstance(update, Replied | Returned) for row in update.messages]
    assert all(isinstance(json.loads(row), dict) for row in rows)
    # A turn is something that was said or done.
    assert not any(isinstance(one, TurnDone) and isinstance(two, TurnDone) for one, two in pairwise(told))
