"""A page's HTML as text to read: headings, lists, links and tables as Markdown has them. Nothing is asked of anyone.

By the standard library's parser, which stops at nothing: a page that is broken gives what there is of it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

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
    page.feed(html)
    page.close()
    return " ".join("".join(page.title).split()), page.text()


class _Page(HTMLParser):
    """A page that is being read, block by block."""

    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self._address = address
        self._blocks: list[str] = []
        self._block: list[str] = []
        self._hidden: list[str] = []
        self._in_title = False
        self._kept_as_it_is = 0
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        self._end_block()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._blocks)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self._block.append("\n")
        elif tag == "a":
            self._links.append((found.get("href") or "", len(self._block)))
        elif tag == "img" and found.get("alt"):
            self._block.append(f"[{found['alt']}]")
        elif tag in _CELLS and "".join(self._block).strip():
            self._block.append(" | ")
        elif tag in _BLOCKS:
            self._begin_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
        elif tag == "title":
            self._in_title = False
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "pre":
                self._kept_as_it_is = max(0, self._kept_as_it_is - 1)
            if tag in _HEADINGS or tag in _SET_OFF:
                self._blocks.append("")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title.append(data)
        elif self._kept_as_it_is:
            self._block.append(data)
        else:
            self._block.append(re.sub(r"\s+", " ", data))

    def _begin_block(self, tag: str) -> None:
        self._end_block()
        if tag == "pre":
            self._kept_as_it_is += 1
        if tag in _HEADINGS:
            self._blocks.append("")
        self._block = [_HEADINGS.get(tag, "- " if tag == "li" else "")]

    def _end_block(self) -> None:
        text = "".join(self._block)
        text = text if self._kept_as_it_is else "\n".join(line.strip() for line in text.split("\n"))
        if text.strip(" \n-#"):
            self._blocks.append(text.strip("\n"))
        self._block, self._links = [], []

    def _end_link(self, href: str, begin: int) -> None:
        text = "".join(self._block[begin:]).strip()
        if text and href and not href.startswith(("#", "javascript:")):
            self._block[begin:] = [f"[{text}]({self._whole(href)})"]

    def _whole(self, href: str) -> str:
        try:
            return urljoin(self._address, href)
        except ValueError:
            return href
