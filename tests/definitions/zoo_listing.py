"""What becomes of the agent files of the zoo: the listings beside its folders are made, and made anew, with

    python -m tests.definitions.zoo_listing [dialect ...]

A folder is named for its dialect. `<dialect>.problems.txt` lists every problem of its files and nothing else,
`<dialect>.agents.txt` every definition with what is not as in a file that says nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import msgspec

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.folders import read_definition
from subagents.definitions.model import AgentDefinition, Dialect, Parsed, Scope
from subagents.spec import ProviderRule, ToolSelection

ZOO = Path(__file__).parent / "zoo"
DIALECTS = [dialect for dialect in Dialect if (ZOO / dialect).is_dir()]

Read = list[tuple[str, Parsed | None]]


def files(dialect: Dialect) -> list[Path]:
    return sorted(path for path in (ZOO / dialect).rglob("*") if path.is_file())


def read(dialect: Dialect) -> Read:
    """Each file by its path in the zoo, in order; None for what is no agent."""
    return [(_shown(path), read_definition(path, Scope.PROJECT, dialect)) for path in files(dialect)]


def problems(found: Read) -> str:
    catalog = AgentCatalog(parsed for _, parsed in found if parsed is not None)
    return "".join(sorted(f"{str(problem).replace(f'{ZOO}/', '')}\n" for problem in catalog.problems))


def agents(found: Read) -> str:
    return "\n".join("\n".join((name, *_said(parsed), "")) for name, parsed in found)


def _shown(path: Path) -> str:
    return path.relative_to(ZOO).as_posix()


def _said(parsed: Parsed | None) -> Iterator[str]:
    if parsed is None:
        yield "  is no agent"
    elif parsed.definition is None:
        yield f"  is not used, and would be called {parsed.name!r}"
    else:
        yield from _decided(parsed.definition)


def _decided(agent: AgentDefinition) -> Iterator[str]:
    """What differs from a file that says nothing, a line each."""
    for each in fields(agent):
        value = getattr(agent, each.name)
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        if each.name == "source" or value == default:
            continue
        yield f"  {each.name}: {_as_text(value)}"


def _as_text(value: Any) -> str:
    match value:
        case ToolSelection(names, denied, rules):
            parts = ["all" if names is None else ", ".join(names) or "none"]
            parts += [f"but {', '.join(denied)}"] if denied else []
            return "; ".join((*parts, *map(_rule, rules)))
        case str() if len(value) > 60:
            return f"{value[:60]!r}…"
        case _:
            return msgspec.json.encode(value).decode()


def _rule(rule: ProviderRule) -> str:
    said = [f"providers {'all' if rule.included is None else ', '.join(rule.included) or 'none'}"]
    said += [f"but {', '.join(rule.excluded)}"] if rule.excluded else []
    said += [] if rule.selected is None else [f"of them {', '.join(rule.selected) or 'none'}"]
    return " ".join(said)


def main(names: list[str]) -> None:
    for dialect in [Dialect(name) for name in names] or DIALECTS:
        found = read(dialect)
        (ZOO / f"{dialect}.problems.txt").write_text(problems(found), encoding="utf-8")
        (ZOO / f"{dialect}.agents.txt").write_text(agents(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
