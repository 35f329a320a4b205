"""A worktree from its making to its proven end, and what is left of those whose owner is gone."""
