"""The toolset as an agent has it: schemas, sharing between runs, failures, cancellation."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from inline_snapshot import snapshot
from pydantic_ai import Agent, ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS, FAILED, coding_toolset
from subagents.toolsets.coding.deps import CodingUpdate, CommandStarted, HasCoding
from subagents.workspaces.processes.groups import until_gone

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools

Calls = list[tuple[str, dict[str, object]]]


def agent_that_calls(*turns: Calls) -> Agent[HasCoding, str]:
    """Makes the calls of each turn, then answers with all that the tools said."""

    def reply(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        if turn < len(turns):
            return ModelResponse(parts=[ToolCallPart(name, arguments) for name, arguments in turns[turn]])
        returns = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        return ModelResponse(parts=[TextPart("\n".join(str(part.content) for part in returns))])

    return Agent(FunctionModel(reply), deps_type=HasCoding, toolsets=[coding_toolset(CODING_TOOLS)])


def test_the_names_and_parameters_are_these():
    tools = coding_toolset(CODING_TOOLS).tools
    schemas = {name: tool.tool_def.parameters_json_schema["properties"] for name, tool in tools.items()}
    parameters = {
        name: {
            key: (value.get("type") or value["anyOf"], value.get("default")) for key, value in schema.items()
        }
        for name, schema in schemas.items()
    }
    assert parameters == snapshot(
        {
            "read": {"path": ("string", None), "offset": ("integer", 1), "limit": ("integer", 2000)},
            "write": {"path": ("string", None), "content": ("string", None)},
            "edit": {
                "path": ("string", None),
                "old_string": ("string", None),
                "new_string": ("string", None),
                "replace_all": ("boolean", False),
            },
            "bash": {"command": ("string", None), "timeout": ("integer", 120)},
            "grep": {
                "pattern": ("string", None),
                "path": ("string", "."),
                "glob": ([{"type": "string"}, {"type": "null"}], None),
                "ignore_case": ("boolean", False),
                "literal": ("boolean", False),
                "context": ("integer", 0),
                "limit": ("integer", 100),
            },
            "find": {"pattern": ("string", None), "path": ("string", "."), "limit": ("integer", 1000)},
            "ls": {"path": ("string", "."), "limit": ("integer", 500)},
        }
    )


def test_the_tools_describe_themselves_in_these_words():
    tools = coding_toolset(CODING_TOOLS).tools
    described = {
        name: "\n".join(
            [
                tool.tool_def.description or "",
                *(
                    f"  {key}: {value['description']}"
                    for key, value in tool.tool_def.parameters_json_schema["properties"].items()
                ),
            ]
        )
        for name, tool in tools.items()
    }
    assert "\n\n".join(f"{name}: {text}" for name, text in described.items()) == snapshot("""\
read: Read a text file. Each line is shown as its number, a tab and its text; the number and the tab are
not part of the file. Of a long file you get a part and are told where to read on.
  path: The file, relative to the workspace or absolute inside it.
  offset: The number of the first line to show.
  limit: How many lines to show at most.

write: Write a whole file, with the folders it needs. What was in it before is replaced; to change a part
of a file, use edit.
  path: The file, relative to the workspace or absolute inside it.
  content: All that the file shall contain.

edit: Replace a passage in a text file. old_string must be in the file exactly as given, white space
included and without line numbers, and only once unless replace_all is set.
  path: The file, relative to the workspace or absolute inside it.
  old_string: The passage to replace.
  new_string: What shall stand there instead.
  replace_all: Replace every occurrence.

bash: Run a command line in bash and get its output, stdout and stderr together. Each call is a new shell;
only a `cd` is remembered for the next one, while the other tools still count paths from the workspace.
Nothing can be typed into the command. What it leaves running in the background is ended when it
returns, so a server lives for one call only. Of a long output the beginning and the end are shown.
  command: The command line, or several lines.
  timeout: After so many seconds the command is ended (1 to 3600).

grep: Search the text of files. Gives `path:line: text` for each line that matches, sorted by path. Hidden
files, binary files and those ignored by git are left out.
  pattern: A regular expression as ripgrep knows them, without look-around.
  path: The file or folder to search.
  glob: Search only files whose path matches, such as `*.py` or `src/**/*.ts`.
  ignore_case: Take upper and lower case for the same.
  literal: Take the pattern as plain text.
  context: How many lines to show before and after each match, at most 20.
  limit: How many matches to show at most.

