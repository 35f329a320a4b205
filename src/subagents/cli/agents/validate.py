"""`subagents agents validate`: every problem of definition files, for people, programs and GitHub's annotations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.agents.files import count_of, named
from subagents.cli.agents.here import here, nearby
from subagents.cli.place import at_home, project_here
from subagents.cli.streams import answer_json, say, tell
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.folders import folders
from subagents.definitions.model import Problem, Scope
from subagents.language import _, counted

HELP = _(
    """Look through definition files for problems, and print every one.

    Without PATH, all files that count in this project are looked through, yours and those of other tools too, but not
    those that come with the package. A PATH is a file, or a folder of them. The exit code is 1 when there is any
    problem.
    """
)


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def validate(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", hidden=True)] = None,
    how: Annotated[
        Format, typer.Option("--format", help=_("How to print them; `github` makes annotations of a check."))
    ] = Format.TEXT,
) -> int:
    problems, count = _looked_through([at_home(path) for path in paths or ()])
    match how:
        case Format.JSON:
            answer_json(json.dumps([_as_json(each) for each in problems], ensure_ascii=False, indent=2))
        case Format.GITHUB:
            tell(map(annotation, problems))
        case Format.TEXT:
            tell(map(_line, problems))
    say(_summary(problems, count))
    return int(bool(problems))


def _looked_through(paths: Sequence[Path]) -> tuple[list[Problem], int]:
    """What is wrong, and how many files there are."""
    if not paths:
        now = here()
        return now.problems, count_of(place for place in now.places if place.scope is not Scope.PACKAGED)
    places = folders(project_here())
    parsed = [each for path in paths for each in named(path, places)]
    return list(dict.fromkeys(AgentCatalog(parsed).problems)), len({each.source.path for each in parsed})


def _summary(problems: Sequence[Problem], count: int) -> str:
    files = counted("{n} file", "{n} files", count)
    if not problems:
        return _("{files}, no problems.").format(files=files)
    told = counted("{n} problem", "{n} problems", len(problems))
    bad = len({problem.path for problem in problems})
    if bad == count:
        return _("{told} in {files}.").format(files=files, told=told)
    return _("{told} in {bad} of {files}.").format(files=files, told=told, bad=bad)


def _line(problem: Problem) -> str:
    place = nearby(problem.path)
    return (
        f"{place}: {problem.message}"
        if problem.line is None
        else f"{place}:{problem.line}: {problem.message}"
    )


def _as_json(problem: Problem) -> dict[str, str | int | None]:
    return {"path": problem.path, "line": problem.line, "key": problem.key, "message": problem.message}


# --- GitHub


def annotation(problem: Problem) -> str:
    """A workflow command that marks the place in a pull request.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    """
    place = dict(_place(problem))
    properties = ",".join(f"{key}={_property(value)}" for key, value in place.items())
    return f"::error {properties}::{_data(problem.message)}"


def _place(problem: Problem) -> Iterator[tuple[str, str]]:
    """Paths count from the root of what was checked out."""
    root = os.environ.get("GITHUB_WORKSPACE", "")
    path = Path(problem.path)
    within = bool(root) and path.is_relative_to(root)
    yield "file", str(path.relative_to(root)) if within else nearby(path)
    if problem.line is not None:
        yield "line", str(problem.line)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
