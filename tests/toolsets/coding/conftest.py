"""A workspace with the seven tools, called as a model calls them: by name, with JSON, through the schema."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic_ai import RunContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RunUsage

from subagents.toolsets.coding import CODING_TOOLS, coding_toolset
from subagents.toolsets.coding.deps import CodingDeps, CodingUpdate
from subagents.workspaces.processes.variables import command_environment

BOUND = 60


@dataclass
class Deps:
    coding: CodingDeps


@dataclass
class Tools:
    """`await tools("read", path="a.txt")` gives what the model would get; `updates` is what was reported."""

    root: Path
    output_folder: Path
    updates: list[CodingUpdate] = field(default_factory=list)
    deps: Deps = field(init=False)

    def __post_init__(self) -> None:
        environment = command_environment(os.environ, {"SUBAGENTS_RUN": "r1"})
        coding = CodingDeps.local(
            self.root, environment=environment, report=self.report, output_folder=self.output_folder
        )
        self.deps = Deps(coding)

    async def report(self, update: CodingUpdate) -> None:
        self.updates.append(update)

    async def __call__(self, name: str, **arguments: Any) -> str:
        toolset = coding_toolset(CODING_TOOLS)
        ctx = RunContext(deps=self.deps, model=TestModel(), usage=RunUsage(), tool_name=name)
        with anyio.fail_after(BOUND):
            tool = (await toolset.get_tools(ctx))[name]
            checked = tool.args_validator.validate_json(json.dumps(arguments))
            answer = await toolset.call_tool(name, checked, ctx, tool)
        assert isinstance(answer, str)
        answer.encode()
        return answer

    def file(self, path: str, content: str | bytes = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    root = tmp_path / "workspace"
    root.mkdir()
    return Tools(root.resolve(), tmp_path.resolve() / "output")
