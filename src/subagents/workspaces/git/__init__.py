"""git, as everything here calls it, and what it says. Nothing of worktrees is known here."""
