"""ls: what is in a folder."""

from pydantic_ai import RunContext

from subagents.toolsets.coding.bounded import Bounded
from subagents.toolsets.coding.deps import HasCoding
from subagents.toolsets.coding.failures import explained, failure_as_answer
from subagents.toolsets.coding.paths import printable, to_read


@failure_as_answer
async def ls(ctx: RunContext[HasCoding], path: str = ".", limit: int = 500) -> str:
    """List a folder: its files and folders by name, hidden ones too; folders end with a slash.

    Args:
        path: The folder, relative to the workspace or absolute inside it.
        limit: How many names to show at most.
    """
    place = ctx.deps.coding
    target = await to_read(place, path)
    with explained(target.shown):
        entries = await place.workspace.list_dir(str(target.path))
    names = sorted(printable(entry.name) + ("/" if entry.is_dir else "") for entry in entries)
    if not names:
        return "[the folder is empty]"
    return Bounded.of(names, max(limit, 1)).answer("names", "look for them with find")
