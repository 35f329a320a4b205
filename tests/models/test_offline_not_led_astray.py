"""Copies of a question in prose, tests, data or lists of questions do not outweigh the code that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.models.conftest import AskOf

pytestmark = pytest.mark.anyio

QUESTION = "Where does the scheduler decide how long to wait before it retries a failed upload?"
ANSWER = "src/transfer/queue.py"

# The code says it in other words: pause for wait, attempt for retry, send for upload, error for failed.
CODE = '''\
"""Sends files, one after another."""

import random
import time


class SendQueue:
    def run(self) -> None:
        while self.items:
            self._send_with_attempts(self.items.pop())

    def _send_with_attempts(self, item) -> None:
        for attempt in range(MAX_ATTEMPTS):
            try:
                return self.transport.send(item)
            except TransportError:
                time.sleep(pause_after(attempt))


def pause_after(attempt: int) -> float:
    """Seconds to back off after an upload that failed: doubled with each attempt, with some jitter."""
    return min(300.0, 2.0**attempt) * random.uniform(0.5, 1.5)
'''
OTHER_CODE = '''\
"""Schedules when things run."""


class Scheduler:
    def decide(self, now: float) -> float:
        """How long until the next start."""
        return min(self.starts) - now
'''
COPIES = {
    "README.md": f"# Transfer\n\n## FAQ\n\n### {QUESTION}\n\nSee the source. The scheduler retries a failed upload.\n",
    "CHANGELOG.md": f"# Changes\n\n- Answered: {QUESTION}\n- The scheduler waits before it retries a failed upload.\n",
    "docs/guide.rst": f"{QUESTION}\n{'=' * len(QUESTION)}\n\nThe scheduler decides how long to wait.\n",
    "tests/test_questions.py": f'QUESTIONS = [\n    "{QUESTION}",\n]\n\n\n'
    "def test_scheduler_retries_failed_upload():\n    pass\n",
    "tests/questions.yaml": f"- question: {QUESTION}\n  file: docs/guide.rst\n",
    "benchmarks/questions.json": f'[{{"question": "{QUESTION}", "answer": "README.md"}}]\n',
    "src/prompts/examples.py": f'EXAMPLES = (\n    "{QUESTION}",\n    "Where is the upload scheduled?",\n)\n',
}


async def test_the_code_wins_over_every_copy_of_the_question(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    root = repository({**COPIES, ANSWER: CODE, "src/transfer/scheduler.py": OTHER_CODE})

    answer = (await agent_in(root).run(QUESTION)).output

    assert re.findall(r"^1\. ([^:\s]+)", answer, re.M) == [ANSWER], answer


@pytest.mark.parametrize("copy", COPIES)
async def test_the_code_wins_over_each_copy(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path], copy: str
):
    root = repository({copy: COPIES[copy] * 5, ANSWER: CODE})

    answer = (await agent_in(root).run(QUESTION)).output

    assert re.findall(r"^1\. ([^:\s]+)", answer, re.M) == [ANSWER], answer


async def test_prose_answers_where_no_code_does(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    root = repository(
        {"docs/release.md": "# Releasing\n\nTag the commit, then wait for the wheels.\n", ANSWER: CODE}
    )

    answer = (await agent_in(root).run("How are wheels released?")).output

    assert "1. docs/release.md:" in answer


async def test_a_question_about_tests_is_answered_with_tests(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    test = "from transfer import pause_after\n\n\ndef test_the_pause_is_bounded():\n    assert pause_after(99) < 500\n"
    root = repository({"tests/test_queue.py": test, "src/transfer/scheduler.py": OTHER_CODE})

    answer = (await agent_in(root).run("Which test checks that the pause is bounded?")).output

    assert "1. tests/test_queue.py:" in answer
