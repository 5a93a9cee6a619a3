"""Findings about many alike things of one line, told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from igoudar.errors import Finding, Where


def grouped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One a code and place: the first by object, how many more, and the sum of their amounts."""
    found: dict[tuple[str, Where], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.code, finding.where].append(finding)
    for alike in found.values():
        first = min(alike, key=lambda finding: (finding.subject, finding.message))
        more = len({finding.subject for finding in alike}) - 1
        amounts = [finding.amount for finding in alike if finding.amount is not None]
        yield replace(
            first,
            message=first.message + (f"; so it is with {more} more" if more else ""),
            subject=first.subject + (f" and {more} more" if more else ""),
            amount=sum(amounts) if amounts else None,
        )
