"""`report_work`: an agent that was started elsewhere tells what it does, so that it is seen beside those of ours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from subagents.delegation.answers import ReportAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent, refused
from subagents.runs.reports import CommandReport, EditReport, Farewell, FolderReport, Registration, Report


class ReportParams(Parameters):
    """What `report_work` takes: each `what` has its own parameters."""

    what: Annotated[
        Literal["register", "command", "edit", "folder", "done"],
        Field(
            description="register: it begins to report. command: it ran one. edit: it wrote a file. folder: it works "
            "in another one from now on. done: it reports nothing more."
        ),
    ]
    agent_id: Annotated[
        str, Field(description="What register answered, or its handle; for all but register.")
    ] = ""
    name: Annotated[str, Field(description="With register: what it is called, 1 to 64 characters.")] = ""
    capabilities: list[str] = Field(default=[], description="With register: what it can do, a word each.")
    description: Annotated[str, Field(description="With register: what it is at, in a few words.")] = ""
    command: Annotated[str, Field(description="With command: the whole line.")] = ""
    ok: Annotated[bool, Field(description="With command: whether it did what it was to.")] = True
    path: Annotated[str, Field(description="With edit and folder; with register the folder it works in.")] = (
        ""
    )
    before: Annotated[
        str,
        Field(description="With edit: the SHA-256 of the file before, in hexadecimal; none for a new file."),
    ] = ""
    after: Annotated[str, Field(description="With edit: the same of the file now.")] = ""
    first_line: Annotated[int, Field(description="With edit: the first changed line, from 1.")] = 1
    last_line: Annotated[
        int, Field(description="With edit: the last; the first where there is one only.")
    ] = 0
    summary: Annotated[str, Field(description="With done: what it came to.")] = ""


async def report(parent: Parent, said: ReportParams) -> Answer:
    """Records it. Raises `BadReport`, `NotNow` and `RunNotFound`."""
    manager = parent.manager
    if said.what == "register":
        agent = Registration(said.name, said.capabilities, said.description, said.path)
        run = manager.state.run(await manager.register(agent, parent.door.reader))
        text = f"Registered as agent {run.id} (handle {run.handle}). Report as this agent_id; say done at the end."
        return Answer(text, {"id": run.id, "handle": run.handle, "status": str(run.status)})
    if not said.agent_id.strip():
        return refused("Say in agent_id who reports: what register answered.")
    run_id = parent.scope.find(said.agent_id)
    await manager.record(run_id, _report(said))
    run = manager.state.run(run_id)
    return Answer("Recorded.", {"id": run.id, "handle": run.handle, "status": str(run.status)})


def _report(said: ReportParams) -> Report:
    match said.what:
        case "command":
            return CommandReport(said.command, said.ok)
        case "edit":
            last = said.last_line or said.first_line
            return EditReport(said.path, said.after, said.before or None, said.first_line, last)
        case "folder":
            return FolderReport(said.path)
        case _:
            return Farewell(said.summary)


REPORT = DelegationTool("report_work", ReportParams, report, (ReportAnswer,))
