"""Where a branch would be shown to others: the address of a remote, read as the pages of its hosting service. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?![:/])(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Hosted:
    """A repository at a hosting service: `host` with the port, if there is one, and the path without `.git`."""

    host: str
    path: str

    @property
    def is_gitlab(self) -> bool:
        return "gitlab" in self.host

    @property
    def is_github(self) -> bool:
        return "github" in self.host


def hosted(address: str) -> Hosted | None:
    """What an address says, of `https://`, `ssh://` or `git@host:path`; None for a path and all else."""
    if "://" not in address:
        found = _SCP.fullmatch(address)
        return Hosted(found["host"].lower(), _path(found["path"])) if found else None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http", "ssh", "git") or not host or not _path(parts.path):
        return None
    # The port of ssh is none of a page's.
    return Hosted(f"{host}:{port}" if port and parts.scheme.startswith("http") else host, _path(parts.path))


def compare_address(place: Hosted, into: str, branch: str) -> str:
    """The page on which a pull request or merge request is begun; "" for a service whose pages are not known."""
    base, head = quote(into, safe="/"), quote(branch, safe="/")
    if place.is_github:
        return f"https://{place.host}/{place.path}/compare/{base}...{head}?expand=1"
    if place.is_gitlab:
        ask = "merge_request%5Bsource_branch%5D={}&merge_request%5Btarget_branch%5D={}"
        asked = ask.format(quote(branch, safe=""), quote(into, safe=""))
        return f"https://{place.host}/{place.path}/-/merge_requests/new?{asked}"
    return ""


def without_secret(address: str) -> str:
    """The address as it may be shown: a name and a password in it are left out."""
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return address.partition("://")[0] + "://…"


def _path(path: str) -> str:
    return quote(path.strip("/").removesuffix(".git"), safe="/%")
