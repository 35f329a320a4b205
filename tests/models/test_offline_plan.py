"""As a planner the offline model says what a plan could start from, and does not pretend to have made one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.models.conftest import AskOf

from subagents.models.offline.intent import plans

pytestmark = pytest.mark.anyio

PROJECT = {
    "src/mail/send.py": "class Sender:\n    def send(self, message: str) -> None:\n        self.smtp.post(message)\n",
    "src/mail/queue.py": "from mail.send import Sender\n\n\ndef send_all(messages: list[str]) -> None:\n"
    "    for message in messages:\n        Sender().send(message)\n",
    "tests/test_send.py": "from mail.send import Sender\n\n\ndef test_send_message():\n    Sender().send('x')\n",
}


async def test_a_plan_has_what_was_found_the_files_in_order_and_what_is_open(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    agent = agent_in(repository(PROJECT), instructions="You are the planning specialist of this project.")

    assert (await agent.run("Plan how to send a message with a quota.")).output == snapshot("""\
offline (no language model): what a plan could start from. Only searched: nothing was understood, nothing weighed.

## What was found

1. src/mail/send.py:2 — def send(self, message: str) -> None
   Defines `send`, with: send, message.
```
2      def send(self, message: str) -> None:
3          self.smtp.post(message)
```

2. src/mail/queue.py:4 — def send_all(messages: list[str]) -> None
   Defines `send_all`, with: send, message.
```
4  def send_all(messages: list[str]) -> None:
5      for message in messages:
6          Sender().send(message)
```

## Files likely to change, in this order

1. src/mail/send.py: it defines `send` (line 2).
2. src/mail/queue.py: it defines `send_all` (line 4).

## Open questions

- Nothing found speaks of “quota”: is it new?
- src/mail/send.py and src/mail/queue.py fit almost alike: which one is meant?
- No test is among the best places: where is this tested?
- What the change should be, and what must stay as it is, takes a person or a language model.

Looked for send, message, quota in 19 searches. Likely, though nothing there speaks of quota.\
""")


async def test_without_a_finding_there_is_no_plan(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    agent = agent_in(repository(PROJECT), instructions="You are an architect.")

    assert "nothing was found" in (await agent.run("Plan the migration to Kubernetes.")).output


@pytest.mark.parametrize(
    ("instructions", "planner"),
    [
        ("You are a software architect. You read a code base and plan a change to it.", True),
        ("You search code bases. You only read.", False),
        ("You are a software agent.\n\nOur planner is in src/planner.\n\n<agent_instructions>\nFix it.\n"
         "</agent_instructions>", False),
        ("<environment>\nFolder: /srv/the planner\n</environment>\n\nYou search.", False),
        ("You search.\n\n<skills>\n# Preloaded Skill: planning\n</skills>\n\n"
         '<agent_memory scope="user" folder="/m">\nthe planner is slow\n</agent_memory>', False),
        ("", False),
    ],
)  # fmt: skip
def test_who_is_a_planner(instructions: str, planner: bool):
    assert plans(instructions) is planner
