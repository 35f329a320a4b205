"""Tools that are not ours: handed over by a program or brought by installed packages, selected by name."""
