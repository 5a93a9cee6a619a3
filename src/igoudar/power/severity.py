"""What the availability class makes of a failure; to overload something is to lose it.

class 1   nothing is promised: for information
class 2   redundant parts on one path: a loss by one thing is a warning
class 3   nothing is lost with any one thing out for maintenance
class 4   nor with one failure while any one is out, save two last-metre things of one rack
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from igoudar.errors import Severity
from igoudar.power.report import Crowd, Double, Report, Single


@dataclass(frozen=True, slots=True)
class Rated:
    severity: Severity
    row: Single | Double | Crowd


def rated(report: Report, availability_class: int) -> Iterator[Rated]:
    """Every row with its severity. Raises ValueError for a class that there is not."""
    if availability_class not in (1, 2, 3, 4):
        raise ValueError(f"an availability class is 1, 2, 3 or 4, not {availability_class}")
    alone = {1: Severity.INFO, 2: Severity.WARNING}.get(availability_class, Severity.ERROR)
    both = Severity.ERROR if availability_class == 4 else Severity.INFO
    for single in report.singles:
        yield Rated(alone, single)
    for double in report.doubles:
        yield Rated(Severity.INFO if double.last_metre else both, double)
    for crowd in report.crowds:
        yield Rated(Severity.INFO if crowd.last_metre else both, crowd)
