"""At which height a device stands in its rack. Pure; heights in U from the lower edge of the lowest one.

What people write, and what stands on lists, is the number on the rack's own rail: it begins at `first`, and
a rack may count downwards. As in NetBox, a device is at the lowest number of those that it covers, and takes
them up to `u + units`; `12.5` is the second half of U12 in the order in which the rack counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

HALVES = 2  # places of a U: types and places come in halves


class Rail(Protocol):
    """How a rack counts: `height` numbers from `first`, from the bottom up or, `descending`, from the top."""

    @property
    def height(self) -> int: ...

    @property
    def first(self) -> int: ...

    @property
    def descending(self) -> bool: ...


class Span(NamedTuple):
    """From the lower to the upper edge."""

    low: float
    high: float

    def halves(self) -> range:
        """The half U that it covers, counted from the lowest one."""
        return range(round(self.low * HALVES), round(self.high * HALVES))

    def inside(self, rack: Rail) -> bool:
        return self.low >= 0 and self.high <= rack.height


def span(rack: Rail, u: float, units: float) -> Span:
    """What a device of `units` at the number `u` covers."""
    begin = u - rack.first
    low = rack.height - begin - units if rack.descending else begin
    return Span(low, low + units)


def number_at(rack: Rail, low: float, units: float) -> float:
    """The other way round: the number of a device of `units` whose lower edge is at `low`."""
    begin = rack.height - low - units if rack.descending else low
    return whole(rack.first + begin)


def numbers(rack: Rail) -> Iterator[int]:
    """Of each U, from the bottom."""
    counted = range(rack.first, rack.first + rack.height)
    return iter(reversed(counted) if rack.descending else counted)


def number_of(rack: Rail, half: int) -> int:
    """Of the U that a half U is of, as `Span.halves` counts them."""
    place = half // HALVES
    return rack.first + (rack.height - 1 - place if rack.descending else place)


def rising(rack: Rail, u: float) -> float:
    """Sorts what stands in a rack from the bottom up; what stands beside the U comes first."""
    return rack.height + rack.first - u if u and rack.descending else u


def whole(u: float) -> float:
    """`12` for 12.0, as people write it."""
    return int(u) if u == int(u) else u


def digits(u: float) -> str:
    """`07`, `12` or `12.5`: texts of one length sort as their numbers do."""
    return f"{int(u):02}{'.5' if u % 1 else ''}"
