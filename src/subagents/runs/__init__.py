"""What is true of a run: its state, what it may do next, its limits, its result. No waiting, no clock."""
