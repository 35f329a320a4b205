"""What `doctor` says of tools: what those that start agents cost, and which packages bring others. Imports those
packages, which nothing else does before a run needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout

from subagents.cli.doctor.findings import Finding, Verdict
from subagents.definitions.model import Scope
from subagents.language import _
from subagents.places import Project
from subagents.settings.layers import layered


def delegation_tools(project: Project) -> Iterator[Finding]:
    """What the tools that start agents cost whoever has them: their texts and parameters go along with each request."""
    from subagents.definitions.discovery import Definitions
    from subagents.delegation.describing import Place, described, tokens_of
    from subagents.delegation.door import CONVERSATION
    from subagents.delegation.registry import TOOLS, parameters_of

    settings = layered(project).settings
    mode = settings.tool_description_mode
    agents = Definitions(project, hide_packaged=settings.disable_default_agents).catalog().listed()
    worktrees = settings.worktree_isolation
    place = Place(agents, 1, settings.max_depth, CONVERSATION, mode, project.root, worktrees)
    texts = {tool.name: described(tool.name, place) for tool in TOOLS}
    costs = {
        tool.name: tokens_of(texts[tool.name].text)
        + tokens_of(parameters_of(tool, settings.wait_timeout_seconds, worktrees=worktrees))
        for tool in TOOLS
    }
    each = ", ".join(f"{name} {cost}" for name, cost in costs.items())
    found = _("{total} tokens for the tools that start agents, about, in mode {mode}: {each}")
    yield Finding(
        _("delegation"), Verdict.GOOD, found.format(total=sum(costs.values()), mode=mode, each=each)
    )
    for warning in texts["Agent"].warnings:
        yield Finding(_("delegation"), Verdict.NOTE, warning)


def mcp_servers(project: Project) -> Iterator[Finding]:
    """A line for each server in the project's file and the user's, started by nobody here; and what is wrong."""
    from subagents.definitions.trust import is_trusted
    from subagents.toolsets.mcp.files import project_file, user_file

    name = _("MCP servers")
    for file in filter(None, (user_file(), project_file(project.root))):
        path = file.source.path
        for problem in file.problems:
            yield Finding(name, Verdict.NOTE, problem, _("Mend the file; agents go without this until then."))
        if file.servers:
            found = _("{names}, of {path}").format(
                names=", ".join(each.name for each in file.servers.values()), path=path
            )
            if file.source.scope == Scope.USER or is_trusted(file.source, project.root):
                yield Finding(name, Verdict.GOOD, found)
            else:
                advice = _("They are not started before you read and trust the file: subagents trust {path}")
                yield Finding(name, Verdict.NOTE, found, advice.format(path=path))


def tool_providers() -> Iterator[Finding]:
    """A line for each provider, and one for each that is left out."""
    from subagents.toolsets.providers.installed import broken, installed

    kept, left_out = installed()
    name = _("tools")
    for why in left_out:
        yield Finding(name, Verdict.NOTE, why)
    for each in kept:
        with redirect_stdout(sys.stderr):  # what somebody's module prints is no finding
            why_not = broken(each)
        if why_not is not None:
            advice = _("Mend or uninstall the package; agents go without these tools until then.")
            yield Finding(name, Verdict.NOTE, why_not, advice)
        else:
            found = _("{name} ({origin}); agents select them as ext:{name}")
            yield Finding(name, Verdict.GOOD, found.format(name=each.name, origin=each.origin))
