"""What `doctor` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    GOOD = "ok"
    NOTE = "note"
    MISSING = "missing"  # without it nothing works


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` says what to do, "" when nothing is."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""
