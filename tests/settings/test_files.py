"""Whatever is where a settings file is expected, it is read or told, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.places import project_at
from subagents.settings.files import MOST_BYTES, read, user_file
from subagents.settings.layers import layered

FOLDER = Path("/srv/shop")


def trouble(path: Path) -> tuple[str, int]:
    found = read(path)
    assert not found.values
    return found.trouble, found.line


@pytest.mark.parametrize("name", ["none.toml", "file/none.toml"])
def test_a_file_that_is_missing_is_no_trouble(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    assert trouble(tmp_path / name) == ("", 0)


def test_what_is_no_file_is_trouble(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "huge").write_bytes(b"#" * (MOST_BYTES + 1))
    said = {path.name: trouble(path) for path in (tmp_path, *tmp_path.iterdir())}
    said["folder"] = said.pop(tmp_path.name)
    said["device"] = trouble(Path("/dev/zero"))
    assert dict(sorted(said.items())) == snapshot(
        {
            "device": ("it cannot be read: it is not a regular file", 0),
            "folder": ("it cannot be read: it is not a regular file", 0),
            "huge": ("it cannot be read: it is longer than 256 KiB", 0),
            "loop": ("it cannot be read: Too many levels of symbolic links", 0),
            "nowhere": ("it is a link to nothing", 0),
            "pipe": ("it cannot be read: it is not a regular file", 0),
        }
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a = 1\nb = \n", snapshot(("it is not TOML: invalid value", 2))),
        (b"a = 1\na = 2\n", snapshot(("it is not TOML: cannot overwrite a value", 2))),
        (b"a = 1\nb = '''", snapshot(("it is not TOML: expected \"'''\"", 2))),
        (b"a = 1\n\xff\xfea = 2", snapshot(("it is not UTF-8 text; save it as UTF-8", 2))),
        ("a = 1\n".encode("utf-16"), snapshot(("it is not UTF-8 text; save it as UTF-8", 1))),
        (b"a = " + b"[" * 50_000, snapshot(("it is nested too deeply", 0))),
        (b"a = " + b"9" * 5_000, snapshot(("it has a number that is too long", 0))),
        (b"a" + b".a" * 60_000 + b" = 1\n", snapshot(("a line has too many dots", 0))),
        (b"".join(b"b%d%b = 1\n" % (n, b".a" * 4_000) for n in range(20)), ("a line has too many dots", 0)),
    ],
    ids=["no-value", "twice", "open", "not-utf-8", "utf-16", "deep", "long-number", "dots", "lines-of-dots"],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, raw: bytes, said: tuple[str, int]):
    file = tmp_path / "settings.toml"
    file.write_bytes(raw)
    assert trouble(file) == said


def test_the_marks_and_line_ends_of_other_systems_are_fine(tmp_path: Path):
    file = tmp_path / "settings.toml"
    file.write_bytes(b'\xef\xbb\xbf# ours\r\na = 1\r\nb = """x\r\ny"""\r\nc = 2\r\n')
    found = read(file)
    assert (found.values, found.trouble) == ({"a": 1, "b": "x\ny", "c": 2}, "")
    assert (found.line_of("a"), found.line_of("c"), found.line_of("none")) == (2, 5, 0)


def test_the_line_of_a_setting_is_its_own_and_none_within_a_text(tmp_path: Path):
    file = tmp_path / "settings.toml"
    inside = "max_depth = 9\n" * 8_000
    file.write_text(f"a = '''\n{inside}'''\nmax_depth = 1\n'grace_turns' = 2\n[c]\nd = 1\n")
    found = read(file)
    assert (found.line_of("max_depth"), found.line_of("grace_turns")) == (8_003, 8_004)
    assert (found.line_of("c"), found.line_of("d"), found.line_of("a")) == (8_005, 0, 1)


def test_a_file_that_may_not_be_read_is_trouble_unless_one_may_read_everything(tmp_path: Path):
    file = tmp_path / "settings.toml"
    file.write_text("a = 1\n", encoding="utf-8")
    file.chmod(0)
    found = read(file)
    assert found.values == {"a": 1} or found.trouble == "it cannot be read: Permission denied"


@given(st.binary(max_size=200) | st.text(alphabet="=[]\"'\n #ab1.{},\\-:TZ", max_size=60).map(str.encode))
@example(b"max_concurrent = 0x" + b"f" * 9_000)
@example(b"grace_turns = 2020-01-01T00:00:00Z\nmax_depth = nan\n[[max_children]]\na=[1]\n")
def test_any_bytes_are_settings_or_problems(raw: bytes):
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_bytes(raw)
    for problem in layered(project_at(FOLDER), {}).problems:
        assert str(problem).startswith(str(user_file()))
        assert len(str(problem)) < 1000
