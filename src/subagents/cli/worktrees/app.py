"""`subagents worktrees`: mounts what can be done with the work of runs that had a worktree of their own."""

from __future__ import annotations

import typer

from subagents.cli.usage import mount
from subagents.cli.worktrees.conflicts import HELP as CONFLICTS_HELP
from subagents.cli.worktrees.conflicts import conflicts
from subagents.cli.worktrees.diff import HELP as DIFF_HELP
from subagents.cli.worktrees.diff import diff
from subagents.cli.worktrees.discard import DISCARD_HELP, GC_HELP, discard, gc
from subagents.cli.worktrees.listing import HELP as LIST_HELP
from subagents.cli.worktrees.listing import list_worktrees
from subagents.cli.worktrees.merge import APPLY_HELP, COMMIT_HELP, MERGE_HELP, apply, commit, merge
from subagents.cli.worktrees.publish import PR_HELP, PUSH_HELP, pr, push
from subagents.language import _

HELP = _(
    """Look at what runs did in worktrees, and merge or discard it.

    When such a run ends, its work is on a branch of your repository, and its folder goes unless something in it
    would be lost. A run is named by its id, the beginning of one that fits no other, or its handle.

    \b
      subagents worktrees list
      subagents worktrees diff explore
      subagents worktrees merge explore
    """
)

commands = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

mount(commands, "list", list_worktrees, usage="[--all] [--json]", text=LIST_HELP)
mount(commands, "diff", diff, usage="ID [--stat] [--name-only]", text=DIFF_HELP)
mount(commands, "merge", merge, usage="ID|--all [OPTIONS]", text=MERGE_HELP)
mount(commands, "apply", apply, usage="ID", text=APPLY_HELP)
mount(commands, "commit", commit, usage="ID [-m MESSAGE]", text=COMMIT_HELP)
mount(commands, "push", push, usage="ID [--remote NAME] [--yes]", text=PUSH_HELP)
mount(commands, "pr", pr, usage="ID [OPTIONS]", text=PR_HELP)
mount(commands, "conflicts", conflicts, usage="[resolve ID]", text=CONFLICTS_HELP)
mount(commands, "discard", discard, usage="ID [--yes]", text=DISCARD_HELP)
mount(commands, "gc", gc, usage="[--older-than DAYS] [--dry-run]", text=GC_HELP)
