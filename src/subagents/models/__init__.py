"""Which model answers a run, and two that need no network.

Nothing here imports the model library at its top: it costs over a second.
"""
