"""What kind of file a path is: code is worth more than its tests, those more than prose and data."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath

from subagents.models.offline.words import listed

CODE_ENDINGS = listed(
    "py pyi pyx js jsx mjs cjs ts tsx go rs java kt kts scala c h cc cpp cxx hpp hh cs rb php swift m mm sh bash zsh"
    " pl pm lua ex exs erl hs ml clj dart vue svelte sql zig nim jl r"
)
CODE_GLOB = "*.{" + ",".join(CODE_ENDINGS) + "}"
"""A glob for `grep` that lets files of code through."""

_CONFIGURES = frozenset(listed("toml cfg ini conf mk cmake gradle properties"))
_CONFIGURES_BY_NAME = frozenset(
    listed("Makefile Dockerfile Justfile Rakefile Gemfile Procfile CMakeLists.txt package.json tsconfig.json")
)
_PROSE = frozenset(listed("md mdx rst txt adoc tex html htm org"))
_TEST_FOLDER = re.compile(r"^(?:tests?|testing|__tests__|specs?|fixtures|testdata|.*[_-]tests?)$")
_TEST_FILE = re.compile(r"^(?:test_.*|.*_test|.*_spec|.*\.test|.*\.spec|conftest|tests?|.*Tests?)$")
_ASIDE_FOLDER = re.compile(r"^(?:examples?|demos?|samples?|benchmarks?|.*demo|docs?|tutorials?|.*_data)$")
_FOREIGN_FOLDER = re.compile(
    r"^(?:node_modules|vendor|vendored|_vendor|third[_-]?party|external|site-packages|dist|build|generated|migrations)$"
)
_GENERATED_FILE = re.compile(r"(?:_pb2|_pb2_grpc|\.min|\.generated|\.lock|-lock)$")


class FileKind(StrEnum):
    CODE = "code"
    CONFIGURATION = "configuration"
    ASIDE = "example"
    TEST = "test"
    PROSE = "prose"
    DATA = "data"
    FOREIGN = "vendored or generated"

    @property
    def worth(self) -> float:
        """What a match in such a file counts."""
        return {
            "code": 1.0,
            "configuration": 0.6,
            "example": 0.55,
            "test": 0.3,
            "prose": 0.35,
            "data": 0.25,
        }.get(self.value, 0.3)


@lru_cache(maxsize=20_000)
def kind_of(path: str) -> FileKind:
    """The kind of the file at a path relative to the workspace."""
    pure = PurePosixPath(path)
    ending = pure.suffix.lower().lstrip(".")
    folders = [folder.lower() for folder in pure.parts[:-1]]
    if any(map(_FOREIGN_FOLDER.match, folders)) or _GENERATED_FILE.search(pure.stem):
        return FileKind.FOREIGN
    if ending in _CONFIGURES or pure.name in _CONFIGURES_BY_NAME:
        return FileKind.CONFIGURATION
    if ending in _PROSE or pure.name.upper().startswith(("README", "CHANGELOG", "LICENSE")):
        return FileKind.PROSE
    if any(map(_TEST_FOLDER.match, folders)) or _TEST_FILE.match(pure.stem):
        return FileKind.TEST
    if ending not in CODE_ENDINGS:
        return FileKind.DATA
    return FileKind.ASIDE if any(map(_ASIDE_FOLDER.match, folders)) else FileKind.CODE
