"""A page's HTML as text to read: headings, lists, links and tables as Markdown has them. Nothing is asked of anyone.

A page that is broken gives what there is of it, and none costs more than its length: what is open is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

from subagents.toolsets.web.html_pieces import Tag, pieces

LONGEST_BASE = 2_000  # characters of an address that is written out with each link of its page

_HIDDEN = frozenset(("script", "style", "noscript", "template", "svg", "iframe", "object", "select"))
_BLOCKS = frozenset(
    (
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "fieldset",
        ),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("html", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table"),
        *("tbody", "tfoot", "thead", "tr", "ul"),
    )
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_SET_OFF = frozenset(("p", "ul", "ol", "table", "pre"))  # an empty line follows, as after headings
_CELLS = frozenset(("td", "th"))


def page_text(html: str, address: str) -> tuple[str, str]:
    """The title and the text; links are made whole with the page's `address`."""
    page = _Page(address)
    for piece in pieces(html):
        page.take(piece)
    return " ".join("".join(page.title).split()), page.text()


class _Page:
    """A page that is being read, block by block."""

    def __init__(self, address: str) -> None:
        self.title: list[str] = []
        self._address = address
        self._blocks: list[str] = []
        self._block: list[str] = []
        self._hidden: list[str] = []
        self._in_title = False
        self._kept_as_it_is = 0
        self._link: tuple[str, int] | None = None  # where it leads, and where in the block it begins
        self._says_something = False  # the block, beside blanks

    def text(self) -> str:
        self._end_block()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._blocks)).strip()

    def take(self, piece: Tag | str) -> None:
        if isinstance(piece, str):
            self._text(piece)
            return
        if piece.begins:
            self._start(piece.name, piece.attributes)
        if piece.ends:
            self._end(piece.name)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self._block.append("\n")
        elif tag == "a":
            self._end_link()  # there are none inside of others
            self._link = (attributes.get("href", ""), len(self._block))
        elif tag == "img" and (alt := attributes.get("alt")):
            self._add(f"[{alt}]")
        elif tag in _CELLS and self._says_something:
            self._block.append(" | ")
        elif tag in _BLOCKS:
            self._begin_block(tag)

    def _end(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
        elif tag == "title":
            self._in_title = False
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "pre":
                self._kept_as_it_is = max(0, self._kept_as_it_is - 1)
            if tag in _HEADINGS or tag in _SET_OFF:
                self._blocks.append("")

    def _text(self, text: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title.append(text)
        else:
            self._add(text if self._kept_as_it_is else re.sub(r"\s+", " ", text))

    def _add(self, text: str) -> None:
        self._block.append(text)
        self._says_something = self._says_something or not text.isspace()

    def _begin_block(self, tag: str) -> None:
        self._end_block()
        if tag == "pre":
            self._kept_as_it_is += 1
        if tag in _HEADINGS:
            self._blocks.append("")
        self._block = [_HEADINGS.get(tag, "- " if tag == "li" else "")]
        self._says_something = bool(self._block[0])

    def _end_block(self) -> None:
        text = "".join(self._block)
        text = text if self._kept_as_it_is else "\n".join(line.strip() for line in text.split("\n"))
        if text.strip(" \n-#"):
            self._blocks.append(text.strip("\n"))
        self._block, self._link, self._says_something = [], None, False

    def _end_link(self) -> None:
        if self._link is None:
            return
        href, begin = self._link
        self._link = None
        text = "".join(self._block[begin:]).strip()
        if text and href and not href.startswith(("#", "javascript:")):
            self._block[begin:] = [f"[{text}]({self._whole(href)})"]

    def _whole(self, href: str) -> str:
        if len(self._address) > LONGEST_BASE:
            return href
        try:
            return urljoin(self._address, href)
        except ValueError:
            return href
