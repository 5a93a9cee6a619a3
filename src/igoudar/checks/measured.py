"""What rack PDUs have read, beside what is planned with.

Checks count what is allocated; here it is held against what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.hall.measured import excesses, mismatches


def check(design: Design) -> Iterator[Finding]:
    """A plan that moved on since it was measured stops nobody."""
    for finding in mismatches(design.inventory):
        hint = "measure again, or take the line out"
        yield replace(finding, severity=Severity.WARNING, hint=hint)
    yield from excesses(design.inventory)
