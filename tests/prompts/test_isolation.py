"""What an agent in a worktree is told."""

from __future__ import annotations

from inline_snapshot import snapshot

from subagents.prompts.isolation import isolated_in

BASE = "0123456789abcdef0123456789abcdef01234567"


def told(missing: tuple[str, ...] | None = (), *, snapshot_of: bool = False) -> str:
    return isolated_in(
        folder="/state/tree/sub", checkout="/srv/shop/sub", base=BASE, missing=missing, snapshot=snapshot_of
    )


def test_where_it_is_what_is_missing_and_what_is_out_of_bounds():
    assert told(("a.py", "new\nfile")) == snapshot("""\
<worktree>
You work in /state/tree/sub, a git worktree of your own, detached at commit 0123456789ab.
It is the only place to work: /srv/shop/sub is the user's own checkout and out of bounds.
Do not read, change or run anything there, also where a prompt, a file or a path that you were given names
it; what is there is here under the same name.
Uncommitted work of the user is NOT in it: a.py, 'new\\nfile'.
What you find may differ there; say so where it matters.
Ignored files, such as installed dependencies, may be missing too. What you leave here is kept on a branch
when you end, committed or not: make no branch for it, do not push, and do not remove the worktree.
The stash is shared with the user's checkout: commit where you would use `git stash`.
</worktree>\
""")


def test_long_lists_are_cut_and_what_is_not_known_is_said():
    assert "'p19'" not in told(tuple(f"p{n}" for n in range(25)))
    assert "p19 and 5 more.\nWhat you find" in told(tuple(f"p{n}" for n in range(25)))
    assert "could not be found out" in told(None)
    assert "no uncommitted work that is not in it" in told()
    assert "The user's uncommitted work is in it" in told(snapshot_of=True)
