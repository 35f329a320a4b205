"""Yesterday's facts are read as today's, and tomorrow's are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from subagents.errors import NewerSession
from subagents.events import EVENTS, Event, SessionRenamed
from subagents.sessions.upcast import STEPS, read_event
from subagents.testing.facts import replied


def _to_version_0(fields: dict[str, Any]) -> dict[str, Any]:
    """A made-up step: before version 0 a title was called a name."""
    return {"type": fields["type"], "name": fields["label"]}


def _to_version_1(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": fields["type"], "title": fields["name"].title()}


MADE_UP = {("SessionRenamed", -1): _to_version_0, ("SessionRenamed", 0): _to_version_1}


def test_every_kind_that_ever_had_another_version_has_all_steps_up_to_todays():
    for kind, version in STEPS:
        assert version < EVENTS[kind].version
        assert (kind, version + 1) in STEPS or version + 1 == EVENTS[kind].version


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (1, b'{"type":"SessionRenamed","title":"Retries"}'),
        (0, b'{"type":"SessionRenamed","name":"retries"}'),
        (-1, b'{"type":"SessionRenamed","label":"retries"}'),
    ],
)
def test_an_older_fact_is_read_through_all_its_steps(version: int, payload: bytes):
    assert read_event("SessionRenamed", version, payload, steps=MADE_UP) == SessionRenamed(title="Retries")


def test_todays_fact_is_read_as_it_is():
    event: Event = replied()
    payload = (
        b'{"type":"ModelReplied","run":"abcdefgh","episode":1,"model":"scripted","text":"I am looking.",'
        b'"usage":{"requests":1,"input":100,"output":20,"cost":0.01}}'
    )
    assert read_event("ModelReplied", 1, payload) == event


def test_a_field_that_a_later_release_added_is_ignored():
    assert read_event("SessionRenamed", 1, b'{"type":"SessionRenamed","title":"x","by":"me"}').version == 1


@pytest.mark.parametrize(
    ("kind", "version", "payload", "said"),
    [
        ("RunTeleported", 1, b"{}", "facts of the kind 'RunTeleported', which this version does not know"),
        (
            "SessionRenamed",
            2,
            b"{}",
            "'SessionRenamed' in version 2, and this program reads them up to version 1",
        ),
        (
            "SessionRenamed",
            1,
            b"{}",
            "cannot read a fact of the kind 'SessionRenamed': .*missing required field",
        ),
        (
            "RunStopped",
            1,
            b'{"type":"RunStopped","run":"a","episode":1,"by":"fate"}',
            "Invalid enum value 'fate'",
        ),
    ],
)
def test_what_only_a_newer_version_can_have_written_is_named(
    kind: str, version: int, payload: bytes, said: str
):
    with pytest.raises(NewerSession, match=said):
        read_event(kind, version, payload)
