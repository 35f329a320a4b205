"""Prints every table, or those that are named: `python -m benchmarks [startup] [overhead] …`."""

from __future__ import annotations

import sys
from importlib import import_module

TABLES = (
    "startup",
    "definitions",
    "overhead",
    "waiting",
    "peek",
    "tree",
    "validation",
    "mcp_front",
    "worktrees",
    "leftovers",
    "ten_agents",
    "conflicts",
)


def main() -> None:
    for name in sys.argv[1:] or TABLES:
        if name not in TABLES:
            sys.exit(f"no benchmark {name!r}; there are {', '.join(TABLES)}")
        print("\n".join(import_module(f"benchmarks.{name}").table()), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
