"""A patch at a terminal: the same words, with colours where it is short enough to be read."""

from __future__ import annotations

from subagents.view.diff import MOST, coloured

PATCH = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old [b]\n+new\n"


def test_the_words_are_the_same_and_what_came_and_went_has_a_colour():
    text = coloured(PATCH)
    assert text.plain.rstrip("\n") == PATCH.rstrip("\n")
    styles = {text.plain[span.start : span.end].strip(): str(span.style) for span in text.spans}
    assert "red" in styles["-old [b]"]
    assert "green" in styles["+new"]


def test_what_nobody_reads_is_not_coloured():
    text = coloured("+" * (MOST + 1))
    assert len(text.plain) == MOST + 1
    assert text.spans == []
