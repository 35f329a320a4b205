"""What `doctor` says of the providers of tools that installed packages bring. Imports them, which nothing else does
before a run needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout

from subagents.cli.doctor_findings import Finding, Verdict
from subagents.language import _


def tool_providers() -> Iterator[Finding]:
    """A line for each provider, and one for each that is left out."""
    from subagents.toolsets.providers.installed import broken, installed

    kept, left_out = installed()
    name = _("tools")
    for why in left_out:
        yield Finding(name, Verdict.NOTE, why)
    for each in kept:
        with redirect_stdout(sys.stderr):  # what somebody's module prints is no finding
            why_not = broken(each)
        if why_not is not None:
            advice = _("Mend or uninstall the package; agents go without these tools until then.")
            yield Finding(name, Verdict.NOTE, why_not, advice)
        else:
            found = _("{name} ({origin}); agents select them as ext:{name}")
            yield Finding(name, Verdict.GOOD, found.format(name=each.name, origin=each.origin))
