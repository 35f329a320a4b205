"""A process that ends two agents, says so, and is killed before anybody is told of them.

python told_later.py PROJECT MODEL
"""

from __future__ import annotations

import sys

import anyio

from subagents import AgentManager
from subagents.events import Ending, Entry


async def main(project: str, model: str) -> None:
    async with AgentManager.open(project, model=model) as manager:
        ended = anyio.Event()
        endings: list[str] = []

        def heard(entry: Entry) -> None:
            if isinstance(entry.event, Ending):
                endings.append(entry.event.run)
                if len(endings) == 2:
                    ended.set()

        manager.listen(heard)
        for prompt in ("answer one", "answer two"):
            await manager.spawn("answerer", prompt)
        await ended.wait()
        print(manager.session, *sorted(endings), flush=True)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
