"""HTML cut into tags and text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.toolsets.web.html_pieces import Tag, pieces
from subagents.toolsets.web.page_text import page_text


def starting(name: str, **attributes: str) -> Tag:
    return Tag(name, begins=True, ends=False, attributes=attributes)


def ending(name: str) -> Tag:
    return Tag(name, begins=False, ends=True)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("a &lt; b &amp c", ["a < b & c"]),
        ("1 < 2", ["1 < 2"]),
        ("<P Class=x>a</p >", [starting("p", **{"class": "x"}), "a", ending("p")]),
        ("<br/>", [Tag("br", begins=True, ends=True)]),
        ("<a href=/x/>y", [starting("a", href="/x/"), "y"]),
        ("<a href = 'x>y' b=>", [starting("a", href="x>y", b="")]),
        ("<a href='x' href=y>", [starting("a", href="x")]),
        ("a<!-- <b> --><!-->b<!doctype x><?x?></ 3>c", ["a", "b", "c"]),
        ("<script>a<b></b></SCRIPT >", [starting("script"), "a<b></b>", ending("script")]),
        ("<title>a<b>&lt;</title>", [starting("title"), "a<b><", ending("title")]),
        ("a<!-- b", ["a"]),
        ("a<b c='", ["a"]),
        ("a<script>b", ["a", starting("script"), "b"]),
        (f"&#{'9' * 5_000};", ["\ufffd"]),
    ],
)
def test_a_page_is_cut_as_the_standard_says(html: str, found: list[Tag | str]):
    assert list(pieces(html)) == found


@given(st.text(alphabet="<>!-/?[]&#;='\" \nabtdipre\ud800", max_size=60))
def test_any_text_is_a_page(html: str):
    title, text = page_text(html, "http://some.example/")
    assert isinstance(title + text, str)


def test_a_link_in_another_one_ends_that():
    assert page_text("<a href=/x>x<a href=/y>y</a>z</a>", "http://some.example/")[1] == (
        "[x](http://some.example/x)[y](http://some.example/y)z"
    )


def test_a_long_address_is_not_repeated_with_each_link():
    assert page_text("<a href=y>x</a>", f"http://some.example/{'x' * 5_000}/")[1] == "[x](y)"
