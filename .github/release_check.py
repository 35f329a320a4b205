"""Whether this tree may be released under a tag, and what is said of the release. The standard library is enough.

    python .github/release_check.py v0.1.0                        may it be released?
    python .github/release_check.py v0.1.0 --dist dist            ... and is this what was built?
    python .github/release_check.py v0.1.0 --notes notes.md       ... and write the release notes

Without a tag the version's own is taken, for a rehearsal. Each thing that is wrong is printed as a sentence, and the
exit code is 1. AGENTS.md says what every release must do; this is the part of it that a program can see.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNRELEASED = "Unreleased"
GOLDEN = ("facts.jsonl", "log.sql", "state.json")
# The versions that are released here: PEP 440 without epochs, local parts and development releases.
_VERSION = re.compile(r"\d+(\.\d+)+((a|b|rc)\d+)?(\.post\d+)?\Z", re.ASCII)
_HEADING = re.compile(r"^## \[(?P<name>[^\]\n]*)\](?P<rest>.*)$", re.MULTILINE)
_DATED = re.compile(r" - (?P<date>\S+)\Z")


@dataclass(frozen=True)
class Section:
    """A section of the changelog. `heading` is its line, `dated` what stands where the date should, "" for nothing."""

    name: str
    heading: str
    dated: str
    body: str


def sections(changelog: str) -> list[Section]:
    """The sections, in their order. What looks like a heading inside of a code block is taken for one."""
    text = changelog.replace("\r\n", "\n")
    found = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in found[1:]), len(text)][: len(found)]
    return [_section(heading, text[heading.end() : end]) for heading, end in zip(found, ends, strict=True)]


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version, without its heading. Raises `LookupError` where it says nothing."""
    for section in sections(changelog):
        if section.name == version and section.body:
            return f"{section.body}\n"
    raise LookupError(
        f"CHANGELOG.md says nothing of {version!r}; write a section '## [{version}] - YYYY-MM-DD'."
    )


def project_version(root: Path) -> str:
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def problems(root: Path, tag: str, today: date, dist: Path | None = None) -> list[str]:
    """Why the tree may not be released under the tag, each a sentence; none when it may. `dist` is what was built."""
    version = project_version(root)
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return [
        *_about_tag(tag, version),
        *_about_changelog(sections(changelog), version, today),
        *_about_golden(root / "tests" / "golden" / version, version),
        *(_about_dist(dist, root, version) if dist is not None else ()),
    ]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Whether this tree may be released under a tag.")
    parser.add_argument("tag", nargs="?", default="", help="such as v0.1.0; the version's own if left out")
    parser.add_argument("--dist", type=Path, help="the folder of what was built")
    parser.add_argument("--notes", type=Path, help="where to write the release notes")
    asked = parser.parse_args(arguments)
    version = project_version(root)
    tag = asked.tag or f"v{version}"
    found = problems(root, tag, date.today(), asked.dist)
    for problem in found:
        sys.stderr.write(f"release-check: {problem}\n")
    if found:
        return 1
    if asked.notes is not None:
        text = notes((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
        asked.notes.write_text(text, encoding="utf-8")
    sys.stdout.write(f"release-check: {tag} may be released.\n")
    return 0


def _section(heading: re.Match[str], body: str) -> Section:
    dated = _DATED.match(heading["rest"].rstrip())
    # Links that stand below everything are the file's and not the last section's.
    text = re.sub(r"^\[[^\]\n]+\]: \S+$", "", body, flags=re.MULTILINE)
    return Section(heading["name"], heading[0], dated["date"] if dated else "", text.strip())


def _about_tag(tag: str, version: str) -> Iterator[str]:
    if not _VERSION.match(version):
        yield f"The version {version!r} in pyproject.toml cannot be released; write it like 0.2.0 or 0.2.0rc1."
    if tag != f"v{version}":
        yield f"The tag {tag!r} does not belong to the version {version!r} in pyproject.toml; its tag is 'v{version}'."


def _about_changelog(found: Sequence[Section], version: str, today: date) -> Iterator[str]:
    names = [section.name for section in found]
    if names[:1] != [UNRELEASED]:
        yield "CHANGELOG.md does not begin with '## [Unreleased]'; put an empty one above the newest version."
    for section in found:
        if section.name == UNRELEASED and _says_something(section.body):
            yield f"CHANGELOG.md has entries below [Unreleased]; move them to '## [{version}] - {today}'."
    released = [section for section in found if section.name == version]
    if not released:
        yield f"CHANGELOG.md has no section for {version!r}; write '## [{version}] - {today}'."
    if len(released) > 1:
        yield f"CHANGELOG.md has {len(released)} sections for {version!r}; make them one."
    for section in released:
        yield from _about_section(section, today)
    versions = [name for name in names if name != UNRELEASED]
    if released and versions[0] != version:
        yield f"The newest section of CHANGELOG.md is {versions[0]!r}, and {version!r} is to be released."


def _about_section(section: Section, today: date) -> Iterator[str]:
    if not _says_something(section.body):
        yield f"CHANGELOG.md says nothing below {section.heading!r}; say what changes for those who use it."
    try:
        when = date.fromisoformat(section.dated)
    except ValueError:
        yield f"{section.heading!r} in CHANGELOG.md has no date; write '## [{section.name}] - {today}'."
        return
    # A release is made in some time zone, and checked in another.
    if (when - today).days > 1:
        yield f"{section.heading!r} in CHANGELOG.md is dated {(when - today).days} days from now."


def _says_something(body: str) -> bool:
    """Whether anything stands there but headings."""
    return any(line.strip() and not line.startswith("#") for line in body.splitlines())


def _about_golden(folder: Path, version: str) -> Iterator[str]:
    missing = [name for name in GOLDEN if not (folder / name).is_file()]
    if missing:
        yield (
            f"There is no golden log of {version!r} (tests/golden/{version}/{missing[0]}); tests/golden/make.py says "
            "how one is made."
        )


def _about_dist(dist: Path, root: Path, version: str) -> Iterator[str]:
    name: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    wanted = {f"{name}-{version}.tar.gz", f"{name}-{version}-py3-none-any.whl"}
    built = {path.name for path in dist.iterdir()} if dist.is_dir() else set()
    for missing in sorted(wanted - built):
        yield f"{missing} was not built; there is {', '.join(sorted(built)) or 'nothing'} in {str(dist)!r}."
    for other in sorted(built - wanted):
        yield f"{other} in {str(dist)!r} is no part of {version!r}; build into an empty folder."


if __name__ == "__main__":
    sys.exit(main())
