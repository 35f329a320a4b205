"""What the offline model answers to a question about a small project, driven through a plain agent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import anyio
import pytest
from inline_snapshot import snapshot
from pydantic_ai.messages import ModelMessage, ToolCallPart
from tests.models.conftest import AskOf

from subagents.models.offline import offline_model

pytestmark = pytest.mark.anyio

CLIENT = '''\
"""A client for the service."""

import time


class ServiceError(Exception):
    pass


class Client:
    def __init__(self, host: str) -> None:
        self.host = host

    def fetch(self, path: str) -> bytes:
        for attempt in range(5):
            try:
                return self._send(path)
            except ServiceError:
                time.sleep(backoff(attempt))
        raise ServiceError(path)

    def _send(self, path: str) -> bytes:
        raise NotImplementedError


def backoff(attempt: int) -> float:
    """Seconds to pause before the next attempt: doubled each time, at most a minute."""
    return min(60.0, 0.5 * 2**attempt)
'''
SETTINGS = '''\
"""Settings, read from a file."""


def read_settings(path: str) -> dict[str, str]:
    with open(path) as file:
        return dict(line.strip().split("=", 1) for line in file)
'''
PROJECT = {
    "src/app/client.py": CLIENT,
    "src/app/settings.py": SETTINGS,
    "tests/test_client.py": "from app.client import backoff\n\n\ndef test_backoff():\n    assert backoff(0) == 0.5\n",
    "README.md": "# App\n\nHow long it waits between retries can be read in the client.\n",
}


@pytest.fixture
def project(repository: Callable[[dict[str, str]], Path]) -> Path:
    return repository(PROJECT)


def calls(messages: list[ModelMessage]) -> list[list[str]]:
    """The tools of each reply."""
    replies = [[part.tool_name for part in m.parts if isinstance(part, ToolCallPart)] for m in messages]
    return [reply for reply in replies if reply]


async def test_an_answer_names_files_lines_and_excerpts(agent_in: AskOf, project: Path):
    result = await agent_in(project).run("Where is it decided how long to wait between retries?")

    assert result.output == snapshot("""\
offline (no language model): `fetch` (src/app/client.py:19) fits the words of the question best.

1. src/app/client.py:19 — def fetch(self, path: str) -> bytes
   Meet here: wait (sleep), retries (attempt).
```
14      def fetch(self, path: str) -> bytes:
15          for attempt in range(5):
16              try:
17                  return self._send(path)
18              except ServiceError:
19                  time.sleep(backoff(attempt))
20          raise ServiceError(path)
```

2. README.md:3
   Meet here: wait, retries. A file of the kind: prose.
```
1  # App
2
3  How long it waits between retries can be read in the client.
```

Looked for decided, wait, retries in 17 searches. Likely, if the words in brackets mean the same here.\
""")


async def test_it_searches_in_several_turns_with_the_real_tools(agent_in: AskOf, project: Path):
    messages = (
        await agent_in(project).run("Where is it decided how long to wait between retries?")
    ).all_messages()

    replies = calls(messages)
    assert len(replies) == 4
    assert set(replies[0]) == {"grep", "find"}
    assert set(replies[-1]) == {"read"}


async def test_the_same_question_has_the_same_answer(agent_in: AskOf, project: Path):
    agent, answers = agent_in(project), set[str]()

    async def ask() -> None:
        answers.add((await agent.run("Where are settings read?")).output)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(ask)

    assert len(answers) == 1
    assert "src/app/settings.py:4" in answers.pop()


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Where is `backoff` defined?", "1. src/app/client.py:26 — def backoff"),
        ("where is ServiceError raised", "1. src/app/client.py:"),
        ("what does src/app/settings.py do?", "1. src/app/settings.py"),
        ("What happens in settings.py?", "1. src/app/settings.py"),
        ("How are options loaded from disk?", "1. src/app/settings.py"),
        ('Where does "at most a minute" come from?', "1. src/app/client.py:26"),
        ("Who calls `dict(line.strip()`?", "1. src/app/settings.py:4"),
        ("Which tests cover backoff?", "1. "),
    ],
)
async def test_names_paths_and_other_words_for_the_same_are_found(
    agent_in: AskOf, project: Path, question: str, first: str
):
    assert first in (await agent_in(project).run(question)).output


async def test_what_is_not_there_is_said_not_made_up(agent_in: AskOf, project: Path):
    assert (await agent_in(project).run("Where is the kangaroo encrypted?")).output == snapshot(
        "offline (no language model): nothing was found for kangaroo, encrypted. Ask again with a word "
        "as it stands in the code, or the name of a file."
    )


@pytest.mark.parametrize("prompt", ["", "   ", "?", "please", "what is it?", "hm, and?"])
async def test_a_prompt_without_a_question_is_told_what_is_needed(
    agent_in: AskOf, project: Path, prompt: str
):
    result = await agent_in(project).run(prompt)

    assert result.output == snapshot(
        "offline (no language model): there is nothing to look for in this prompt. Ask where or how "
        "something is done, in words that the code may use."
    )
    assert calls(result.all_messages()) == []


async def test_without_a_tool_to_search_with_it_says_so(agent_in: AskOf, project: Path):
    assert (await agent_in(project, tools=()).run("Where are retries?")).output == snapshot(
        "offline (no language model): I was offered none of the tools grep, find and read, so I cannot search."
    )


async def test_it_uses_only_the_tools_it_is_offered(agent_in: AskOf, project: Path):
    grep_only = await agent_in(project, tools=("grep",)).run("Where is the backoff?")
    assert {tool for reply in calls(grep_only.all_messages()) for tool in reply} == {"grep"}
    assert "src/app/client.py" in grep_only.output

    find_only = await agent_in(project, tools=("find",)).run("Where are the settings?")
    assert {tool for reply in calls(find_only.all_messages()) for tool in reply} == {"find"}
    assert "src/app/settings.py" in find_only.output


async def test_tools_that_fail_are_reported(agent_in: AskOf, project: Path):
    async def grep(
        pattern: str, path: str = ".", glob: str = "", ignore_case: bool = False, limit: int = 1
    ) -> str:
        return "Error: the disk is on fire"

    answer = (await agent_in(project, tools=(), others=(grep,)).run("Where is the backoff?")).output
    assert answer == snapshot(
        "offline (no language model): nothing was found for backoff. The tools said: the disk is on "
        "fire. Ask again with a word as it stands in the code, or the name of a file."
    )


async def test_nothing_is_charged_and_its_id_says_offline(agent_in: AskOf, project: Path):
    result = await agent_in(project).run("Where is the backoff?")

    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.cost) == (0, 0, Decimal(0))
    assert offline_model().model_name == offline_model().system == "offline"
    assert result.output.startswith("offline (no language model): ")


async def test_code_in_an_answer_cannot_close_its_fence(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    root = repository({"fences.py": 'def fenced():\n    """```\n    code\n    ```"""\n'})
    answer = (await agent_in(root).run("Where is fenced defined?")).output
    assert answer.count("\n````") == 2
