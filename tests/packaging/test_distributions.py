"""What is built is what people get: both distributions are built once, looked into, and the wheel is used."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
AGENTS = sorted(path.name for path in (ROOT / "agents").glob("*.md"))
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

SOURCES = {"agents", "examples", "src", "tests", "Makefile", "constraints.txt", "pyproject.toml", "PKG-INFO"}
SOURCES |= {"CHANGELOG.md", "LICENSE", "README.md", "RELEASE.md", "SECURITY.md", ".gitignore", ".github"}
IMAGES = {".avif", ".bmp", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".tiff", ".webp"}
DOCUMENTS = {".html", ".md", ".pdf", ".rst", ".txt"}
_WORDS = "drafts?|notes?|plans?|reviews?|scratch|todo"
PRIVATE = re.compile(rf"(?:^|[-_ .])(?:{_WORDS})(?:$|[-_ .\d])", re.IGNORECASE)


def test_the_wheel_holds_the_package_and_the_built_in_agents(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {PurePosixPath(name).parts[0] for name in names} == {"subagents", f"subagents-{VERSION}.dist-info"}
    assert {"subagents/py.typed", "subagents/serve/front/offered.json"} <= set(names)
    assert sorted(_below("subagents/builtin_agents", names)) == AGENTS
    assert not _strays(names)
    assert not [name for name in names if "/tests/" in name or "/test_" in name]


def test_the_source_distribution_holds_what_the_wheel_is_built_and_tested_from(sdist: Path):
    with tarfile.open(sdist) as archive:
        names = [str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()]

    assert {PurePosixPath(name).parts[0] for name in names} - {"benchmarks"} == SOURCES
    assert sorted(_below("agents", names)) == AGENTS
    assert not _strays(names)


def test_an_installed_wheel_finds_its_agents_and_says_its_version(environment: Path, tmp_path: Path):
    listing = "from subagents.definitions.folders import builtin_folder as folder\n"
    listing += "print(folder(), *sorted(path.name for path in folder().iterdir()), sep='\\n')"

    folder, *names = _output(environment / "bin/python", "-c", listing, cwd=tmp_path).splitlines()

    assert Path(folder).is_relative_to(environment.resolve())
    assert names == AGENTS
    assert VERSION in _output(environment / "bin/subagents", "--version", cwd=tmp_path).split()


def test_importing_an_installed_package_loads_nothing_heavy(environment: Path, tmp_path: Path):
    loaded = "import sys, subagents; print({'mcp', 'pydantic_ai', 'textual', 'typer'} & set(sys.modules))"

    assert _output(environment / "bin/python", "-c", loaded, cwd=tmp_path) == "set()\n"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an sdist and of the wheel that was built from it, without the network."""
    folder = tmp_path_factory.mktemp("dist")
    _output(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    return built / f"subagents-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    return built / f"subagents-{VERSION}.tar.gz"


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; dependencies are borrowed from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin/python")
    _output(*pip, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    # A .pth file adds a folder but not that folder's own .pth files, so the editable install stays unseen.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    [packages] = folder.glob("lib/python3.*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    return folder


def _below(folder: str, names: Iterable[str]) -> list[str]:
    paths = (PurePosixPath(name) for name in names)
    return [str(path.relative_to(folder)) for path in paths if path.is_relative_to(folder) and path.suffix]


def _strays(names: Iterable[str]) -> list[str]:
    """Images, and documents that were written for ourselves. A built-in agent may well be called Plan."""
    paths = [PurePosixPath(name) for name in names]
    images = [path for path in paths if path.suffix.lower() in IMAGES]
    documents = [path for path in paths if path.suffix.lower() in DOCUMENTS and _is_private(path)]
    return [str(path) for path in images + documents]


def _is_private(path: PurePosixPath) -> bool:
    of_an_agent = any(part in {"agents", "builtin_agents", "zoo"} for part in path.parts[:-1])
    return not of_an_agent and any(PRIVATE.search(part) for part in path.parts)


def _output(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
