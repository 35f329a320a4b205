"""HTML cut into tags and text, in one pass: what a page costs grows with its length, whatever is in it.

Written here, because the standard library's parser looks through the rest of the page again for each thing in it that
does not end, and libraries that build a tree look through that for each end: a page of a megabyte can keep either busy
for minutes. What does not end goes on to the end of the page, as the standard says (WHATWG HTML, 13.2.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

_OPENING = re.compile(r"<(?:(?P<end>/)?(?P<name>[A-Za-z][^\s/>]*+)|(?P<aside>!--|[!?]|/(?=[^A-Za-z])))")
# Possessive throughout: what was passed is not looked at again.
_ATTRIBUTE = re.compile(
    r"(?P<gap>[\s/]*+)(?:(?P<over>>)|(?P<name>[^\s/>][^\s/>=]*+)"
    r"""(?:\s*+=\s*+(?:"(?P<double>[^"]*+)(?:"|\Z)|'(?P<single>[^']*+)(?:'|\Z)|(?P<bare>[^\s>"'][^\s>]*+))?+)?+)"""
)
_COMMENT_END = re.compile(r"--!?>")
#: What is inside of them is text to their end, whatever it looks like.
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "xmp", "iframe", "noembed", "noframes", "title", "textarea")
}
_WITH_REFERENCES = frozenset(("title", "textarea"))
#: More digits than any character has; the library would try to read the number.
_TOO_LONG = re.compile(r"&#(?:\d{9,}|[xX][0-9a-fA-F]{9,});?")


@dataclass(frozen=True)
class Tag:
    """`name` is in lower case; both `begins` and `ends` are true of one that closes itself."""

    name: str
    begins: bool
    ends: bool
    attributes: Mapping[str, str] = field(default_factory=dict)


def pieces(html: str) -> Iterator[Tag | str]:
    """The tags, and the text between them with its character references put in."""
    position = 0
    while position < len(html):
        found = _OPENING.search(html, position)
        if found is None:
            yield _text(html[position:])
            return
        if position < found.start():
            yield _text(html[position : found.start()])
        if found["name"] is None:
            position = _after_aside(html, found)
            continue
        tag, position = _tag(html, found)
        if tag is None:
            return
        yield tag
        if tag.begins and not tag.ends and tag.name in _RAW:
            text, position = _raw(html, position, tag.name)
            yield text


def _after_aside(html: str, found: re.Match[str]) -> int:
    """Where a comment, a declaration or an instruction is over."""
    if found["aside"] != "!--":
        end = html.find(">", found.end())
        return len(html) if end < 0 else end + 1
    over = _COMMENT_END.search(html, found.end() - 2)  # `<!-->` is whole
    return len(html) if over is None else over.end()


def _tag(html: str, found: re.Match[str]) -> tuple[Tag | None, int]:
    """The tag that begins there and where it is over; None for one that the page ends in."""
    attributes: dict[str, str] = {}
    position = found.end()
    while each := _ATTRIBUTE.match(html, position):
        if each["over"]:
            ending = found["end"] is not None
            closes = ending or each["gap"].endswith("/")
            return Tag(found["name"].lower(), not ending, closes, attributes), each.end()
        position = each.end()
        value = each["double"] or each["single"] or each["bare"] or ""
        attributes.setdefault(each["name"].lower(), _text(value))
    return None, len(html)


def _raw(html: str, position: int, name: str) -> tuple[str, int]:
    """What stands in an element in which nothing is a tag, and where its end is."""
    over = _RAW[name].search(html, position)
    end = len(html) if over is None else over.start()
    text = html[position:end]
    return _text(text) if name in _WITH_REFERENCES else text, end


def _text(text: str) -> str:
    return unescape(_TOO_LONG.sub("\ufffd", text)) if "&" in text else text
