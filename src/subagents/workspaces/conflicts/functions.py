"""Which functions of a Python file its lines belong to. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from subagents.conflict import LineRange

MOST = 1_000_000  # bytes of a file that is read as Python; longer ones are generated

#: A function with its decorators: its name with those of what it is in, its first and its last line.
Spanned = tuple[str, int, int]


def functions(source: bytes) -> tuple[Spanned, ...]:
    """Those of a file, outer ones before those in them; none of what is longer than `MOST`, or no Python that this
    Python can read."""
    if len(source) > MOST:
        return ()
    try:
        return tuple(_below(ast.parse(source), ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _below(node: ast.AST, prefix: str) -> Iterator[Spanned]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{prefix}{child.name}"
            if not isinstance(child, ast.ClassDef):
                first = min((child.lineno, *(each.lineno for each in child.decorator_list)))
                yield name, first, child.end_lineno or child.lineno
            yield from _below(child, f"{name}.")
        else:
            yield from _below(child, prefix)


def touched(source: bytes, changed: Iterable[LineRange]) -> frozenset[str]:
    """The innermost functions that the changes stand in."""
    spans = functions(source)
    return frozenset(name for lines in changed if (name := _innermost(spans, lines)))


def _innermost(spans: tuple[Spanned, ...], lines: LineRange) -> str:
    """The one that begins last, of those that share a line with the change; "" between functions."""
    found = [span for span in spans if lines.meets(LineRange(span[1], span[2]))]
    return max(found, key=lambda span: span[1])[0] if found else ""
