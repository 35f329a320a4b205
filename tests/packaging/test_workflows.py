"""The workflows: what they may do, what they run, and that nothing is published which was not looked at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}\Z")
COMMENTED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

#: What each job of the release may do beside nothing.
RIGHTS = {
    "guard": {"contents": "read"},
    "checks": {"contents": "read"},
    "build": {"contents": "read"},
    "publish": {"id-token": "write"},
    "release": {"contents": "write"},
}


def workflow(name: str) -> dict[str, Any]:
    # YAML 1.1 takes `on` for a boolean.
    text = (FOLDER / name).read_text(encoding="utf-8").replace("\non:", '\n"on":', 1)
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow(name)["jobs"]
    return found


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from job.get("steps", ())


RELEASE = jobs("release.yml")


@pytest.fixture(params=["ci.yml", "release.yml"])
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_there_are_no_other_workflows():
    assert {path.name for path in FOLDER.iterdir()} == {"ci.yml", "release.yml"}


def test_nothing_is_allowed_but_what_a_job_says(name: str):
    assert workflow(name)["permissions"] == {}
    assert all("permissions" in job for job in jobs(name).values())


def test_each_job_ends_some_time_and_each_workflow_runs_once_at_a_time(name: str):
    assert all("timeout-minutes" in job or "uses" in job for job in jobs(name).values())
    assert workflow(name)["concurrency"]["group"]


def test_every_action_is_pinned_to_a_commit_and_says_its_version(name: str):
    used = [step["uses"] for job in jobs(name).values() for step in steps(job) if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.match(action)] == []
    lines = [line.strip().removeprefix("- ") for line in (FOLDER / name).read_text().splitlines()]
    assert [
        line for line in lines if line.startswith("uses: ") and "@" in line and not COMMENTED.match(line)
    ] == []


def test_one_action_is_one_commit_everywhere():
    used = {
        step["uses"]
        for name in ("ci.yml", "release.yml")
        for job in jobs(name).values()
        for step in steps(job)
        if "uses" in step
    }
    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_no_checkout_leaves_a_password_behind(name: str):
    checkouts = [
        step for job in jobs(name).values() for step in steps(job) if "/checkout@" in step.get("uses", "")
    ]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_nothing_from_outside_is_pasted_into_a_script(name: str):
    scripts = [step["run"] for job in jobs(name).values() for step in steps(job) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


# --- CI


def test_ci_runs_the_projects_own_command_everywhere_it_is_supported():
    matrix = jobs("ci.yml")["test"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [
        found[1]
        for line in project["classifiers"]
        if (found := re.match(r"Programming Language :: Python :: (3\.\d+)$", line))
    ]
    assert matrix["python"] == versions == ["3.11", "3.12", "3.13"]
    assert {system.partition("-")[0] for system in matrix["os"]} == {"ubuntu", "macos"}
    assert [step["run"] for step in steps(jobs("ci.yml")["test"]) if "run" in step] == ["bash .ci/run"]


def test_ci_runs_for_the_branch_for_requests_and_for_a_release():
    assert set(workflow("ci.yml")["on"]) == {"push", "pull_request", "workflow_call"}
    assert jobs("ci.yml")["test"]["permissions"] == {"contents": "read"}


# --- releases


def test_a_release_begins_with_a_tag_and_a_rehearsal_by_hand():
    assert workflow("release.yml")["on"]["push"] == {"tags": ["v*"]}
    assert set(workflow("release.yml")["on"]) == {"push", "workflow_dispatch"}


def test_each_job_has_its_rights_and_no_other():
    assert {name: job["permissions"] for name, job in RELEASE.items()} == RIGHTS


def test_nothing_is_built_before_the_gate_and_published_before_it_is_built():
    needs = {name: _before(name) for name in RELEASE}
    assert needs["build"] == {"guard", "checks"}
    assert needs["publish"] == {"guard", "checks", "build"}
    assert needs["release"] == {"guard", "checks", "build", "publish"}
    assert RELEASE["checks"]["uses"] == "./.github/workflows/ci.yml"


def test_the_guard_is_asked_before_and_after_building():
    asked = [
        step["run"]
        for name in ("guard", "build")
        for step in steps(RELEASE[name])
        if "release_check" in str(step)
    ]
    assert len(asked) == 2
    assert "--dist dist --notes notes.md" in asked[1]


def test_it_is_built_once_and_the_jobs_with_rights_run_none_of_our_code():
    building = [
        name for name, job in RELEASE.items() if any("-m build" in step.get("run", "") for step in steps(job))
    ]
    assert building == ["build"]
    for name in ("publish", "release"):
        used = [step.get("uses", "") for step in steps(RELEASE[name])]
        assert not any("/checkout@" in action for action in used)
        assert used[0].startswith("actions/download-artifact@")


def test_a_rehearsal_publishes_nothing():
    for name, rights in RIGHTS.items():
        if "write" in rights.values():
            assert RELEASE[name]["if"] == "github.event_name == 'push'"


def test_there_is_no_password_in_it():
    assert "secrets." not in (FOLDER / "release.yml").read_text()
    assert RELEASE["publish"]["environment"] == "pypi"


def test_the_document_names_every_job_and_the_file():
    text = (ROOT / "RELEASE.md").read_text(encoding="utf-8")
    assert [name for name in RELEASE if f"`{name}`" not in text] == []
    assert "`release.yml`: the file's name, without its folder" in text
    assert "make release-check TAG=" in text


def _before(name: str) -> set[str]:
    """All jobs that must have succeeded before one begins."""
    needs = RELEASE[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(_before(each) for each in direct))
