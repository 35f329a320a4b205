"""write: a whole file."""

from pydantic_ai import RunContext

from subagents.toolsets.coding.deps import CodingDeps, HasCoding
from subagents.toolsets.coding.failures import explained, failure_as_answer
from subagents.toolsets.coding.files import Span, bytes_of, count_lines, encoded, held, plural, replace
from subagents.toolsets.coding.memory import refuse_unseen
from subagents.toolsets.coding.paths import Target, to_write


@failure_as_answer
async def write(ctx: RunContext[HasCoding], path: str, content: str) -> str:
    """Write a whole file, with the folders it needs. What was in it before is replaced; to change a part
    of a file, use edit.

    Args:
        path: The file, relative to the workspace or absolute inside it.
        content: All that the file shall contain.
    """
    place = ctx.deps.coding
    target = await to_write(place, path, "write")
    after = encoded(content, "content")
    lines = count_lines(content)
    async with held(place, target):
        before = await _present(place, target)
        refuse_unseen(place, target, before)
        note = await replace(place, target, before, after, Span(min(lines, 1), lines), whole=True)
    what = f"{plural(len(after), 'byte')} ({plural(lines, 'line')})"
    if before is None:
        return f"Wrote {what} to the new file {target.shown}.{note}"
    return (
        f"Wrote {what} to {target.shown}, replacing the {plural(len(before), 'byte')} that were there.{note}"
    )


async def _present(place: CodingDeps, target: Target) -> bytes | None:
    with explained(target.shown):
        exists = await place.workspace.exists(str(target.path))
    return await bytes_of(place, target) if exists else None
