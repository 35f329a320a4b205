"""A badge is the label on its colour, and its text can be read on what the terminal shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.text import Text

from subagents.definitions.colours import COLOURS
from subagents.view.badge import badge, luminance, shown, text_on


def test_d5_a_badge_is_two_cells_wider_than_its_label_and_purple_has_black_text():
    made = badge("Code Reviewer", COLOURS["purple"])

    assert made.plain == " Code Reviewer "
    assert made.cell_len == len("Code Reviewer") + 2
    assert text_on(COLOURS["purple"]).get_truecolor() == (0, 0, 0)


def test_d7_on_256_colours_the_colour_is_quantised_and_the_contrast_judged_on_that():
    system = ColorSystem.EIGHT_BIT

    assert shown("#C430C4", system).number == 170
    assert text_on("#C430C4", system).number == 16
    assert text_on("#C430C4").get_truecolor() == (255, 255, 255)


@pytest.mark.parametrize("name", ["red", "teal", "slate", "gray", "navy"])
def test_dark_colours_have_white_text(name):
    assert text_on(COLOURS[name]).get_truecolor() == (255, 255, 255)


@pytest.mark.parametrize("name", ["gold", "amber", "lime", "yellow", "blue"])
def test_light_colours_have_black_text(name):
    assert text_on(COLOURS[name]).get_truecolor() == (0, 0, 0)


def test_wide_characters_and_control_characters_are_measured_as_they_are_shown():
    assert badge("审查", "#000000").cell_len == 6
    assert "\x1b" not in badge("a\x1b[31m", "#000000").plain


def test_without_a_colour_it_is_the_label():
    assert badge("scout", "").plain == "scout"


def test_after_the_badge_the_background_is_what_it_was_before():
    line = Text.assemble("a", badge("b", "#827DBD"), "c", style="on blue")
    console = Console(color_system="truecolor", force_terminal=True, width=20)
    behind = {
        segment.text: segment.style.bgcolor
        for segment in console.render(line)
        if segment.style is not None and segment.text.strip()
    }

    assert behind["a"] == behind["c"]
    assert behind[" b "] == shown("#827DBD")


@given(st.integers(0, 0xFFFFFF), st.sampled_from([None, *ColorSystem]))
def test_any_colour_can_be_read_on(number, system):
    colour = f"#{number:06X}"
    behind, text = luminance(shown(colour, system)), luminance(text_on(colour, system))

    contrast = (max(behind, text) + 0.05) / (min(behind, text) + 0.05)
    assert contrast > 3
