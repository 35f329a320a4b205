"""The console script. Commands that people and scripts call all the time do without typer; the rest goes through it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence

from subagents.errors import SubagentsError

DEBUG = "SUBAGENTS_DEBUG"
OUTPUT_CLOSED = 141  # as a shell tells of SIGPIPE, whether that ended the process or it noticed by itself

# They change nothing, so a pipe that was closed behind them may end them, as it ends any other command.
_READERS = frozenset(
    {"ps", "show", "result", "log", "logs", "peek", "tree", "events", "usage", "doctor", "--help", "-h"}
)
_PS_FLAGS = frozenset({"-a", "--all", "--json"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries out one command and returns its exit code. Errors are sentences on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_missing_streams()
    if not os.environ.get(DEBUG):
        sys.excepthook = _say_briefly
    if _READERS.intersection(given[:1]) and hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return _carried_out(_command(given))


def _command(given: list[str]) -> Callable[[], int]:
    match given:
        case ["--version"]:
            return _version
        case ["ps", *flags] if _PS_FLAGS.issuperset(flags):
            return lambda: _ps(flags)
        case ["tree", "--line"]:
            return _tree_line
        case ["spawn", _, _, *_] if not any(word.startswith("-") and word != "-" for word in given):
            return lambda: _spawn(given[1:])
        case ["serve", "--ready", file]:
            return lambda: _serve_detached(file)
        case ["mcp", *flags] if (wanted := _front_wanted(flags)) is not None:
            return lambda: _front(*wanted)
        case _:
            return lambda: _through_typer(given)


def _carried_out(command: Callable[[], int]) -> int:
    try:
        code = command()
        sys.stdout.flush()
        return code
    except SubagentsError as error:
        return _said(error)
    except BaseExceptionGroup as group:
        # What went wrong inside a task group comes wrapped; ours is a sentence all the same.
        ours, others = group.split(SubagentsError)
        if ours is None or others is not None:
            raise
        return _said(_first(ours))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        from subagents.cli.streams import give_up_output

        give_up_output()
        return OUTPUT_CLOSED
    except OSError as error:
        _print(f"Error: {error.filename or 'subagents'}: {error.strerror or error}")
        return 1


def _version() -> int:
    import subagents

    print(f"subagents {subagents.__version__}")
    return 0


def _tree_line() -> int:
    from subagents.cli.tree import show_tree

    return show_tree(line=True)


def _ps(flags: Sequence[str]) -> int:
    from subagents.cli.ps import ps

    return ps("-a" in flags or "--all" in flags, "--json" in flags)


def _spawn(words: Sequence[str]) -> int:
    from subagents.cli.spawn import spawn_words

    return spawn_words(words)


def _serve_detached(file: str) -> int:
    from subagents.cli.serve import serve_detached

    return serve_detached(file)


def _front_wanted(flags: Sequence[str]) -> tuple[str, bool] | None:
    """The folder of `--project` and whether there was `--new`; None for what typer is to read."""
    folder, new, rest = "", False, list(flags)
    while rest:
        match rest:
            case ["--new", *rest]:
                new = True
            case ["--project", folder, *rest] if folder and not folder.startswith("-"):
                pass
            case _:
                return None
    return folder, new


def _front(folder: str, new: bool) -> int:
    from subagents.cli.mcp.stdio import speak_stdio

    return speak_stdio(folder, new=new)


def _through_typer(given: list[str]) -> int:
    from subagents.cli.app import call

    try:
        call(given)
    except SystemExit as end:
        # typer ends quietly where nobody reads any more, with an exit code that looks like a failure.
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    return 0


def _said(error: SubagentsError) -> int:
    from subagents.cli.exits import exit_of_error

    _print(f"Error: {error}")
    return exit_of_error(error)


def _first(group: BaseExceptionGroup[SubagentsError]) -> SubagentsError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, SubagentsError)
    return error


def _say_briefly(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """For what nobody foresaw: what it was, and how to see where."""
    _print(f"Error: {kind.__name__}: {error}")
    _print(f"This is a bug in subagents. Set {DEBUG}=1 and call it again to see where.")


def _print(line: str) -> None:
    from subagents.cli.streams import say

    say(line)  # in which nothing acts on a terminal, such as the name of a file


def _open_missing_streams() -> None:
    """A standard stream that was closed would give its number to the next file opened, a database perhaps."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        # A text that the terminal's encoding lacks is shown as well as it goes.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
