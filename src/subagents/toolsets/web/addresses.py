"""Which addresses may be reached: those of the public internet. What is asked of them is not known here.

A name is looked up once, and what is connected to is an address that was checked: a name that means another one a
moment later (rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio

from subagents.toolsets.coding.failures import ToolFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: The addresses of a host, as text. Raises `OSError` where there are none.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: Where the translators of networks with IPv6 only (NAT64, RFC 6052) reach IPv4 addresses.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")

#: Ranges that the library of older Pythons takes for public: the relays of 6to4, which nobody runs any more (RFC 7526),
#: and documentation (RFC 9637). Source: IANA's registries of special-purpose addresses.
_SPECIAL = (ipaddress.IPv4Network("192.88.99.0/24"), ipaddress.IPv6Network("3fff::/20"))


async def looked_up(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_rest, address in found))


async def checked(host: str, port: int, *, private: bool, resolve: Resolve = looked_up) -> Sequence[str]:
    """The addresses of a host, all of which may be reached. Raises `ToolFailed`."""
    try:
        addresses = [ipaddress.ip_address(text) for text in await resolve(host, port)]
    except (OSError, UnicodeError) as error:
        raise ToolFailed(f"the host {host!r} was not found ({error}).") from error
    except ValueError as error:
        raise ToolFailed(f"the host {host!r} has an address that is none: {error}.") from error
    for address in addresses:
        if not private and not is_public(address):
            raise ToolFailed(
                f"{host!r} is {address}, which is on this machine, in a private network or reserved, and `fetch` only "
                "reaches public addresses. The user can allow it with the setting fetch_private."
            )
    return tuple(map(str, addresses))


def is_public(address: Address) -> bool:
    """Whether it is an address of the public internet, and so is each IPv4 address that it contains."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    special = special or any(address in network for network in _SPECIAL)
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not special
    # An address that means another one is as public as that; the library calls their ranges reserved.
    if (inner := _contained(address)) is not None:
        return is_public(inner)
    return address.is_global and not special and not address.is_site_local


def _contained(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
