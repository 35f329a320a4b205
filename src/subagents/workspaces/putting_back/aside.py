"""Files as they were, kept while something writes over them, so that a half-done change can be undone."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.texts import storable


@contextmanager
def undone_on_failure(top: Path, paths: Sequence[str]) -> Iterator[None]:
    """What stands at these paths below `top` is put back when the block raises. Raises `OSError` before it begins
    where something cannot be kept."""
    with TemporaryDirectory(prefix="subagents-") as folder:
        kept = {path: _kept(top / path, Path(folder, str(number))) for number, path in enumerate(paths)}
        missing = _missing_folders(top, paths)
        try:
            yield
        except BaseException:
            for path, copy in kept.items():
                _put_back(top / path, copy)
            for each in missing:
                with suppress(OSError):
                    (top / each).rmdir()
            raise


def refuse_in_the_way(top: Path, new: Sequence[str]) -> None:
    """Raises `WorkspaceError` where something stands at a path that is to be made, or a file or link above it."""
    for path in new:
        for place in (path, *_above(path)):
            try:
                mode = (top / place).lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue  # where a file is above it, that says why
            if place == path or not stat.S_ISDIR(mode):
                sentence = _("Nothing was applied to {folder!r}: {there!r} is in the way of {path!r}.")
                if place == path:
                    sentence = _(
                        "Nothing was applied to {folder!r}: there is something else at {path!r} already."
                    )
                raise WorkspaceError(
                    sentence.format(folder=str(top), there=storable(place), path=storable(path))
                )


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _missing_folders(top: Path, paths: Sequence[str]) -> list[str]:
    """The deepest first."""
    above = {folder for path in paths for folder in _above(path)}
    return sorted((each for each in above if not os.path.lexists(top / each)), key=len, reverse=True)


def _kept(path: Path, copy: Path) -> Path | None:
    """None where there is nothing to be kept."""
    if not (path.is_symlink() or path.is_file()):
        return None
    shutil.copy2(path, copy, follow_symlinks=False)
    return copy


def _put_back(path: Path, copy: Path | None) -> None:
    """As far as it goes: whoever made writing impossible meanwhile made this impossible too."""
    with suppress(OSError):
        if copy is None:
            if path.is_symlink() or path.is_file():
                path.unlink()
            return
        if _same(path, copy):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.exists():
            path.unlink()
        shutil.copy2(copy, path, follow_symlinks=False)


def _same(path: Path, copy: Path) -> bool:
    """Whether nobody has written there since, by what the copy took along of it."""
    try:
        now, then = path.lstat(), copy.lstat()
    except OSError:
        return False
    return (now.st_mode, now.st_size, now.st_mtime_ns) == (then.st_mode, then.st_size, then.st_mtime_ns)
