"""A changed file says what was asked for, keeps the rest, and is whole at every moment."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import subagents
from subagents.errors import SettingsFileError
from subagents.settings.possible import Value
from subagents.settings.writing import change

SOURCE = str(Path(subagents.__file__).parents[1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_comments_order_and_layout_are_kept(file: Path):
    file.write_text(
        """\
# Ours.

max_concurrent   =  3   # three cores
  "grace_turns"=2

# Both that we pay for.
enabled_models = [
  "a/one",  # cheap
  "a/two",
]

[other]
key = 1
""",
        encoding="utf-8",
    )
    change(file, {"max_concurrent": 4, "grace_turns": None, "model": "a:one"})
    assert (
        file.read_text(encoding="utf-8")
        == """\
# Ours.

max_concurrent   =  4   # three cores

# Both that we pay for.
enabled_models = [
  "a/one",  # cheap
  "a/two",
]
model = "a:one"

[other]
key = 1
"""
    )


def test_the_first_value_makes_the_folder(tmp_path: Path):
    file = tmp_path / "a" / "b" / "settings.toml"
    change(file, {"enabled_models": ("a/b", "c/d"), "default_max_cost": 0.5, "scope_models": True})
    assert file.read_text(encoding="utf-8") == (
        'enabled_models = ["a/b", "c/d"]\ndefault_max_cost = 0.5\nscope_models = true\n'
    )
    assert list(file.parent.iterdir()) == [file]


def test_the_line_ends_and_mark_of_other_systems_stay(file: Path):
    file.write_bytes("\ufeff# ours\r\nmax_depth = 1\r\n".encode())
    change(file, {"max_depth": 2, "grace_turns": 3})
    assert file.read_bytes().decode() == "\ufeff# ours\r\nmax_depth = 2\r\ngrace_turns = 3\r\n"


VALUES: st.SearchStrategy[Value] = (
    st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(0, 1e6)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=3).map(tuple)
)


@given(
    before=st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), VALUES, max_size=4), value=VALUES
)
def test_any_value_can_be_written_read_and_taken_out(
    tmp_path_factory, before: dict[str, Value], value: Value
):
    file = tmp_path_factory.mktemp("any") / "settings.toml"
    change(file, before)
    change(file, {"a_new_one": value})
    as_read = {
        name: list(v) if isinstance(v, tuple) else v for name, v in {**before, "a_new_one": value}.items()
    }
    assert tomllib.loads(file.read_bytes().decode()) == as_read
    change(file, {"a_new_one": None})
    del as_read["a_new_one"]
    assert tomllib.loads(file.read_bytes().decode()) == as_read


def test_a_broken_file_is_not_touched(file: Path):
    file.write_text("a = 1\nb = \n", encoding="utf-8")
    with pytest.raises(SettingsFileError, match=r"settings\.toml:2: .* Put that right first"):
        change(file, {"max_depth": 2})
    assert file.read_text(encoding="utf-8") == "a = 1\nb = \n"


def test_a_file_without_leave_to_write_is_not_touched(file: Path):
    file.write_text("max_depth = 1\n", encoding="utf-8")
    with pytest.raises(SettingsFileError, match=r"settings\.toml cannot be written: it is write-protected\."):
        change(file, {"max_depth": 2}, may_write=lambda _: False)
    assert file.read_text(encoding="utf-8") == "max_depth = 1\n"


@pytest.mark.parametrize("header", ["[max_depth]", "[[max_depth]]", "[max_depth.inner]"])
def test_a_section_is_not_replaced_by_a_value(file: Path, header: str):
    text = f"# ours\n\n{header}\nkept = 1\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(
        SettingsFileError, match=r"settings\.toml:3: 'max_depth' is a section; .* Take it out first"
    ):
        change(file, {"grace_turns": 1, "max_depth": 2})
    assert file.read_text(encoding="utf-8") == text
    change(file, {"grace_turns": 1})
    assert tomllib.loads(file.read_text(encoding="utf-8"))["max_depth"]


def test_a_key_of_a_thousand_parts_is_no_error_of_its_own(file: Path):
    text = f"a{'.a' * 4000} = 1\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFileError, match="edit it yourself"):
        change(file, {"max_depth": 2})
    assert file.read_text(encoding="utf-8") == text


def test_the_rights_of_the_file_stay(file: Path):
    file.touch(mode=0o640)
    file.chmod(0o640)
    change(file, {"max_depth": 2})
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays(tmp_path: Path):
    kept = tmp_path / "dotfiles" / "settings.toml"
    kept.parent.mkdir()
    link = tmp_path / "settings.toml"
    link.symlink_to(kept)
    change(link, {"max_depth": 2})
    assert link.is_symlink()
    assert kept.read_text(encoding="utf-8") == "max_depth = 2\n"


def test_a_project_s_link_is_not_followed_out_of_it(tmp_path: Path):
    outside, project = tmp_path / "other.toml", tmp_path / "shop"
    outside.write_text("a = 1\n", encoding="utf-8")
    project.mkdir()
    (project / "settings.toml").symlink_to(outside)
    with pytest.raises(SettingsFileError, match="outside of the project"):
        change(project / "settings.toml", {"max_depth": 2}, within=project)
    assert outside.read_text(encoding="utf-8") == "a = 1\n"


def test_a_disk_that_is_full_costs_nothing(file: Path):
    """A process that may write no more than 4 KiB into one file stands for it."""
    old = "# " + "x" * 3000 + "\nmax_depth = 1\n"
    file.write_text(old, encoding="utf-8")
    program = f"""
import resource, signal
from pathlib import Path
from subagents.errors import SettingsFileError
from subagents.settings.writing import change
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    change(Path({str(file)!r}), {{"enabled_models": ("y" * 5000,)}})
except SettingsFileError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": SOURCE, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written: File too large. Nothing was changed." in done.stdout
    assert file.read_text(encoding="utf-8") == old
    assert list(file.parent.iterdir()) == [file]


def test_processes_that_write_at_once_lose_nothing_of_each_other(file: Path):
    program = f"""
import sys
from pathlib import Path
from subagents.settings.writing import change
for n in range(25):
    change(Path({str(file)!r}), {{f"of_{{sys.argv[1]}}_{{n}}": n}})
"""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(number)], env={**os.environ, "PYTHONPATH": SOURCE}
        )
        for number in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(tomllib.loads(file.read_text(encoding="utf-8"))) == 75
    assert list(file.parent.iterdir()) == [file]
