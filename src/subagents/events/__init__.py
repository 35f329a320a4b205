"""Every fact, one frozen class each, and their encoding. What follows from a fact is not known here.

A fact is something that happened, in the past tense. It is written once, never changed, and read for
ever: a field may be added with a default; anything else is a new `version` and a step in `sessions/upcast.py`.

`synced` facts are on the disk itself, not only with the operating system, before anybody hears of them:
their loss would repeat a side effect or lose an ending.

Import them from here; the modules below divide them by subject.
"""

from __future__ import annotations

from subagents.events.encoding import EVENTS, decode, encode
from subagents.events.endings import (
    AgentDeregistered,
    Ending,
    OutputFault,
    OutputRejected,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunStopped,
    StoppedBy,
)
from subagents.events.fact import MAX_ARGUMENTS, MAX_PREVIEW, Entry, Event, RunEvent
from subagents.events.notices import NoticeAcknowledged, Noticed, NoticePosted
from subagents.events.runs import (
    AgentRegistered,
    ResultDelivered,
    RunCleared,
    RunParked,
    RunPaused,
    RunResumed,
    RunSpawned,
    RunStarted,
    RunSteered,
    RunUnpaused,
    SteerDelivered,
    WrapUpAsked,
)
from subagents.events.sessions import (
    ClientConnected,
    SessionArchived,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
)
from subagents.events.turns import (
    CommandStarted,
    ContextCompacted,
    DirectoryChanged,
    FileEdited,
    ModelReplied,
    ModelRequestFailed,
    ServerLeftOut,
    ToolCalled,
    ToolReturned,
    TurnEnded,
)
from subagents.events.workspaces import ConflictDetected, ConflictResolved, WorkspaceClosed, WorkspaceOpened

__all__ = [
    "EVENTS",
    "MAX_ARGUMENTS",
    "MAX_PREVIEW",
    "AgentDeregistered",
    "AgentRegistered",
    "ClientConnected",
    "CommandStarted",
    "ConflictDetected",
    "ConflictResolved",
    "ContextCompacted",
    "DirectoryChanged",
    "Ending",
    "Entry",
    "Event",
    "FileEdited",
    "ModelReplied",
    "ModelRequestFailed",
    "NoticeAcknowledged",
    "NoticePosted",
    "Noticed",
    "OutputFault",
    "OutputRejected",
    "ResultDelivered",
    "RunCleared",
    "RunCompleted",
    "RunEvent",
    "RunFailed",
    "RunInterrupted",
    "RunParked",
    "RunPaused",
    "RunResumed",
    "RunSpawned",
    "RunStarted",
    "RunSteered",
    "RunStopped",
    "RunUnpaused",
    "ServerLeftOut",
    "SessionArchived",
    "SessionClosed",
    "SessionOpened",
    "SessionRenamed",
    "SteerDelivered",
    "StoppedBy",
    "ToolCalled",
    "ToolReturned",
    "TurnEnded",
    "WorkspaceClosed",
    "WorkspaceOpened",
    "WrapUpAsked",
    "decode",
    "encode",
]
