"""Where a run stands in its tree, as it is told: whom it works for, and how deep it is."""

from __future__ import annotations

from collections.abc import Sequence


def whereabouts(path: Sequence[str], depth: int, deepest: int) -> str:
    """The place of a nested run. `path` are the handles from the top of its tree down to its own; `depth` counts from 1
    there, and `deepest` is the limit. "" at the top, where nobody started it but the user.
    """
    if len(path) < 2:
        return ""
    *above, own = path
    further = "" if depth < deepest else " You cannot start agents of your own."
    return (
        f"<place>\nYou are {own}, started by {above[-1]}. Path: {' > '.join(above)} > you. "
        f"Depth {depth} of {deepest}.{further}\n</place>"
    )
