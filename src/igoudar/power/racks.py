"""Racks merged by what they hang on, and what a rack's devices draw from which feed while some are dead.

Everything here is W for W: a feed set is a bit mask, the first feed of a rack is bit 0.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from igoudar.power.graph import Graph, Rack


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """Devices that live and die together: the feed of each PSU as a position, and how many are needed."""

    psus: tuple[int, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Group:
    """Equal devices of a rack: `count` of `w` each."""

    w: float
    count: int


@dataclass(frozen=True, slots=True)
class Hanging:
    """What racks of equal ancestors share: feeds in order of letters, and where their heat goes."""

    letters: tuple[str, ...]
    units: tuple[str, ...]
    air: str
    liquid: str
    liquid_share: float


Held = tuple[tuple[Pattern, tuple[Group, ...]], ...]
Draw = tuple[tuple[float, ...], float]
"""W from each feed, and W lost."""


@dataclass(slots=True)
class RackKind:
    """Racks that hang on the same and hold the same; groups of a pattern in falling order of W.

    `feed_w`: what each feed may carry, infinite where nothing bounds it.
    """

    hanging: int
    feed_w: tuple[float, ...]
    groups: dict[Pattern, tuple[Group, ...]]
    feeds: int
    racks: tuple[str, ...] = ()
    _draws: dict[int, Draw] = field(default_factory=dict)

    def draws(self, mask: int) -> Draw:
        """Of one such rack, with the feeds of `mask` alive."""
        if mask not in self._draws:
            self._draws[mask] = self._drawn(mask)
        return self._draws[mask]

    def _drawn(self, mask: int) -> Draw:
        drawn, lost = [0.0] * self.feeds, 0.0
        for pattern, groups in self.groups.items():
            total = sum(group.w * group.count for group in groups)
            shares = shares_of(pattern, self.feeds, mask)
            if shares is None:
                lost += total
            else:
                drawn = [w + total * share for w, share in zip(drawn, shares, strict=True)]
        return tuple(drawn), lost


@lru_cache(maxsize=100_000)
def shares_of(
    pattern: Pattern, feeds: int, mask: int, without: tuple[int, ...] = ()
) -> tuple[float, ...] | None:
    """What a device draws from each feed, as shares of its W; None where it is off.

    `mask`: the feeds that live; `without`: positions of PSUs that are dead.
    """
    alive = [feed for at, feed in enumerate(pattern.psus) if mask >> feed & 1 and at not in without]
    if len(alive) < pattern.needed:
        return None
    return tuple(alive.count(feed) / len(alive) for feed in range(feeds))


def merged(graph: Graph) -> tuple[tuple[Hanging, ...], tuple[RackKind, ...]]:
    """The distinct ancestors and the kinds of racks on them, in one order whatever that of the input."""
    found: dict[tuple[Hanging, tuple[float, ...], Held], list[str]] = {}
    known: dict[tuple[int, tuple[str, ...]], Held] = {}  # many racks have the very same devices
    for rack in sorted(graph.racks, key=lambda rack: rack.name):
        feeds = sorted(rack.feeds)
        hanging = Hanging(
            tuple(letter for letter, _ in feeds),
            tuple(unit for _, unit in feeds),
            rack.air,
            rack.liquid,
            rack.liquid_share,
        )
        same = (id(rack.devices), hanging.letters)
        if same not in known:
            known[same] = held(rack)
        limits = dict(rack.feed_w)
        key = (hanging, tuple(limits.get(letter, math.inf) for letter in hanging.letters), known[same])
        found.setdefault(key, []).extend((rack.name, *rack.more))
    hangings = {key[0]: 0 for key in found}
    places = {hanging: at for at, hanging in enumerate(hangings)}
    kinds = tuple(
        RackKind(places[hanging], feed_w, dict(groups), len(hanging.units), tuple(sorted(names)))
        for (hanging, feed_w, groups), names in found.items()
    )
    return tuple(hangings), kinds


def pattern_of(letters: Iterable[str], psus: Iterable[str], needed: int) -> Pattern:
    order = {letter: at for at, letter in enumerate(letters)}
    return Pattern(tuple(order[feed] for feed in psus), needed)


def held(rack: Rack) -> Held:
    """What stands in a rack, the same for all that hold the same."""
    letters = tuple(sorted(letter for letter, _ in rack.feeds))
    counted: dict[Pattern, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    for device in rack.devices:
        pattern = pattern_of(letters, (psu.feed for psu in device.psus), device.psus_needed)
        counted[pattern][device.allocated_w] += 1
    return tuple(
        (pattern, tuple(Group(w, count) for w, count in sorted(counted[pattern].items(), reverse=True)))
        for pattern in sorted(counted)
    )
