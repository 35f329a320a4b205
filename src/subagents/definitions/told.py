"""Which problems are news: each is told once, and again after it was gone or its sentence changed."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.definitions.model import Problem


class ToldProblems:
    """What was told of definition files so far, for somebody who looks at them again and again."""

    def __init__(self) -> None:
        self._told: frozenset[tuple[str, str, str]] = frozenset()

    def news(self, problems: Iterable[Problem], path: str | None = None) -> list[Problem]:
        """Those of `problems`, which are all there are now, that were not told yet; with `path`, of that file only.

        They count as told from now on. A problem whose line alone moved is the same one.
        """
        now = {(problem.path, problem.key, problem.message): problem for problem in problems}
        still = self._told & now.keys()
        news = {
            each: problem
            for each, problem in now.items()
            if each not in still and path in (None, problem.path)
        }
        self._told = frozenset(still | news.keys())
        return list(news.values())
