"""A project's host: the process that owns sessions for those who come and go, and its clients."""
