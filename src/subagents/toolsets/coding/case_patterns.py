"""The patterns of a shell's `case`, which look like commands in a subshell that ends: no paths, and no end of one."""

from __future__ import annotations

from collections.abc import Sequence

from subagents.toolsets.coding.shell_words import Command, Subshell

_BEFORE = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{"})


def without_patterns(found: Sequence[Command | Subshell]) -> list[Command | Subshell]:
    """The parts of a line without the `)` behind a pattern, and without the pattern where it stands alone before it.

    Of alternatives (`a|b)`) only the first of a `case` and the last are known as such; a pattern with a command of
    its own in it stays, so that the command is looked at.
    """
    kept: list[Command | Subshell] = []
    opened: list[int] = []  # for each `case` that is open, how many subshells are open in it
    for part in found:
        match part:
            case Subshell.ENDS if opened and not opened[-1]:
                if kept and _is_bare(kept[-1]):
                    kept.pop()
                continue
            case Subshell() if opened:
                opened[-1] += 1 if part is Subshell.BEGINS else -1
            case Command() if _begins_case(part):
                opened.append(0)
            case Command() if opened and [word.text for word in part.words[:1]] == ["esac"]:
                opened.pop()
        kept.append(part)
    return kept


def _begins_case(part: Command) -> bool:
    """Whether it reads `case … in`, as also behind `do` and `then`."""
    words = [word.text for word in part.words]
    behind = words.index("case") if "case" in words[:2] else len(words)
    return words[behind + 2 : behind + 3] == ["in"] and (not behind or words[0] in _BEFORE)


def _is_bare(part: Command | Subshell) -> bool:
    return isinstance(part, Command) and len(part.words) == 1 and not part.targets and not part.words[0].inner
