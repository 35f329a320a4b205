"""Stand-ins for the tools grep, find and read over a folder, small and by their contract, and an agent with them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic_ai import Agent, Tool

from subagents.models.offline import offline_model

ToolFunction = Callable[..., Awaitable[str]]
AskOf = Callable[..., "Agent[None, str]"]


class Folder:
    """Files that can be searched."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def grep(
        self,
        pattern: str,
        path: str = ".",
        glob: str | None = None,
        ignore_case: bool = False,
        literal: bool = False,
        context: int = 0,
        limit: int = 100,
    ) -> str:
        options = ["--line-number", "--with-filename", "--no-heading", "--sort=path", "--null"]
        options += ["--ignore-case"] * ignore_case + ["--fixed-strings"] * literal
        options += [f"--glob={glob}"] if glob else []
        code, output, error = await self._ripgrep(*options, f"--regexp={pattern}", path)
        if code > 1:
            return f"Error: {error}"
        lines = [line.removeprefix("./").replace("\0", ":").split(":", 2) for line in output.splitlines()]
        shown = [f"{file}:{number}: {text[:500]}" for file, number, text in lines[:limit]]
        left_out = [f"[{len(lines) - limit} more matches left out; narrow it]"] if len(lines) > limit else []
        return "\n".join(shown + left_out) or "No matches."

    async def find(self, pattern: str, path: str = ".", limit: int = 1000) -> str:
        _, output, _ = await self._ripgrep("--files", "--sort=path", f"--glob={pattern}", path)
        return "\n".join(line.removeprefix("./") for line in output.splitlines()[:limit]) or "No files match."

    async def read(self, path: str, offset: int = 1, limit: int = 2000) -> str:
        file = self.root / path
        if not file.is_file():
            return f"Error: {path} is no file"
        lines = file.read_text(errors="replace").splitlines()
        return "\n".join(
            f"{number}\t{line}" for number, line in enumerate(lines[offset - 1 :][:limit], offset)
        )

    async def _ripgrep(self, *arguments: str) -> tuple[int, str, str]:
        done = await anyio.run_process([_RIPGREP, *arguments], cwd=self.root, check=False)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


_RIPGREP = shutil.which("rg", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin") or "rg"


@pytest.fixture
def agent_in() -> AskOf:
    """An offline agent over a folder; `tools` names those it is offered, `others` come on top."""

    def build(
        root: Path,
        *,
        tools: tuple[str, ...] = ("grep", "find", "read"),
        others: tuple[ToolFunction, ...] = (),
        instructions: str | None = None,
    ) -> Agent[None, str]:
        folder = Folder(root)
        functions: list[Any] = [getattr(folder, name) for name in tools]
        return Agent(
            offline_model(),
            tools=[Tool(function) for function in (*functions, *others)],
            instructions=instructions,
        )

    return build


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Makes a folder with the files given by path."""

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return make
