"""A command line as a shell divides it: simple commands with their words, the quotes taken off. Nothing is expanded.

A scanner of its own and no `shlex`, which knows neither here-documents nor nested substitutions, ends a word at any
`#`, and builds a long word in quadratic time. What it gets wrong costs a look: `case` inside of `$(…)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

#: What stands in a word where a substitution stood, whose value nobody knows.
UNKNOWN = "$()"


@dataclass(frozen=True, slots=True)
class Word:
    """`text` has `UNKNOWN` for each substitution, and `inner` the command lines of these."""

    text: str
    inner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command; `targets` are the words behind `<`, `>` and the like, here-documents left out."""

    words: tuple[Word, ...]
    targets: tuple[Word, ...]


class Subshell(StrEnum):
    """A bracket: a folder that is changed between the two is changed there only."""

    BEGINS = "("
    ENDS = ")"


Part = Command | Subshell

_BETWEEN = re.compile(
    r"""
      (?P<blank>(?:[ \t\r]|\\\n)+ | \#[^\n]*)
    | (?P<newline>\n)
    | (?P<redirect>\d*(?:<<<|<<-?|<>|<&|>&|>>|>\||[<>](?!\()) | &>>?)
    | (?P<operator>&&|\|\||;;?&?|\|&|[|&()]|[<>]\()
    """,
    re.VERBOSE,
)
_PIECE = re.compile(
    r"""
      (?P<plain>[^ \t\r\n'"\\$`;&|()<>]+)
    | (?P<single>'[^']*')
    | (?P<ansi>\$'(?:[^'\\]|\\.)*')
    | (?P<double>")
    | (?P<escaped>\\(?:.|\Z))
    | (?P<substitution>\$\()
    | (?P<backtick>`(?:[^`\\]|\\.)*(?:`|\\?\Z))
    | (?P<dollar>\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(
    r"""
      (?P<plain>[^"\\$`]+)
    | (?P<double>")
    | (?P<escaped>\\(?:.|\Z))
    | (?P<substitution>\$\()
    | (?P<backtick>`(?:[^`\\]|\\.)*(?:`|\\?\Z))
    | (?P<dollar>\$)
    """,
    re.VERBOSE | re.DOTALL,
)
# What decides where the bracket of a substitution closes: in it, and in double quotes in it.
_CODE = re.compile(
    r"""
      \\. | '[^']*' | \$'(?:[^'\\]|\\.)*' | (?<![^\s;&|()])\#[^\n]* | <<<
    | <<(?P<dash>-?)[ \t]*(?P<end>'[^'\n]*'|"[^"\n]*"|[^\s'"&|;()<>]+)
    | [\n"()]
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTE = re.compile(r'\\.|"|\$\(', re.DOTALL)


def parts(line: str) -> list[Part] | None:
    """The commands of a line, or of several, in their order; None where a quote is not closed."""
    scanner = _Scanner(line)
    return scanner.found if scanner.scan() else None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.found: list[Part] = []
        self._words: list[Word] = []
        self._targets: list[Word] = []
        self._redirect = ""
        self._ends: list[tuple[str, bool]] = []  # of the here-documents that begin on the next line

    def scan(self) -> bool:
        while self.position < len(self.text):
            if between := _BETWEEN.match(self.text, self.position):
                self.position = between.end()
                self._between(between.lastgroup or "", between.group())
            elif (word := self._word()) is not None:
                self._place(word)
            else:
                return False
        self._finish()
        return True

    def _between(self, kind: str, symbol: str) -> None:
        match kind:
            case "redirect":
                self._redirect = symbol.lstrip("0123456789")
            case "newline":
                self._finish()
                self.position = _after_bodies(self.text, self.position, self._ends)
            case "operator":
                self._finish()
                if symbol[-1] in "()":
                    self.found.append(Subshell(symbol[-1]))
            case _:
                pass  # blanks and comments

    def _place(self, word: Word) -> None:
        match self._redirect:
            case "":
                self._words.append(word)
            case "<<" | "<<-":
                self._ends.append((word.text, self._redirect == "<<-"))
            case "<<<":
                self._targets.append(Word("", word.inner))
            case _:
                self._targets.append(word)
        self._redirect = ""

    def _finish(self) -> None:
        if self._words or self._targets:
            self.found.append(Command(tuple(self._words), tuple(self._targets)))
        self._words, self._targets, self._redirect = [], [], ""

    def _word(self) -> Word | None:
        """The word that begins here; None where a quote is not closed."""
        pieces: list[str] = []
        inner: list[str] = []
        begin, quoted = self.position, False
        while piece := (_IN_DOUBLE if quoted else _PIECE).match(self.text, self.position):
            self.position = piece.end()
            if piece.lastgroup == "double":
                quoted = not quoted
            else:
                pieces.append(self._piece(piece, inner, quoted=quoted))
        return None if quoted or self.position == begin else Word("".join(pieces), tuple(inner))

    def _piece(self, piece: re.Match[str], inner: list[str], *, quoted: bool) -> str:
        text = piece.group()
        match piece.lastgroup:
            case "single":
                return text[1:-1]
            case "ansi":
                return text[2:-1]
            case "escaped":
                # In double quotes a backslash stays before what needs none (bash(1), QUOTING).
                return text if quoted and text[1:] not in tuple('"\\$`\n') else text[1:].removeprefix("\n")
            case "substitution":
                end = _closing(self.text, self.position)
                inner.append(self.text[self.position : end])
                self.position = min(end + 1, len(self.text))
                return UNKNOWN
            case "backtick":
                inner.append(text[1:].removesuffix("`").replace("\\`", "`"))
                return UNKNOWN
            case _:
                return text


def _closing(text: str, position: int) -> int:
    """Where the bracket closes that was opened before `position`; the end of the text where it does not."""
    inside, ends = ["("], list[tuple[str, bool]]()
    while found := (_CODE if inside[-1] == "(" else _QUOTE).search(text, position):
        position = found.end()
        match found.group():
            case '"' if inside[-1] == '"':
                inside.pop()
            case ")":
                inside.pop()
                if not inside:
                    return found.start()
            case "(" | "$(":
                inside.append("(")
            case '"':
                inside.append('"')
            case "\n":
                position = _after_bodies(text, position, ends)
            case _ if found.lastgroup == "end":
                ends.append((found["end"].strip("'\"").replace("\\", ""), bool(found["dash"])))
    return len(text)


def _after_bodies(text: str, position: int, ends: list[tuple[str, bool]]) -> int:
    """Behind the bodies of the here-documents with these last lines, which are then done with."""
    for end, tabs in ends:
        while position < len(text):
            last = text.find("\n", position)
            last = len(text) if last < 0 else last
            begin = position
            while tabs and text.startswith("\t", begin):
                begin += 1
            position = min(last + 1, len(text))
            if text.startswith(end, begin, last) and _ends_here(text[begin + len(end) : last]):
                # A bracket behind it closes the substitution that it stands in.
                position = last if last == begin + len(end) else begin + len(end)
                break
    ends.clear()
    return position


def _ends_here(rest: str) -> bool:
    return not rest.strip() or rest.startswith(")")
