"""What a project tells every agent that works in it: its AGENTS.md and CLAUDE.md files, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

NAMES = ("AGENTS.md", "CLAUDE.md")
MAX_FILE = 20_000  # characters of one file
MAX_ALL = 40_000


def project_instructions(root: Path, folder: Path) -> str:
    """The instructions for an agent that works in `folder`: the project's first, then those nearer to it.

    "" when there are none. Reads from the disk, never raises; what is too long is cut, which is said.
    """
    parts: list[str] = []
    seen: set[str] = set()
    left = MAX_ALL
    for path in _files(root, folder):
        text = _read(path, root)
        # CLAUDE.md often is AGENTS.md again, by a link, a copy, or a line that includes it.
        if not text or text in seen or text == f"@{NAMES[0]}":
            continue
        seen.add(text)
        shown = _cut(text, min(MAX_FILE, left))
        left -= min(len(text), MAX_FILE, left)
        parts.append(f'<project_instructions file="{_named(path, root)}">\n{shown}\n</project_instructions>')
    return "\n\n".join(parts)


def _files(root: Path, folder: Path) -> Iterator[Path]:
    """In each folder from the root down to `folder`; outside of the root, of the root alone."""
    below = folder.relative_to(root).parts if folder.is_relative_to(root) else ()
    for count in range(len(below) + 1):
        for name in NAMES:
            yield root.joinpath(*below[:count], name)


def _read(path: Path, root: Path) -> str:
    """The text, trimmed; "" for what is no file, or a link that leads out of the project, as into a home."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()) or not real.is_file():
            return ""
        with real.open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(MAX_ALL + 1).strip()
    except (OSError, ValueError):
        return ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[cut here; read the file for the rest]".lstrip()


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
