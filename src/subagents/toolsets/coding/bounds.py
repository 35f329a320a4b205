"""How far a run may go that has a worktree of its own: where a path leads that stands in a command, by its text alone.

Links are not followed, and of variables only the home folder and `$PWD` are known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 4096  # of a path on Linux, in bytes
_SHOWN = 200

_HOME = ("~", "$HOME", "${HOME}")
_HERE = ("$PWD", "${PWD}")
_GLUED = re.compile(r"-[A-Za-z](?=[/~$])")  # -I/usr/include


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """`tree` is the worktree, `checkouts` what is the user's: checkout, repository. Worktrees of others, and what
    belongs to them, lie in `beside`, as the tree does. `reachable` may be named although it lies in one of these, and
    `home` is what `~` means, "" when that is not known. All are absolute, without links."""

    tree: Path
    checkouts: tuple[Path, ...]
    beside: Path
    reachable: tuple[Path, ...] = ()
    home: str = ""

    def led(self, text: str, folder: str | None) -> str | None:
        """The absolute path that is meant by `text` in a folder; None where nobody knows, or where it is too long."""
        if len(text) > _LONGEST or (folder is not None and len(folder) > _LONGEST):
            return None
        for names, place in ((_HOME, self.home), (_HERE, folder)):
            for name in names:
                if text == name or text.startswith(f"{name}/"):
                    return _normal(place + text.removeprefix(name)) if place else None
        if text.startswith("/"):
            return _normal(text)
        if text.startswith(("~", "$", "`")) or folder is None:
            return None
        return _normal(f"{folder}/{text}")

    def holds(self, path: str) -> bool:
        return _is_in(path, self.tree)

    def astray(self, word: str, folder: str | None) -> str:
        """Why a word of a command, or the value of an option in it, is out of bounds; "" when it is not."""
        return next(filter(None, (self._astray(text, folder) for text in _paths_in(word))), "")

    def _astray(self, text: str, folder: str | None) -> str:
        path = self.led(text, folder)
        if path is None or self.holds(path) or any(_is_in(path, place) for place in self.reachable):
            return ""
        if any(_is_in(path, place) for place in self.checkouts):
            return f"{shown(text)!r} leads into the user's checkout, which is out of bounds. {self.instead(path)}"
        if _is_in(path, self.beside):
            others = f"leads out of your worktree {str(self.tree)!r} to where others are"
            return f"{shown(text)!r} {others}. {self.instead(path)}"
        if text.startswith(("/", *_HOME)):
            return ""
        return f"{shown(text)!r} leads out of your worktree {str(self.tree)!r}. {self.instead(path)}"

    def instead(self, path: str) -> str:
        """What to use for a path that is out of bounds."""
        for checkout in self.checkouts:
            inside = path[len(str(checkout)) :].lstrip("/")
            if _is_in(path, checkout) and not _of_git(checkout, inside):
                return f"What is there is here under the same name: use {str(self.tree / inside)!r}."
        if any(_is_in(path, checkout) for checkout in self.checkouts):
            return "Ask git itself, in your worktree, as with `git log` or `git config --get`."
        return "Use a path in your worktree."


def shown(text: str) -> str:
    """What somebody wrote, short enough to be repeated in an answer."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _of_git(checkout: Path, inside: str) -> bool:
    """Whether a path in a checkout is the repository's own."""
    return checkout.name == ".git" or inside.partition("/")[0] == ".git"


def _paths_in(word: str) -> Iterator[str]:
    """What in a word may be a path: itself, an option's value, and each absolute one in a list."""
    if not ("/" in word or ".." in word or word.startswith(("~", "$"))):
        return
    texts = (word, word.partition("=")[2], _GLUED.sub("", word, count=1))
    yield from (
        text for text in (each.lstrip("@") for each in texts) if _leads(text) or ".." in text.split("/")
    )
    if ":" in word or "," in word or "=" in word:
        yield from filter(_leads, re.split(r"[:,=]", word))


def _leads(text: str) -> bool:
    return text.startswith(("/", *_HOME, *_HERE))


def _normal(path: str) -> str:
    return os.path.normpath("/" + path.lstrip("/"))


def _is_in(path: str, place: Path) -> bool:
    return path == str(place) or path.startswith(f"{place}/")
