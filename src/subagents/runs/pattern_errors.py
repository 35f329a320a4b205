"""What is wrong with a regular expression, where, and what would work: RE2's own message names neither of the last two.

Its wordings are those of RE2 in google-re2 1.1; another wording is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_SHOWN = 80  # characters of a pattern that are repeated in a sentence

#: What RE2 says against a pattern, None for nothing.
Refusal = Callable[[str], str | None]

_LOOK = "match the text around it as well, or search without it and look through what is found"
_BACK = "RE2 cannot compare with what a group matched; write the text out"
_NEVER = "RE2 never goes back, so it is not needed; write"
_NAMES = "a name is letters, digits and `_`, as in `(?P<name>…)`"

# The beginning of a group, or an escape: what it is called, and what would work.
_UNSUPPORTED = {
    "(?=": ("look-ahead", _LOOK),
    "(?!": ("look-ahead", _LOOK),
    "(?<=": ("look-behind", _LOOK),
    "(?<!": ("look-behind", _LOOK),
    "(?>": ("an atomic group", f"{_NEVER} `(?:` in its place"),
    "(?P": ("a back-reference or recursion", _BACK),
    "(?(": ("a condition", "write the alternatives with `|`"),
    "(?#": ("a comment", "leave it out"),
    "(?|": ("a branch reset", "write `(?:` in its place"),
    "(?R": ("recursion", "write out as many levels as are needed"),
    "(?&": ("recursion", "write out as many levels as are needed"),
    "(?'": ("a group named this way", _NAMES),
    r"\k": ("a back-reference", _BACK),
    r"\g": ("a back-reference", _BACK),
    r"\Z": ("the escape", "write `$` for the end of a line"),
    r"\G": ("the escape", "write `^` for the beginning of a line"),
    r"\K": ("the escape", "leave it out: whole lines are shown"),
    r"\R": ("the escape", "leave it out: a line has no line break in it"),
    r"\h": ("the escape", r"write `[ \t]`"),
    r"\X": ("the escape", "write `.`"),
    r"\e": ("the escape", r"write `\x1b`"),
    r"\u": ("the escape", r"write `\x{20ac}` for the character with that number"),
    r"\N": ("the escape", r"write `\x{20ac}` for the character with that number"),
}

# A token of a pattern: a quoted stretch, an escape, a class, or one character.
_TOKEN = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*\]|.", re.DOTALL)


def reason(pattern: str, said: str, refusal: Refusal) -> str:
    """The sentence about a `pattern` of which RE2 `said` this. `refusal` asks it about shorter ones."""
    kind, _, fragment = said.partition(": ")
    what, instead = _explained(kind, fragment)
    where = _position(pattern, kind, fragment, refusal)
    at = f"at character {where}, " if where else ""
    return f"The pattern {shown(pattern)} cannot be used: {at}{what}. {instead[:1].upper()}{instead[1:]}."


def shown(pattern: str) -> str:
    """The pattern between slashes, in one line and not too long."""
    plain = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in pattern[:MAX_SHOWN])
    return f"/{plain}{'…' if len(pattern) > MAX_SHOWN else ''}/"


def _explained(kind: str, fragment: str) -> tuple[str, str]:
    """What is wrong, and what would work."""
    match kind:
        case "invalid perl operator" | "invalid escape sequence":
            return _unsupported(fragment)
        case "bad repetition operator":
            return _repeated(fragment)
        case "invalid repetition size":
            return (
                f"the repetition `{fragment}` is not possible",
                "the first number may not be greater than the second, and neither than 1000; repetitions inside of "
                "each other are multiplied",
            )
        case "no argument for repetition operator" | "missing argument to repetition operator":
            return (
                f"`{fragment}` has nothing to repeat",
                rf"put that before it, or write `\{fragment[:1]}` for the character",
            )
        case "missing )":
            return "a group `(` is not closed", r"close it with `)`, or write `\(` for the character"
        case "unexpected )":
            return "`)` closes no group", r"leave it out, or write `\)` for the character"
        case "missing ]":
            return "a class `[` is not closed", r"close it with `]`, or write `\[` for the character"
        case "trailing \\":
            return r"it ends with a single `\`", r"write `\\` for the character"
        case "invalid character class range":
            return (
                f"`{fragment}` is no range or class of characters",
                r"write the smaller end of a range first, and for classes for example `[[:alpha:]]`, `\d`, `\pL`",
            )
        case "invalid named capture group":
            return f"`{fragment}` is no named group", _NAMES
        case "pattern too large - compile failed" | "pattern too large":
            return (
                "it is too large when all its repetitions are written out",
                "repeat less, or a simpler part of it",
            )
        case _:
            said = f"{kind}: {fragment}" if fragment else kind
            return said, "the syntax is that of RE2: no look-around, no back-references"


def _unsupported(fragment: str) -> tuple[str, str]:
    if re.fullmatch(r"\\[1-9]", fragment):
        return f"a back-reference `{fragment}` is not supported", _BACK
    if re.fullmatch(r"\(\?\d", fragment):
        return f"recursion `{fragment}` is not supported", "write out as many levels as are needed"
    for beginning, (name, instead) in _UNSUPPORTED.items():
        if fragment == beginning:
            return f"{name} `{fragment}` is not supported", instead
    if fragment.startswith("("):
        there_are = "there are `(…)`, `(?:…)`, `(?P<name>…)` and the flags of `(?imsU)`"
        return f"`{fragment}` begins no group that is supported", there_are
    return (
        f"the escape `{fragment}` is not supported",
        r"write the character itself, after a `\` where it is a sign",
    )


def _repeated(fragment: str) -> tuple[str, str]:
    if fragment.endswith("+") and len(fragment) > 1:
        return f"a possessive repetition `{fragment}` is not supported", f"{_NEVER} `{fragment[:-1]}`"
    return f"`{fragment}` repeats a repetition", "leave one of the two out, or group the first: `(?:…)`"


# --- where


def _position(pattern: str, kind: str, fragment: str, refusal: Refusal) -> int | None:
    """The number of the character at which it begins, counted from 1; None where it is the whole."""
    match kind:
        case "missing )":
            return _unclosed(pattern)
        case "missing ]":
            return len(pattern) - len(fragment) + 1
        case "trailing \\":
            return len(pattern)
        case "unexpected )":
            return _end(pattern, kind, refusal)
        case _ if fragment and fragment in pattern:
            # Not always does it end with what RE2 had to read.
            return pattern.rfind(fragment, 0, _end(pattern, f"{kind}: {fragment}", refusal)) + 1
        case _:
            return None


def _end(pattern: str, said: str, refusal: Refusal) -> int:
    """How much of the pattern has to be read until this is said. RE2 reads from left to right, and gives up there."""
    end = len(pattern)
    while end and (refusal(pattern[: end - 1]) or "").startswith(said):
        end -= 1
    return end


def _unclosed(pattern: str) -> int | None:
    """The innermost group that is never closed."""
    opened: list[int] = []
    for token in _TOKEN.finditer(pattern):
        if token[0] == "(":
            opened.append(token.start() + 1)
        elif token[0] == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None
