"""JSON-RPC over a socket of ours: lines, the words in them, and both ends."""
