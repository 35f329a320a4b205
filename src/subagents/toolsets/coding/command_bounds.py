"""Why a command line may not be run in a worktree: it would lead out of it, or change what others share.

A rail for agents that mean well and no sandbox. Variables, globs and functions are not expanded, scripts not read, and
links not followed; who wants to get past it will.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subagents.toolsets.coding.bounds import Bounds, shown
from subagents.toolsets.coding.case_patterns import without_patterns
from subagents.toolsets.coding.git_calls import assigned, git_call
from subagents.toolsets.coding.shell_words import Command, Subshell, Word, parts
from subagents.toolsets.coding.spoken import WITH_PROSE, has_prose, texts

DEEPEST = 5  # command lines in words of command lines

_RESERVED = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "coproc"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_CHANGING_FOLDER = frozenset({"cd", "pushd", "popd", "chdir"})
# What begins another command that stands behind it, after options and values of its own.
_PREFIXES = frozenset(
    {
        *("command", "builtin", "exec", "eval", "env", "sudo", "doas", "su", "xargs", "parallel"),
        *("nohup", "setsid", "nice", "ionice", "time", "timeout", "stdbuf", "strace", "watch"),
        *("find", "fd", "flock", "script", "unbuffer"),
    }
)
_SEEKING = frozenset({"find", "fd"})
_BEGINS_IN_SEEKING = frozenset({"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"})
_KNOWN = _CHANGING_FOLDER | _PREFIXES | WITH_PROSE
_LOOKS_LIKE_COMMANDS = re.compile(r"[\s;&|('\"`]")
_QUOTES = re.compile(r"[\"'`\\]")


def refusal(line: str, folder: Path, bounds: Bounds) -> str:
    """Why a command line that begins in a folder is refused, in sentences for the model; "" when it is not."""
    return _Walk(bounds, str(folder)).line(line)


@dataclass
class _Walk:
    """Through a line, with the folder that the shell is in; None when nobody knows."""

    bounds: Bounds
    folder: str | None
    depth: int = 0
    before: str | None = None  # where `cd -` leads
    outer: list[tuple[str | None, str | None]] = field(default_factory=list)

    def line(self, line: str) -> str:
        # What is not closed is no command, but a shell may run what stands above it.
        found = parts(line)
        if found is None:
            found = parts(_QUOTES.sub(" ", line)) or []
        for part in without_patterns(found):
            match part:
                case Subshell.BEGINS:
                    self.outer.append((self.folder, self.before))
                case Subshell.ENDS if self.outer:
                    self.folder, self.before = self.outer.pop()
                case Command() if why := self._command(part):
                    return why
        return ""

    def _command(self, command: Command) -> str:
        begin = self.folder
        words = [word.text for word in command.words]
        return (
            self._substitutions((*command.words, *command.targets))
            or next(filter(None, (self.bounds.astray(target.text, begin) for target in command.targets)), "")
            or self._words(words)
        )

    def _substitutions(self, words: Sequence[Word]) -> str:
        return next(filter(None, (self._inner(line) for word in words for line in word.inner)), "")

    def _inner(self, line: str, folder: str | None = None) -> str:
        """A command line in a word: a folder that it changes to is its own."""
        if self.depth >= DEEPEST or not line:
            return ""
        return _Walk(self.bounds, folder or self.folder, self.depth + 1, self.before).line(line)

    def _words(self, words: Sequence[str]) -> str:
        """What a simple command does, and then what stands in it."""
        at = _command_at(words)
        name = _name(words[at]) if at < len(words) else ""
        if name == "git":
            return self._git(words, at + 1)
        folder = self.folder
        why = self._changes_folder(name, words[at + 1 :]) if name in _CHANGING_FOLDER else ""
        text = {at + 1 + place for place in texts(name, words[at + 1 :])}
        return why or self._each(words, text, folder, prose=has_prose(name))

    def _git(self, words: Sequence[str], behind: int) -> str:
        call = git_call(words[behind:], self.folder, self.bounds)
        subcommand = behind + call.options
        text = {behind + place for place in texts("git", words[behind:])} | {*range(behind, subcommand)}
        prose = has_prose("git", "".join(words[subcommand : subcommand + 1]))
        return call.refused or self._each(words, text, call.folder, prose=prose)

    def _each(self, words: Sequence[str], text: set[int], folder: str | None, *, prose: bool) -> str:
        """Each word that is not text, of a command that works in a folder."""
        looked = (self._word(word, folder, prose=prose) for at, word in enumerate(words) if at not in text)
        return next(filter(None, looked), "")

    def _word(self, word: str, works_in: str | None, *, prose: bool) -> str:
        why = assigned(word, self.bounds) or self.bounds.astray(word, works_in)
        if why or prose or not _LOOKS_LIKE_COMMANDS.search(word):
            return why
        return self._inner(word, works_in)

    def _changes_folder(self, name: str, words: Sequence[str]) -> str:
        """Goes there, or answers why not."""
        named = [word for word in words if word == "-" or not word.startswith(("-", "+"))]
        if name == "popd" or named[:1] == ["-"] or (name == "pushd" and not named):
            self.folder, self.before = self.before, self.folder
            return ""
        to = self.bounds.led(named[0] if named else "~", self.folder)
        if to is None or self.bounds.holds(to):
            self.folder, self.before = to, self.folder
            return ""
        called = shown(" ".join((name, *named[:1])))
        return (
            f"`{called}` leads out of your worktree {str(self.bounds.tree)!r}, the only place to work, where commands "
            f"begin by themselves. {self.bounds.instead(to)}"
        )


def _command_at(words: Sequence[str]) -> int:
    """Where the command's name stands, behind assignments and commands that begin others; the end where nowhere."""
    at = _first(words)
    while at < len(words) and (name := _name(words[at])) in _PREFIXES:
        behind = at + 1
        if name in _SEEKING:
            begins = (place for place in range(behind, len(words)) if words[place] in _BEGINS_IN_SEEKING)
            behind = next(begins, len(words))
        known = (place for place in range(behind, len(words)) if _is_known(words[place]))
        if (found := next(known, None)) is None:
            return at
        at = found
    return at


def _first(words: Sequence[str]) -> int:
    at = 0
    while at < len(words) and (words[at] in _RESERVED or _ASSIGNMENT.match(words[at])):
        at += 1
    return at


def _is_known(word: str) -> bool:
    return word in _KNOWN or (word.startswith("/") and _name(word) in _KNOWN)


def _name(word: str) -> str:
    return word.rpartition("/")[2]
