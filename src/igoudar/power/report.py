"""What every single and every double failure does, said once for all that are alike.

A double failure is here where it does what neither of its two does alone: a load is lost that neither
loses, or something is overloaded that neither overloads. Every other one is its two singles together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from igoudar.errors import and_more


class Kind(StrEnum):
    UNIT = "unit"  # a thing of a unit
    FEED = "feed"  # what brings one feed into a rack: tap-off, cord, rack PDU
    PSU = "psu"


@dataclass(frozen=True, slots=True)
class Psus:
    """Which PSU of which devices: the feeds of its PSUs, how many it needs, the position of this one.

    `watts`: (W of a device, how many of them are in each rack).
    """

    feeds: tuple[str, ...]
    needed: int
    at: int
    watts: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Element:
    """Things whose failure is alike, `things` of them.

    unit    `names` are units in series: one of their things is like any other
    feed    `names` are racks: in each, feed `feed`
    psu     `names` are racks: in each, this PSU of some devices
    """

    kind: Kind
    names: tuple[str, ...]
    things: int
    feed: str = ""
    psus: Psus | None = None

    def __str__(self) -> str:
        first, more = self.names[0], and_more(len(self.names))
        if self.kind is Kind.UNIT:
            return " or ".join(self.names) if len(self.names) < 4 else f"{first}{more} in series"
        if self.psus is None:
            return f"feed {self.feed} of {first}{more}"
        low, high = self.psus.watts[-1][0], self.psus.watts[0][0]
        watts = f"{low:g} W" if low == high else f"{low:g} to {high:g} W"
        return f"PSU {self.psus.at + 1} on {self.feed} of a device of {watts} in {first}{more}"


@dataclass(frozen=True, slots=True)
class Loss:
    """Each of `racks` loses `w`; for a feed or a PSU the one rack that it is in, for a PSU its own device."""

    racks: tuple[str, ...]
    low_w: float
    high_w: float


def lost_w(losses: Iterable[Loss]) -> float:
    return sum(loss.low_w * len(loss.racks) for loss in losses)


@dataclass(frozen=True, slots=True)
class Overload:
    """A unit, or a loop with its heat; with `racks` the feed `name` of each of them that is concerned."""

    name: str
    load_w: float
    limit_w: float
    racks: tuple[str, ...] = ()

    @property
    def excess_w(self) -> float:
        return self.load_w - self.limit_w

    def __str__(self) -> str:
        what = f"feed {self.name} of {self.racks[0]}" if self.racks else self.name
        return f"{what} {self.load_w:.0f} W of {self.limit_w:.0f} W"


@dataclass(frozen=True, slots=True)
class Single:
    """`lost_w`: least and most of one failure."""

    element: Element
    lost_w: tuple[float, float]
    losses: tuple[Loss, ...]
    overloads: tuple[Overload, ...]


class Which(StrEnum):
    """Which pairs of two elements are meant."""

    ANY = "any"
    SAME_UNIT = "two things of one unit"
    SAME_RACK = "both in one rack"
    SAME_DEVICE = "both of one device"


@dataclass(frozen=True, slots=True)
class Double:
    """What `pairs` failures of two do beyond what each of the two does alone."""

    first: Element
    second: Element
    which: Which
    pairs: int
    lost_w: tuple[float, float]
    losses: tuple[Loss, ...]
    overloads: tuple[Overload, ...]
    last_metre: bool  # two things of one rack that serve nothing else


@dataclass(frozen=True, slots=True)
class Push:
    """`push_w` is what one of these takes from the margin of a meter: load that it moves there, or capacity
    that it takes away. `w` is the device's, for PSUs."""

    element: Element
    push_w: float
    things: int
    w: float = 0.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Any two of `members` whose pushes together exceed `limit_w - load_w` overload `name` by the difference.

    Not meant are members at the positions `apart`, two feeds or a feed and a PSU of one rack, two PSUs of one
    device and two things of one unit: those share a load, and are doubles of their own where they do harm.
    With `racks`, `name` is the feed of each of these racks and both PSUs are in one rack.
    """

    name: str
    load_w: float
    limit_w: float
    members: tuple[Push, ...]  # in falling order of push_w
    apart: frozenset[tuple[int, int]]
    pairs: int
    worst: tuple[Element, Element]
    worst_over: Overload  # load and limit with both of the worst pair out
    racks: tuple[str, ...] = ()
    last_metre: bool = False  # all members are in one rack and serve nothing else


@dataclass(frozen=True, slots=True)
class Report:
    """`evaluated`: how many failures of one and of two were computed, each for all that are alike."""

    singles: tuple[Single, ...]
    doubles: tuple[Double, ...]
    crowds: tuple[Crowd, ...]
    things: int
    evaluated: tuple[int, int]

    @property
    def pairs(self) -> int:
        """All double failures that there are."""
        return self.things * (self.things - 1) // 2


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Doubles of like kinds: what fails together, how many pairs, and the worst of them."""

    kinds: str
    harm: str
    pairs: int
    most_lost_w: float
    example: str

    def __str__(self) -> str:
        lost = f", up to {self.most_lost_w / 1000:.1f} kW" if self.most_lost_w else ""
        pairs = "1 pair" if self.pairs == 1 else f"{self.pairs} pairs"
        return f"{self.kinds}: {pairs}, {self.harm}{lost}; {self.example}"


def lines(report: Report, kinds: dict[str, str]) -> tuple[Line, ...]:
    """Doubles and crowds for people, one line for all of like kinds; `kinds`: of units and loops by name."""
    found: dict[tuple[str, str], tuple[int, float, float, str]] = {}
    for key, pairs, lost_w, over, example in _rows(report, kinds):
        before, most, worst, shown = found.get(key, (0, 0.0, -1.0, ""))
        harm_w = lost_w + (over.excess_w if over else 0.0)
        if harm_w > worst:
            shown = example
        found[key] = before + pairs, max(most, lost_w), max(worst, harm_w), shown
    said = (Line(*key, pairs, most, shown) for key, (pairs, most, _, shown) in found.items())
    return tuple(sorted(said))


Row = tuple[tuple[str, str], int, float, Overload | None, str]
"""Key, pairs, W lost, the worst overload, an example."""


def _rows(report: Report, kinds: dict[str, str]) -> Iterator[Row]:
    for double in report.doubles:
        pair = " and ".join(sorted((_kind(double.first, kinds), _kind(double.second, kinds))))
        which = "" if double.which is Which.ANY else f" ({double.which})"
        harm = "a load is lost" if double.losses else "something is overloaded"
        over = max(double.overloads, key=lambda each: each.excess_w, default=None)
        example = f"such as {double.first} with {double.second}{f': {over}' if over else ''}"
        yield (pair + which, harm), double.pairs, double.lost_w[1], over, example
    for crowd in report.crowds:
        among = sorted({_kind(push.element, kinds) for push in crowd.members})
        which = f" ({Which.SAME_RACK})" if crowd.racks else ""
        what = "a feed of the rack" if crowd.racks else f"a shared {kinds.get(crowd.name, 'loop')}"
        example = f"such as {crowd.worst[0]} with {crowd.worst[1]}: {crowd.worst_over}"
        who = f"two of {', '.join(among)}{which}" if len(among) > 1 else f"{among[0]} and {among[0]}{which}"
        yield (who, f"{what} is overloaded"), crowd.pairs, 0.0, crowd.worst_over, example


def _kind(element: Element, kinds: dict[str, str]) -> str:
    if element.kind is not Kind.UNIT:
        return str(element.kind)
    return " or ".join(dict.fromkeys(kinds[name] for name in element.names))
