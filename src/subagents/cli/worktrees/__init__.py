"""`subagents worktrees`."""
