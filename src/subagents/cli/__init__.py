"""The command line: one noun a file. What a command does is done elsewhere; here it is asked for and shown."""
