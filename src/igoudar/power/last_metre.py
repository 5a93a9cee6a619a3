"""What fails inside one rack: a feed, or one PSU of a device. Alike in all racks of a kind.

A `Local` moves load between the feeds of its rack. What it moves is said for one unit of its amounts: of a
feed that is the whole rack (amount 1), of a PSU one W of its device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from igoudar.power.racks import Group, Hanging, Pattern, RackKind, shares_of
from igoudar.power.report import Element, Kind, Psus

Moved = tuple[tuple[float, ...], float]
"""W more from each feed, and W lost."""


@dataclass(slots=True)
class Local:
    """`feed`: what dies, or where the PSU is; `pattern` and `at`: which PSU of which devices."""

    kind: int
    rack: RackKind
    hanging: Hanging
    feed: int
    amounts: tuple[Group, ...]
    pattern: Pattern | None = None
    at: int = 0
    _moved: dict[int, Moved] = field(default_factory=dict)

    def moved(self, mask: int) -> Moved:
        """With the feeds of `mask` alive, for one unit of the amounts."""
        if mask not in self._moved:
            self._moved[mask] = self._difference(mask)
        return self._moved[mask]

    def _difference(self, mask: int) -> Moved:
        if self.pattern is None:
            (before, lost_before), (after, lost) = self.rack.draws(mask), self.rack.draws(self.left(mask))
            return _less(after, before), lost - lost_before
        before_shares = shares_of(self.pattern, self.rack.feeds, mask)
        return device_moved(self.pattern, self.rack.feeds, before_shares, (mask, (self.at,)))

    def left(self, mask: int) -> int:
        """The feeds of the rack that live after it."""
        return mask & ~(1 << self.feed) if self.pattern is None else mask

    def loses(self, mask: int, before: tuple[int, ...]) -> float:
        """W lost under `mask`, but neither by the masks of `before` nor by this alone under their first.

        For one unit of the amounts.
        """
        if self.pattern is None:
            return newly_lost(self.rack, self.left(mask), (*before, self.left(before[0])))
        if not self._off(mask) or self._off(before[0]):
            return 0.0
        return 0.0 if any(_off(self.pattern, self.rack.feeds, each) for each in before) else 1.0

    def loses_alone(self, mask: int) -> float:
        """W lost under `mask` with this and not without, for one unit of the amounts."""
        if self.pattern is None:
            return newly_lost(self.rack, self.left(mask), (mask,))
        return 1.0 if self._off(mask) and not _off(self.pattern, self.rack.feeds, mask) else 0.0

    def _off(self, mask: int) -> bool:
        return self.pattern is not None and _off(self.pattern, self.rack.feeds, mask, (self.at,))

    def element(self, amounts: tuple[Group, ...] | None = None) -> Element:
        """All of it, or its devices of some amounts only."""
        letter, racks = self.hanging.letters[self.feed], self.rack.racks
        if self.pattern is None:
            return Element(Kind.FEED, racks, len(racks), letter)
        amounts = amounts or self.amounts
        watts = tuple((group.w, group.count) for group in amounts)
        letters = tuple(self.hanging.letters[feed] for feed in self.pattern.psus)
        things = len(racks) * sum(group.count for group in amounts)
        return Element(Kind.PSU, racks, things, letter, Psus(letters, self.pattern.needed, self.at, watts))


def _off(pattern: Pattern, feeds: int, mask: int, without: tuple[int, ...] = ()) -> bool:
    return shares_of(pattern, feeds, mask, without) is None


def _less(after: tuple[float, ...], before: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(now - was for now, was in zip(after, before, strict=True))


def device_moved(
    pattern: Pattern, feeds: int, before: tuple[float, ...] | None, after: tuple[int, tuple[int, ...]]
) -> Moved:
    """What one W of a device moves from shares `before` to (feeds alive, PSUs dead) `after`."""
    if before is None:
        return (0.0,) * feeds, 0.0
    shares = shares_of(pattern, feeds, *after)
    if shares is None:
        return tuple(-share for share in before), 1.0
    return _less(shares, before), 0.0


def newly_lost(rack: RackKind, mask: int, before: tuple[int, ...]) -> float:
    """W of one such rack that is lost under `mask` and under none of `before`."""
    return sum(
        sum(group.w * group.count for group in groups)
        for pattern, groups in rack.groups.items()
        if _off(pattern, rack.feeds, mask) and not any(_off(pattern, rack.feeds, each) for each in before)
    )


def locals_of(at: int, rack: RackKind, hanging: Hanging) -> Iterator[Local]:
    """Every feed and every PSU of a kind of rack."""
    for feed in range(rack.feeds):
        yield Local(at, rack, hanging, feed, (Group(1.0, 1),))
    for pattern, groups in rack.groups.items():
        for place, feed in enumerate(pattern.psus):
            yield Local(at, rack, hanging, feed, groups, pattern, place)