find: Find files by name. Gives their paths from the workspace, one a line, sorted. Files that are ignored
by git are left out, and hidden ones unless the pattern names them (`.github/**`).
  pattern: Such as `*.py` (in any folder), `src/**/*.ts` or `{test,spec}_*.rb`.
  path: The folder to look in.
  limit: How many paths to show at most.

ls: List a folder: its files and folders by name, hidden ones too; folders end with a slash.
  path: The folder, relative to the workspace or absolute inside it.
  limit: How many names to show at most.\
""")


def test_a_selection_has_its_tools_in_one_order_and_is_made_once():
    assert list(coding_toolset(["ls", "read"]).tools) == ["read", "ls"]
    assert coding_toolset(["ls", "read"]) is coding_toolset({"read", "ls"})
    assert coding_toolset(["read"]).tools["read"] is coding_toolset(CODING_TOOLS).tools["read"]
    assert list(coding_toolset([]).tools) == []


def test_a_name_that_is_no_coding_tool_is_a_mistake():
    with pytest.raises(KeyError, match="no coding tools: Read; there are read, write"):
        coding_toolset(["Read", "ls"])


def test_what_changes_something_runs_alone_and_in_order():
    tools = coding_toolset(CODING_TOOLS).tools
    assert {name for name, tool in tools.items() if tool.tool_def.sequential} == CHANGING_TOOLS


async def test_an_agent_works_with_them(tools: Tools):
    agent = agent_that_calls(
        [("write", {"path": "a.txt", "content": "one\n"})],
        [
            ("bash", {"command": "mkdir sub; cd sub"}),
            ("bash", {"command": "pwd"}),
            ("edit", {"path": "a.txt", "old_string": "one", "new_string": "two"}),
            ("edit", {"path": "a.txt", "old_string": "two", "new_string": "three"}),
        ],
        [("read", {"path": "a.txt"}), ("grep", {"pattern": "t"}), ("find", {"pattern": "*"}), ("ls", {})],
    )
    result = await agent.run("go", deps=tools.deps)
    assert result.output.replace(str(tools.root), "/srv") == snapshot("""\
Wrote 4 bytes (1 line) to the new file a.txt.
[the next command begins in sub]
/srv/sub
Replaced 1 passage in a.txt (line 1).
Replaced 1 passage in a.txt (line 1).
1	three
a.txt:1: three
a.txt
a.txt
sub/\
""")


async def test_a_failure_is_an_answer_and_the_run_goes_on(tools: Tools):
    agent = agent_that_calls(
        [("read", {"path": "gone"})], [("read", {"path": "gone"})], [("ls", {"path": "gone"})]
    )
    result = await agent.run("go", deps=tools.deps)
    assert [line.startswith(FAILED) for line in result.output.splitlines()] == [True, True, True]


async def test_runs_that_share_the_toolset_do_not_meet(tools: Tools, tmp_path: Path):
    agent = agent_that_calls(
        [("bash", {"command": "mkdir -p $RUN; cd $RUN"})], [("bash", {"command": "pwd"})]
    )
    outputs: dict[int, str] = {}

    async def run(number: int) -> None:
        root = tmp_path / f"root {number}"
        root.mkdir()
        mine = type(tools)(root.resolve(), tmp_path / "output")
        mine.deps.coding.environment = {"PATH": os.environ["PATH"], "RUN": f"run{number}"}
        outputs[number] = (await agent.run("go", deps=mine.deps)).output.splitlines()[-1]

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for number in range(10):
                group.start_soon(run, number)
    assert outputs == {n: f"{tmp_path.resolve()}/root {n}/run{n}" for n in range(10)}


async def test_stopping_a_run_ends_its_command(tools: Tools):
    """The model library cancels a tool in its own way, with the event loop's cancellation."""
    agent = agent_that_calls([("bash", {"command": "sleep 1000 & sleep 1000"})])
    groups: list[int] = []
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:

            async def report(update: CodingUpdate) -> None:
                assert isinstance(update, CommandStarted)
                groups.append(update.pgid)
                group.cancel_scope.cancel()

            tools.deps.coding = replace(tools.deps.coding, report=report)
            await agent.run("go", deps=tools.deps)
        await until_gone(groups[0])


async def test_a_report_that_fails_ends_the_call_with_its_own_error(tools: Tools):
    async def report(update: CodingUpdate) -> None:
        raise OSError("no space left for the journal")

    tools.deps.coding = replace(tools.deps.coding, report=report)
    with pytest.raises(OSError, match="journal"):
        await tools("bash", command="touch made")
    with pytest.raises(OSError, match="journal"):
        await tools("write", path="a.txt", content="x")
    assert not (tools.root / "made").exists()
