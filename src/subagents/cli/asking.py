"""Questions to a person at a plain terminal: one of several, a line, and a line that is not shown."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Protocol

from subagents.cli.streams import say, width_of
from subagents.language import _

#: Answers "" for what is good, else the sentence on what would be.
Check = Callable[[str], str]


def anything(_text: str) -> str:
    return ""


class Asking(Protocol):
    """Each asks until it has an answer that is good. Raises `typer.Abort` when the person leaves."""

    def one_of(self, question: str, choices: Sequence[str], preferred: int = 0) -> int:
        """The index of the one that is chosen."""
        ...

    def line(self, question: str, preferred: str = "", check: Check = anything) -> str:
        """What is typed, trimmed; `preferred` for nothing."""
        ...

    def secret(self, question: str) -> str:
        """The same without showing it; "" for nothing."""
        ...

    def tell(self, text: str) -> None:
        """A sentence in between."""
        ...


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class Terminal:
    """Asks line by line on standard error; no colours, nothing is drawn again."""

    def one_of(self, question: str, choices: Sequence[str], preferred: int = 0) -> int:
        self.tell(question)
        for number, choice in enumerate(choices, 1):
            self._wrapped(choice, f"{number:>3}  ", "     ")
        wanted = self.line(_("Number"), str(preferred + 1), lambda text: _is_number(text, len(choices)))
        return int(wanted) - 1

    def line(self, question: str, preferred: str = "", check: Check = anything) -> str:
        import typer

        while True:
            typed = typer.prompt(question, default=preferred, show_default=bool(preferred), err=True)
            if not (why := check(text := str(typed).strip())):
                return text
            self.tell(why)

    def secret(self, question: str) -> str:
        import typer

        typed = typer.prompt(question, default="", show_default=False, hide_input=True, err=True)
        return str(typed).strip()

    def tell(self, text: str) -> None:
        self._wrapped(text, "", "")

    def _wrapped(self, text: str, first: str, rest: str) -> None:
        width = min(width_of(sys.stderr) or 80, 100)
        say(
            *textwrap.wrap(
                text,
                width,
                initial_indent=first,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
            )
            or [""]
        )


def _is_number(text: str, most: int) -> str:
    if text.isdecimal() and text.isascii() and len(text) < 4 and 1 <= int(text) <= most:
        return ""
    return _("Type a number from 1 to {n}.").format(n=most)
