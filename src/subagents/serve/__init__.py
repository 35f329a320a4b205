"""Doors for other processes: the owner of a session answers over a Unix socket."""
