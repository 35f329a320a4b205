"""The tools that a run's model may call."""
