"""A run in a line or two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from rich.cells import cell_len

from subagents.events import (
    Event,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunStopped,
    StoppedBy,
    ToolCalled,
    TurnEnded,
    WrapUpAsked,
)
from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.sessions.state import fold
from subagents.testing.facts import BEGAN, RUN, replied, spawned, spec, started, state_after
from subagents.testing.strategies import logs
from subagents.view.nesting import nested
from subagents.view.run_line import run_lines
from subagents.view.theme import ascii_of

NOW = BEGAN + 72


def run(*events: Event, handle: str = "explore", **of_spec: object) -> RunState:
    of_spec = {"agent": "Explore", "description": "where are retries handled?", **of_spec}
    return state_after(spawned(handle=handle, spec=spec(**of_spec)), *events).run(RUN)


def called(tool: str, arguments: str, call: str = "c1") -> ToolCalled:
    return ToolCalled(run=RUN, episode=1, call=call, tool=tool, arguments=arguments, digest="")


def drawn(state: RunState, width: int = 80, depth: int = 0) -> str:
    return "\n".join(line.plain for line in run_lines(state, NOW, width, depth))


WORKED = (started(), replied(), TurnEnded(run=RUN, episode=1, turn=1))


def test_the_stations_of_a_run():
    assert drawn(run()) == snapshot("""\
◦ Explore  where are retries handled?  1m 12s
  └ waiting for its turn\
""")
    assert drawn(run(started())) == snapshot("""\
⠇ Explore  where are retries handled?  1m 11s
  └ thinking… · 1m 11s\
""")
    assert drawn(run(*WORKED, called("grep", '{"pattern": "retry"}'))) == snapshot("""\
⠇ Explore  where are retries handled?  ↻1 · 1 tool · 120 tok · ~$0.01 · 1m 11s
  └ searching for retry · 1m 8s\
""")
    paused = run(*WORKED, RunPaused(run=RUN, episode=1), RunParked(run=RUN, episode=1))
    assert drawn(paused) == snapshot("""\
‖ Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 1m 11s
  └ paused\
""")


def test_the_endings_of_a_run():
    completed = RunCompleted(run=RUN, episode=1, seconds=14.2, text="In retry.py")
    assert drawn(run(*WORKED, completed)) == snapshot(
        "✓ Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 14s"
    )
    wrapped_up = RunCompleted(run=RUN, episode=1, seconds=14.2, text="In retry.py", wrapped_up=True)
    assert drawn(run(*WORKED, WrapUpAsked(run=RUN, episode=1, limit="turns"), wrapped_up)) == snapshot("""\
✓ Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 14s
  └ completed after it was asked to wrap up\
""")
    failed = RunFailed(run=RUN, episode=1, seconds=2, reason="the provider said 529:\noverloaded")
    assert drawn(run(*WORKED, failed)) == snapshot("""\
✗ Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 2s
  └ failed: the provider said 529: overloaded\
""")
    stopped = RunStopped(run=RUN, episode=1, seconds=2, by=StoppedBy.USER)
    assert drawn(run(*WORKED, stopped)) == snapshot("""\
■ Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 2s
  └ stopped by user\
""")
    interrupted = RunInterrupted(run=RUN, episode=1, seconds=2, reason="its process died")
    assert drawn(run(*WORKED, interrupted)) == snapshot("""\
! Explore  where are retries handled?  ↻1 · 120 tok · ~$0.01 · 2s
  └ interrupted: its process died\
""")


def test_several_calls_at_once_are_counted():
    reads = [called("read", '{"path": "a"}', call) for call in "abc"]
    assert drawn(run(started(), *reads, called("Agent", '{"subagent_type": "Plan"}', "d"))) == snapshot("""\
⠇ Explore  where are retries handled?  4 tools · 1m 11s
  └ reading 3 files…, starting agent Plan · 1m 10s\
""")


def test_what_matters_least_goes_first_where_there_is_no_room():
    working = run(*WORKED, called("bash", '{"command": "make test"}'))
    assert drawn(working, 50, depth=1) == snapshot("""\
  ⠇ Explore  where are retries handl…  ↻1 · 1m 11s
    └ running make test · 1m 8s\
""")
    assert drawn(working, 24) == snapshot("""\
⠇ Explore  where are re…
  └ running make test ·…\
""")


def test_a_name_of_its_own_stands_with_the_agent_and_a_number_alone():
    assert drawn(run(handle="explore-2")).startswith("◦ explore-2  where")
    assert drawn(run(handle="hunt")).startswith("◦ hunt (Explore)  where")


def test_texts_of_models_cannot_draw():
    drawing = run(started(), called("bash", '{"command": "\\u001b[2J"}'), description="a\x1b[31m\nb")
    assert "\x1b" not in drawn(drawing)
    assert len(drawn(drawing).splitlines()) == 2


def test_in_plain_characters_it_says_the_same():
    working = run(*WORKED, called("bash", '{"command": "ls ü漢"}'))
    plain = [ascii_of(line) for line in run_lines(working, NOW, 80)]
    assert [line.plain for line in plain] == snapshot(
        [
            "| Explore  where are retries handled?  @1 - 1 tool - 120 tok - ~$0.01 - 1m 11s",
            "  ` running ls ?? - 1m 8s",
        ]
    )
    assert [line.spans for line in plain] == [line.spans for line in run_lines(working, NOW, 80)]


@given(logs(), st.integers(1, 200), st.text(max_size=60), st.floats(-1e6, 1e6))
def test_no_line_is_wider_than_the_width(log, width: int, words: str, later: float):
    state = fold(log)
    for each, depth in nested(state.runs.values()):
        for line in run_lines(each, BEGAN + later, width, depth):
            assert cell_len(line.plain) <= width
            assert len(line.plain.splitlines()) == 1


@given(logs())
def test_every_run_is_placed_once_below_its_parent(log):
    state = fold(log)
    places = {run.id: place for place, (run, _depth) in enumerate(nested(state.runs.values()))}
    assert set(places) == set(state.runs)
    assert all(
        run.parent is None or run.parent not in places or places[run.parent] < places[run.id]
        for run in state.runs.values()
    )


def test_runs_that_are_each_others_parents_are_both_seen():
    one, other = RunId("aaaaaaaa"), RunId("bbbbbbbb")
    state = state_after(spawned(one, other), spawned(other, one))
    assert [run.id for run, _depth in nested(state.runs.values())] == [one, other]
