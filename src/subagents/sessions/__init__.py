"""The log of a session: who writes it, where it is kept, what is read back."""
