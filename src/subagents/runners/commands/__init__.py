"""The parts of the command runner: what is told to a program, and what is made of what it prints."""
