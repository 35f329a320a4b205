"""Text that came from outside, in a form that can be stored, sent on and shown in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from hashlib import sha256
from operator import is_
from typing import Any


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: two halves of a surrogate pair become their character, one alone U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def quoted(value: object, most: int = 80) -> str:
    """A value as it stands in a sentence; of a long one the beginning and how long it is, for nobody reads more."""
    if isinstance(value, str):
        return repr(value) if len(value) <= most else f"{value[:most]!r}… ({len(value):,} characters)"
    written = repr(value)
    return written if len(written) <= most else f"{written[:most]}…"


def shortened(text: str, most: int = 500) -> str:
    """A sentence of somebody else's; of a long one the beginning and the end."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def as_name(name: object) -> str:
    """A name or a path that others chose, so that it cannot say more than a name."""
    text = str(name)
    return text if text.isprintable() else repr(text)


def digest(text: str) -> str:
    """The SHA-256 of its UTF-8, in hexadecimal; of any text, also one that UTF-8 cannot hold."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def about_tokens(text: str) -> int:
    """About how many tokens a model reads it as: one for four bytes, which is near for English, code and Chinese."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def mend_texts(message: Any) -> None:
    """Makes every text in a message of the model library storable, in place: it is kept, and sent again."""
    for field in fields(message):
        value = getattr(message, field.name)
        if (well := mended(value)) is not value:
            object.__setattr__(message, field.name, well)


def mended(value: Any) -> Any:
    """A value as of JSON with its texts storable: the same object where nothing in it had to be changed."""
    match value:
        case str():
            return storable(value)
        case dict():
            pairs = [(mended(key), mended(each)) for key, each in value.items()]
            return value if _same(pairs, value.items()) else dict(pairs)
        case list():
            items = [mended(item) for item in value]
            return value if all(map(is_, items, value)) else items
        case _ if is_dataclass(value) and not isinstance(value, type):
            mend_texts(value)
            return value
        case _:
            return value


def _same(pairs: Iterable[tuple[Any, Any]], others: Iterable[tuple[Any, Any]]) -> bool:
    return all(
        key is other and each is what for (key, each), (other, what) in zip(pairs, others, strict=True)
    )
