"""Which words of a command are text that it writes or looks for, and no paths or commands: messages, patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SAYING = frozenset({"echo", "printf"})
_ASKING = frozenset({"sqlite3", "psql", "mysql", "mariadb"})
_QUERY = re.compile(r"\s*(?:select|insert|update|delete|with|create|alter|drop)\s", re.IGNORECASE)
# A query that names a file opens it.
_OPENS = re.compile(
    r"readfile|writefile|infile|outfile|dumpfile|pg_|lo_|copy|load|attach|import|vacuum|program|directory|edit|^\s*[.\\]",
    re.IGNORECASE | re.M,
)
_SEARCHING = frozenset(
    {"grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "sed", "gsed", "awk", "gawk", "jq", "yq"}
)
_PATTERN_OPTIONS = frozenset({"-e", "-f", "--regexp", "--file", "--expression", "--files", "--from-file"})
_TEXT_OPTIONS = frozenset(
    {
        *("-m", "--message", "--body", "--title", "--description", "--notes", "--comment", "--subject"),
        *("--grep", "--author", "--trailer", "--format", "--pretty", "--date", "--reason"),
    }
)
_GIT_TEXT_OPTIONS = frozenset({"-S", "-G"})
_GIT_MESSAGE = re.compile(r"-[A-Za-z]*m")
# What git is told in these is a command.
_GIT_RUNS = frozenset({"rebase", "submodule", "bisect", "filter-branch"})

_ELSEWHERE = frozenset(
    {"ssh", "docker", "podman", "docker-compose", "kubectl", "vagrant", "adb"}
)  # run commands there

#: Words with blanks are prose, a program in a language of its own or run elsewhere: no commands of this shell.
WITH_PROSE = _SAYING | _SEARCHING | _ELSEWHERE | {"git", "gh", "glab", "hub"}


def texts(name: str, words: Sequence[str]) -> set[int]:
    """The places of such words behind a command's name."""
    found = {at for at in range(len(words)) if _is_text(name, words, at)}
    searched = _behind_grep(words) if name == "git" else 0 if name in _SEARCHING else None
    if searched is not None and not any(
        word.partition("=")[0] in _PATTERN_OPTIONS for word in words[searched:]
    ):
        rest = enumerate(words[searched:], searched)
        first = (at for at, word in rest if not word.startswith("-") and not word.isdigit())
        found.update(at for at in (next(first, None),) if at is not None)
    return found | _link(words) if name == "ln" else found


def _behind_grep(words: Sequence[str]) -> int | None:
    """Where the words of `git grep` begin; None for other calls of git."""
    first = next((at for at, word in enumerate(words) if not word.startswith("-")), None)
    return first + 1 if first is not None and words[first] == "grep" else None


def _link(words: Sequence[str]) -> set[int]:
    """What a symbolic link leads to is counted from where the link is (ln(1))."""
    symbolic = any(word == "--symbolic" or re.match(r"-[A-Za-z]*s", word) for word in words)
    return {at for at, word in enumerate(words) if symbolic and word.startswith("..")}


def _is_text(name: str, words: Sequence[str], at: int) -> bool:
    word, before = words[at], words[at - 1] if at else ""
    if name in _SAYING or name == "case" or (name in _ASKING and _is_query(word)):
        return True
    if before in _TEXT_OPTIONS or word.partition("=")[0] in _TEXT_OPTIONS:
        return True
    if name in _SEARCHING:
        return before in ("-e", "--regexp", "--expression")
    if name == "git":
        glued = word[:2] in _GIT_TEXT_OPTIONS or _GIT_MESSAGE.match(word) is not None
        return glued or before in _GIT_TEXT_OPTIONS or _GIT_MESSAGE.fullmatch(before) is not None
    return False


def _is_query(word: str) -> bool:
    return _QUERY.match(word) is not None and _OPENS.search(word) is None and "\\" not in word


def has_prose(name: str, subcommand: str = "") -> bool:
    """Whether words with blanks are no commands in what is said to this program."""
    return name in WITH_PROSE and subcommand not in _GIT_RUNS
