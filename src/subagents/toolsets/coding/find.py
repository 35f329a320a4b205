"""find: files by a pattern for their paths."""

from pydantic_ai import RunContext

from subagents.toolsets.coding.bounded import Bounded
from subagents.toolsets.coding.deps import HasCoding
from subagents.toolsets.coding.failures import failure_as_answer
from subagents.toolsets.coding.globs import parse_glob
from subagents.toolsets.coding.paths import printable, to_read
from subagents.toolsets.coding.ripgrep import Filter, Found, in_thread, narrowed, path_of, ripgrep

LISTED_BYTES = 64_000_000


@failure_as_answer
async def find(ctx: RunContext[HasCoding], pattern: str, path: str = ".", limit: int = 1000) -> str:
    """Find files by name. Gives their paths from the workspace, one a line, sorted. Files that are ignored
    by git are left out, and hidden ones unless the pattern names them (`.github/**`).

    Args:
        pattern: Such as `*.py` (in any folder), `src/**/*.ts` or `{test,spec}_*.rb`.
        path: The folder to look in.
        limit: How many paths to show at most.
    """
    place = ctx.deps.coding
    target = await to_read(place, path)
    glob = parse_glob(pattern.removeprefix(f"{place.root}/"))
    found = await ripgrep(place, ["--files", *narrowed(glob)], target, LISTED_BYTES)
    wanted = Filter(place, target, glob)

    def select() -> Bounded:
        return Bounded.of((printable(one) for one in _paths(found) if wanted.wants(one)), max(limit, 1))

    bounded = await in_thread(select)
    if not bounded.lines and found.complete:
        return "No files match."
    return bounded.answer("files", "narrow the pattern", complete=found.complete)


def _paths(found: Found) -> list[str]:
    # What follows the last NUL is nothing, or a path that was cut off.
    return [path_of(raw) for raw in found.data.split(b"\0")[:-1]]
