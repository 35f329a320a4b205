"""Facts as they are stored: one name each, one line each, and read for ever."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import msgspec
import pytest

from subagents import events
from subagents.events import EVENTS, Ending, Event, SessionRenamed, ToolCalled, decode, encode
from subagents.testing.facts import RUN, replied


def test_every_concrete_kind_is_known_by_its_name():
    public = {
        name for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)
    }
    assert set(EVENTS) == public - {"Event", "RunEvent", "Ending"}


def test_no_module_of_facts_is_forgotten():
    there = [import_module(f"{events.__name__}.{module.name}") for module in iter_modules(events.__path__)]
    facts = {
        name
        for module in there
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Event)
    }
    assert facts - {"Event", "RunEvent", "Ending"} == set(EVENTS)


def test_the_kind_is_part_of_what_is_stored():
    assert encode(SessionRenamed(title="a\nb")) == b'{"type":"SessionRenamed","title":"a\\nb"}'


def test_what_is_no_fact_is_not_decoded():
    with pytest.raises(KeyError):
        decode("RunTeleported", b"{}")
    for payload in (b"", b"{}", b'{"type":"SessionRenamed"}', b'{"type":"RunParked","title":"x"}'):
        with pytest.raises(msgspec.MsgspecError):
            decode("SessionRenamed", payload)


def test_only_what_must_not_be_lost_waits_for_the_disk():
    endings = {name for name, kind in EVENTS.items() if issubclass(kind, Ending)}
    synced = endings | {"CommandStarted", "WorkspaceClosed", "NoticePosted", "NoticeAcknowledged"}
    known = {name for name, kind in EVENTS.items() if kind.synced is not Event.synced} - {"ToolCalled"}
    assert known == synced
    call = ToolCalled(run=RUN, episode=1, call="a", tool="edit", arguments="{}", digest="0")
    assert not call.synced
    assert msgspec.structs.replace(call, changes=True).synced
    assert not replied().synced


def test_facts_cannot_be_changed():
    with pytest.raises(AttributeError):
        replied().text = "forged"  # type: ignore[misc]
