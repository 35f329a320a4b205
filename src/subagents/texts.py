"""Text that came from outside, in a form that can be stored and sent on."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: two halves of a surrogate pair become their character, one alone U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
