"""A process that spawns many runs, says each id as soon as it has it, and never ends by itself.

python many_runs.py PROJECT MODEL COUNT
"""

from __future__ import annotations

import sys

import anyio

from subagents import AgentManager, SpawnRequest
from subagents.settings.model import Settings


async def main(project: str, model: str, count: int) -> None:
    async with AgentManager.open(project, model=model, settings=Settings(max_concurrent=16)) as manager:
        for number in range(count):
            # Two of three do something that takes longer than anybody waits.
            prompt = f"answer {number}" if number % 3 == 0 else f"work {number}"
            print(await manager.spawn(SpawnRequest(agent="worker", prompt=prompt)), flush=True)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
