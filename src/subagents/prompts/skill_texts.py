"""How an agent is told of skills: those its definition names in full, or which there are. Reads nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subagents.places import is_safe_name
from subagents.prompts.skills import MAX_FILE, Found, Skill
from subagents.texts import as_name, quoted

MAX_NAMED = 50  # skills that one definition may name
MAX_ALL = 200_000  # characters of all skills in one prompt
MAX_OFFERED = 20_000  # characters of the list of those that may be looked up
LONGEST_LINE = 400  # characters of what one of them is for

_OFFER = "Instructions for particular work, each in a file. Where one fits, read its file with `read` before you begin."


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in the prompt, the places that the file tools may read for it, and the names that stand for nothing:
    that there are not, and that no skill may have."""

    text: str = ""
    places: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


Read = Callable[[Found], Skill | None]


def named(names: Sequence[str], known: Mapping[str, Found], read: Read) -> Told:
    """The skills of these names with all they say. What cannot be given is said in its place, and nothing fails."""
    telling = _Telling()
    for name in dict.fromkeys(names):
        telling.one(name, known, read)
    return telling.told()


@dataclass
class _Telling:
    """What has been told so far."""

    sections: list[str] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unsafe: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    size: int = 0

    def one(self, name: str, known: Mapping[str, Found], read: Read) -> None:
        if len(self.sections) >= MAX_NAMED or self.size > MAX_ALL:
            self.left_out.append(name)
        elif not is_safe_name(name):
            self.unsafe.append(name)
            self.section(
                name, "[skipped: this is no name of a skill; it could lead out of the folders of skills]"
            )
        elif name not in known or (skill := read(known[name])) is None:
            self.missing.append(name)
            self.section(name, "[this skill was not found; go on without it]")
        else:
            self.places.append(skill.found.place)
            self.section(name, _full(skill))

    def section(self, name: str, text: str) -> None:
        shown = name if is_safe_name(name) else quoted(name)
        self.sections.append(f"# Preloaded Skill: {shown}\n\n{text}")
        self.size += len(text)

    def told(self) -> Told:
        return Told(
            _block(self.sections),
            tuple(self.places),
            tuple(self.missing),
            tuple(self.unsafe),
            tuple(self.left_out),
        )


def _full(skill: Skill) -> str:
    """What it says, and where that counts from."""
    rest = f"\n[cut here after {MAX_FILE:,} bytes; the rest is in the file]" if skill.is_cut else ""
    return f"[from {as_name(skill.found.path)}; paths in it count from its folder]\n\n{skill.text}{rest}"


def offered(skills: Iterable[Skill]) -> Told:
    """Which skills there are and what each is for, for an agent that can read their files."""
    lines, places, left_out = [_OFFER, ""], list[Path](), list[str]()
    size = 0
    for skill in skills:
        if not skill.is_offered or not skill.description:
            continue
        line = f"- {skill.found.name}: {_short(skill.description)} ({as_name(skill.found.path)})"
        size += len(line)
        if size > MAX_OFFERED:
            left_out.append(skill.found.name)
        else:
            lines.append(line)
            places.append(skill.found.place)
    if left_out:
        lines.append(f"[{len(left_out)} more are left out, for there are too many to list]")
    return Told(_block(["\n".join(lines)]) if places else "", tuple(places), left_out=tuple(left_out))


def _block(sections: Sequence[str]) -> str:
    return "\n".join(("<skills>", "\n\n".join(sections), "</skills>")) if sections else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE].rstrip() + "…"
