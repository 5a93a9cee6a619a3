"""Power, cooling and water of a site as one graph of frozen values; all power in W, temperatures in °C.

    unit    one thing (UPS, board, pump), or `count` equal things in parallel that share its load
    rack    feeds by letter, each on one unit; devices whose PSUs are on feeds
    loop    one stage on the way of heat out of a room: what cools it, and which loop takes its heat on

Load splits only at a device's PSUs, equally over those that are alive, and over the things of a unit. A
unit with several inputs is a transfer switch: all its load is on the first that lives (`together`: a ring).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from igoudar.errors import Where

LEGS = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True)
class Input:
    """Units in order of preference; the first that lives gives everything.

    `together`: all that live give, each in proportion to the capacity that it has left (equally where one
    of them has no limit).
    """

    units: tuple[str, ...]
    together: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What makes a unit without input a source.

    `capacity_factor` is the annual mean as a share of the capacity; None: it makes no energy of its own
    (battery, grid tie).
    """

    local: bool
    renewable: bool
    capacity_factor: float | None = None


def on_curve(points: tuple[tuple[float, float], ...], ambient_c: float) -> float | None:
    """Linear between points, level below the first; None above the last, which nobody knows."""
    if not points or ambient_c > points[-1][0]:
        return None
    if ambient_c <= points[0][0]:
        return points[0][1]
    at = next(i for i, (celsius, _) in enumerate(points) if ambient_c <= celsius)
    (low, before), (high, after) = points[at - 1], points[at]
    return before + (after - before) * (ambient_c - low) / (high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Things of one kind in one place. Capacities, losses and draw are of each thing.

    With fewer than `needed` things left a unit is off; one that cools goes on with those that are left.
    A unit's load is what its consumers draw, what it draws is that with its losses and its own `draw_w`.
    """

    name: str
    kind: str
    power: Input | None = None
    water: Input | None = None  # a unit without it stands still
    count: int = 1
    needed: int = 1
    capacity_w: float | None = None
    capacity_va: float | None = None
    power_factor: float = 1.0  # of its load
    breaker_w: float | None = None  # what its breaker carries all day, at its power factor
    loss_share: float = 0.0  # of the load
    loss_fixed_w: float = 0.0  # while it is on, with or without load
    balances: bool = False  # draws equally from three phases whatever its load does (double conversion)
    heats: str = ""  # the loop to which its losses and its own draw are heat
    draw_w: float = 0.0  # of its own, of each of the needed things, at the design point
    draw_share: float = 1.0  # the year's mean of `draw_w`, as a share
    cools: str = ""  # the loop that it serves
    cooling: tuple[tuple[float, float], ...] = ()  # (ambient °C, W of heat), rising in temperature
    supply: tuple[tuple[float, float], ...] = ()  # (ambient °C, °C that it supplies), as `cooling`
    approach_k: float | None = None  # what it supplies above what it gives its heat to
    water_l_per_kwh: float = 0.0  # of heat, the year's mean
    source: Source | None = None
    where: Where | None = None

    @property
    def limit_w(self) -> float:
        """What each thing carries, in W: the least of what is known, or infinity."""
        known = [w for w in (self.capacity_w, self.breaker_w) if w is not None]
        if self.capacity_va is not None:
            known.append(self.capacity_va * self.power_factor)
        return min(known, default=math.inf)

    def cooling_w(self, ambient_c: float) -> float:
        """Heat that each thing takes away: 0 above the last point."""
        return on_curve(self.cooling, ambient_c) or 0.0

    def inputs(self) -> Iterator[str]:
        for given in (self.power, self.water):
            if given is not None:
                yield from given.units


@dataclass(frozen=True, slots=True)
class Psu:
    """`feed` is a letter of the rack, `leg` the phase; without one it draws from all three."""

    feed: str
    leg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Off with fewer than `psus_needed` PSUs alive. `psu_w` is the rating of each: it caps, it is no load."""

    name: str
    allocated_w: float
    psus: tuple[Psu, ...]
    psus_needed: int = 1
    psu_w: float | None = None
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """`feed_w`: what the tap-off of a feed carries all day, by its letter; of others nothing bounds it.
    `liquid_share` of its heat is `liquid`'s, the
    rest `air`'s; a loop without a name is one that is not looked at. `more`: racks that hang on the same and
    hold the same, and are counted with it."""

    name: str
    feeds: tuple[tuple[str, str], ...]  # letter, unit; at most one of a letter
    devices: tuple[Device, ...] = ()
    feed_w: tuple[tuple[str, float], ...] = ()
    air: str = ""
    liquid: str = ""
    liquid_share: float = 0.0
    where: Where | None = None
    more: tuple[str, ...] = ()

    def limit_w(self, letter: str) -> float | None:
        return dict(self.feed_w).get(letter)


@dataclass(frozen=True, slots=True)
class Loop:
    """Its capacity is that of the living units that cool it; its heat is heat of `rejects_to` too."""

    name: str
    rejects_to: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """`ambient_c` is the outside temperature for which it is judged."""

    units: tuple[Unit, ...]
    racks: tuple[Rack, ...] = ()
    loops: tuple[Loop, ...] = ()
    ambient_c: float = 20.0

    def kinds(self) -> dict[str, str]:
        """Of units and loops, by name."""
        return {unit.name: unit.kind for unit in self.units} | {loop.name: "loop" for loop in self.loops}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with one object, without a severity: that is for the edge to say.

    `code` as in `errors.Finding`; `name` is the unit's, the rack's or the loop's. `amount`: where it is too
    much of something, what the message tells, in `unit`.
    """

    code: str
    name: str
    message: str
    expected: str = ""
    hint: str = ""
    where: Where | None = None
    amount: float | None = None
    unit: str = ""
