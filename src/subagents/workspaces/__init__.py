"""Where a run's files live, and how a command is run there."""
