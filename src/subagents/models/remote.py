"""Models that answer over the network, by exact name: at which address, with which key, in which way of speaking.

`anthropic:ID`, `openai:ID`, `google:ID` and `ollama:ID`; what `openai:` means, `addresses` knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anyio import NoEventLoopError
from anyio.lowlevel import RunVar

from subagents.errors import ModelUnavailable
from subagents.language import _
from subagents.models.addresses import KEYS, Address, address_of
from subagents.settings.keys import opened

if TYPE_CHECKING:
    from pydantic_ai.models import Model

NO_KEY = "none"  # what a server that wants no key is told: a client library wants one all the same


def remote_model(name: str) -> Model[Any]:
    """The model of an exact name, with the keys and addresses that are set now (`settings.keys`).

    One object for all who ask on one event loop. All models of one address share its connections, which are open
    while somebody has entered one of them (`async with`), and closed when the last one leaves. Raises
    `ModelUnavailable` for a name that is none, for an address or a key that is none, and where what speaks to it is
    not installed.
    """
    provider, _colon, model = name.partition(":")
    if provider not in KEYS or not model:
        raise ModelUnavailable(
            _("There is no model {name!r}; it must be provider:id with one of {known}.").format(
                name=name, known=", ".join(KEYS)
            )
        )
    address = address_of(provider, opened())
    made = _made_here()
    if address not in made.makers:
        made.makers[address] = _maker(address)
    if (address, model) not in made.models:
        made.models[address, model] = made.makers[address](model)
    return made.models[address, model]


def load(name: str) -> None:
    """Imports what speaks to the model of this name, and looks for its key: seconds, once a process, and so for a
    thread. A name that `remote_model` does not know needs nothing. Raises `ModelUnavailable` as that does."""
    provider, _colon, model = name.partition(":")
    if provider in KEYS:
        _maker(address_of(provider, opened()))(model)


# --- what was made


class _Made:
    """`makers` hold the connections; what they make are the models."""

    def __init__(self) -> None:
        self.makers: dict[Address, Callable[[str], Model[Any]]] = {}
        self.models: dict[tuple[Address, str], Model[Any]] = {}


# A connection belongs to the event loop that opened it: each loop has its own, and they go with it.
_made: RunVar[_Made] = RunVar("models of this event loop")


def _made_here() -> _Made:
    """What was made on this event loop; where there is none, nothing was."""
    try:
        return _made.get()
    except NoEventLoopError:
        return _Made()
    except LookupError:
        made = _Made()
        _made.set(made)
        return made


def _maker(address: Address) -> Callable[[str], Model[Any]]:
    from subagents.models.speaking import SPEAKERS

    try:
        return SPEAKERS[address.way](address.url, address.key or NO_KEY)
    except ImportError as error:
        raise ModelUnavailable(
            _("What speaks to {way!r} models is not installed: pip install 'subagents[{way}]'.").format(
                way=address.way
            )
        ) from error
