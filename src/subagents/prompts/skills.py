"""Skills: instructions for particular work, each a Markdown file in one of several folders. Which there are, and what
one says, is read here; how an agent is told of them is not known.

The layout is that of Agent Skills (https://agentskills.io/specification): a folder `<name>` that holds `SKILL.md`, at
any depth, and `<name>.md` in the folder of skills itself.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subagents.definitions import frontmatter
from subagents.definitions.frontmatter import BadFrontMatter
from subagents.places import PROJECT_FOLDER, is_safe_name, user_home
from subagents.prompts.unlinked import Unlinked

FILE = "SKILL.md"
MAX_FILE = 50_000  # bytes of one skill that are read; the rest is for the agent to look up
MAX_FOLDERS = 2_000  # in one folder of skills, so that a home put there by mistake costs no minutes
MAX_DEPTH = 8

_NOT_ENTERED = "node_modules"
_DESCRIPTION = re.compile(r"^description:[ \t]*(\S[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """A skill by where it is: `file` in `folder`. One of its own folder brings what else is in that."""

    name: str
    folder: Unlinked
    file: str

    @property
    def path(self) -> Path:
        return self.folder.path / self.file

    @property
    def place(self) -> Path:
        """All that belongs to it: its folder, or its file alone."""
        return self.folder.path if self.file == FILE else self.path


@dataclass(frozen=True, slots=True)
class Skill:
    """What a skill says. `is_cut` tells that `text` is its beginning; `is_offered` that a model may choose it."""

    found: Found
    description: str
    text: str
    is_cut: bool = False
    is_offered: bool = True


def skill_roots(project: Path) -> tuple[Unlinked, ...]:
    """The folders of skills, the most important first: the project's before the user's, our own before others'."""
    return (
        *(Unlinked(project, (tool, "skills")) for tool in (PROJECT_FOLDER, ".agents", ".claude")),
        Unlinked(user_home(), ("skills",)),
        *_user_roots(),
    )


def _user_roots() -> Iterator[Unlinked]:
    """Those of other tools; none for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return
    claude = Path(os.environ.get("CLAUDE_CONFIG_DIR", ""))
    yield Unlinked(home / ".agents", ("skills",))
    yield Unlinked(claude if claude.is_absolute() else home / ".claude", ("skills",))
    yield Unlinked(home / ".pi", ("skills",))


# --- which there are


def skills_in(roots: Iterable[Unlinked]) -> Mapping[str, Found]:
    """Every skill by its name, in the order in which they count; of equal names the first. Never raises."""
    known: dict[str, Found] = {}
    for root in roots:
        for found in _walked(root):
            if is_safe_name(found.name):
                known.setdefault(found.name, found)
    return known


def _walked(root: Unlinked) -> Iterator[Found]:
    """Files in the root, then folders, those less deep first; a folder that is a skill has no others in it."""
    waiting, left = deque([root]), MAX_FOLDERS
    while waiting and left:
        left -= 1
        folder = waiting.popleft()
        try:
            entries = folder.entries()
        except OSError:
            continue  # none of that name, or a link
        depth = len(folder.parts) - len(root.parts)
        if not depth:
            yield from (
                Found(each.name[:-3], folder, each.name)
                for each in entries
                if each.is_file and each.name.endswith(".md") and each.name != FILE
            )
        elif any(each.name == FILE and each.is_file for each in entries):
            yield Found(folder.parts[-1], folder, FILE)
            continue
        inner = (each.name for each in entries if each.is_folder and _is_entered(each.name))
        waiting.extend(folder.below(name) for name in inner if depth < MAX_DEPTH)


def _is_entered(name: str) -> bool:
    return not name.startswith(".") and name != _NOT_ENTERED


# --- what one says


def read_skill(found: Found) -> Skill | None:
    """The skill, at most `MAX_FILE` bytes of it; None where it cannot be read any more."""
    try:
        data = found.folder.first_bytes(found.file, MAX_FILE + 1)
    except OSError:
        return None
    is_cut = len(data) > MAX_FILE
    text = data[:MAX_FILE].decode("utf-8", "ignore" if is_cut else "replace").replace("\r\n", "\n")
    sections = frontmatter.split(text)
    keys = _keys(sections.block)
    return Skill(
        found,
        description=" ".join(str(keys.get("description") or "").split()),
        text=sections.body.strip(),
        is_cut=is_cut,
        is_offered=keys.get("disable-model-invocation") is not True,
    )


def _keys(block: str) -> Mapping[str, Any]:
    """The front matter; of one that is no YAML, as with a colon in the middle of a line, the description alone."""
    try:
        return frontmatter.read(block).values
    except BadFrontMatter:
        plain = _DESCRIPTION.search(block)
        return {"description": plain[1]} if plain else {}
