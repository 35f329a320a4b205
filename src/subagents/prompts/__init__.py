"""What a run's model reads before its task: its role, where it is, and the project's instructions."""
