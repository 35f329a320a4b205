"""Whom `fetch` may reach: literal addresses, what names mean, and addresses that contain others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from subagents.toolsets.coding.failures import ToolFailed
from subagents.toolsets.web.addresses import Resolve, checked
from subagents.toolsets.web.fetch import fetched

pytestmark = pytest.mark.anyio


def names(**known: Sequence[str]) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return known.get(host.partition(".")[0], (host.strip("[]"),))

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:c0a8:101::1"),
        *("192.88.99.1", "192.88.99.255", "3fff::1", "3fff:fff::1", "2002:c058:6301::", "::ffff:192.88.99.1"),
        *("::127.0.0.1", "2001::1", "::ffff:169.254.169.254"),
    ],
)
async def test_what_is_not_public_is_refused(address: str):
    with pytest.raises(ToolFailed, match="only reaches public addresses"):
        await checked("name", 80, private=False, resolve=names(name=[address]))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d822"]
)
async def test_public_addresses_are_reached(address: str):
    assert len(await checked("name", 80, private=False, resolve=names(name=[address]))) == 1


async def test_a_name_with_a_public_and_a_private_address_is_refused():
    with pytest.raises(ToolFailed, match=r"'name' is 10\.0\.0\.1"):
        await checked("name", 80, private=False, resolve=names(name=["93.184.215.14", "10.0.0.1"]))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1:80/", "http://localhost/x"],
)
async def test_this_machine_is_refused_however_it_is_written(url: str):
    private = names(localhost=["127.0.0.1"], **{"2130706433": ["127.0.0.1"], "0x7f": ["127.0.0.1"]})
    with pytest.raises(ToolFailed, match="fetch_private"):
        await fetched(url, private=False, resolve=private)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "is no address of the web"),
        ("ftp://example.org/", "is no address of the web"),
        ("example.org", "is no address of the web"),
        ("http://example.org:99999/", "is no address of the web"),
        ("http://[::1", "is no address of the web"),
        ("http://me:secret@example.org/", "user name or password"),
    ],
)
async def test_what_is_no_address_of_the_web_is_refused(url: str, said: str):
    with pytest.raises(ToolFailed, match=said):
        await fetched(url, private=True)


async def test_a_name_that_is_not_found_is_told():
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    with pytest.raises(ToolFailed, match="the host 'nowhere' was not found"):
        await fetched("http://nowhere/", private=False, resolve=resolve)
