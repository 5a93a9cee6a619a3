"""The way of a cable: up, along the row, across, along the other row, down, and slack at both ends.

The shortest way through trays that carry what it carries, never the distance between two racks. A cable that
stays in its rack runs along its side. Trays meet where they share a place of the grid.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from igoudar.cabling.goods import RackSize
from igoudar.cabling.schema import place
from igoudar.cabling.trays import Cabling, Carries, Floor, Spot, Tray
from igoudar.hall.levels import span
from igoudar.hall.places import Rack

M = 1000.0  # mm
_Node = tuple[Spot, str]  # a point of a tray, by its name


@dataclass(frozen=True, slots=True)
class Route:
    """`length_m` of the cable with its slack. `trays` in order from the end that was named first."""

    length_m: float
    trays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Why there is none: of a row, of a rack, or between both. `strange`: trays of power over the rack."""

    said: str
    rack: str = ""
    strange: tuple[str, ...] = ()
    row: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """Through trays, without the ways up and down: from a tray at the height `up_mm` to one at `down_mm`."""

    mm: float
    trays: tuple[str, ...]
    up_mm: float
    down_mm: float


@dataclass(frozen=True, slots=True)
class Mount:
    """Where an end is plugged in: a device of `units` at `u`."""

    rack: Rack
    u: float
    units: float = 1.0


def spot_of(rack: Rack, floor: Floor) -> Spot | None:
    """Where a rack stands on the floor; None where nobody says it."""
    if rack.at:
        digits, letters = place(rack.at)
        return Spot(digits * floor.tile_mm, letters * floor.tile_mm)
    first = floor.rows.get(rack.row)
    return Spot(first.x_mm + (rack.position - 1) * floor.pitch_mm, first.y_mm) if first else None


def passes(tray: Tray, spot: Spot, floor: Floor) -> bool:
    """Whether a tray runs over a spot, to half a tile."""
    half = floor.tile_mm / 2
    along_x = tray.a.x_mm - half <= spot.x_mm <= tray.b.x_mm + half
    return along_x and tray.a.y_mm - half <= spot.y_mm <= tray.b.y_mm + half


@dataclass(slots=True)
class Ways:
    """All ways through the trays for data of one floor; answers are kept, since racks repeat.

    `only` narrows it to some trays by name, of whatever kind.
    """

    floor: Floor
    only: frozenset[str] = frozenset()
    trays: dict[str, Tray] = field(default_factory=dict)
    points: dict[str, list[_Node]] = field(default_factory=dict)
    edges: dict[_Node, list[tuple[float, _Node]]] = field(default_factory=lambda: defaultdict(list))
    between: dict[tuple[str, str], list[Way] | NoRoute] = field(default_factory=dict)
    reached: dict[_Node, tuple[dict[_Node, float], dict[_Node, _Node]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trays, only = self.floor.trays, self.only
        wanted = [t for t in trays if (t.name in only if only else t.carries is Carries.DATA)]
        self.trays = {tray.name: tray for tray in wanted}
        spots_of: dict[str, set[Spot]] = {tray.name: set() for tray in wanted}
        for number, one in enumerate(wanted):
            for other in wanted[number + 1 :]:
                for spot in meeting(one, other):
                    spots_of[one.name].add(spot)
                    spots_of[other.name].add(spot)
                    step = abs(one.height_mm - other.height_mm)
                    self._join((spot, one.name), (spot, other.name), step)
        for name, spots in spots_of.items():
            ordered = sorted(spots)
            self.points[name] = [(spot, name) for spot in ordered]
            for a, b in pairwise(ordered):
                self._join((a, name), (b, name), _apart(a, b))

    def _join(self, a: _Node, b: _Node, mm: float) -> None:
        self.edges[a].append((mm, b))
        self.edges[b].append((mm, a))

    def along(self, a: Rack, b: Rack) -> list[Way] | NoRoute:
        """The shortest for each tray that passes `a` and each that passes `b`."""
        pair = (a.name, b.name)
        if pair not in self.between:
            self.between[pair] = self._along(a, b)
        return self.between[pair]

    def _along(self, a: Rack, b: Rack) -> list[Way] | NoRoute:
        ends: list[tuple[Spot, list[Tray]]] = []
        for rack in (a, b):
            spot = spot_of(rack, self.floor)
            if spot is None:
                return NoRoute(f"nobody says where row {rack.row} is", row=rack.row)
            over = [tray for tray in self.floor.trays if passes(tray, spot, self.floor)]
            mine = [tray for tray in over if tray.name in self.trays]
            if not mine:
                strange = tuple(tray.name for tray in over if tray.carries is not Carries.DATA)
                return NoRoute(f"no tray for data passes rack {rack.name}", rack.name, strange)
            ends.append((spot, mine))
        (start, first), (goal, last) = ends
        pairs = (list(self._ways(start, one, goal, other)) for one in first for other in last)
        found = [min(ways) for ways in pairs if ways]
        return found or NoRoute(f"no trays for data lead from rack {a.name} to rack {b.name}")

    def _ways(self, start: Spot, one: Tray, goal: Spot, other: Tray) -> Iterator[Way]:
        """From above a rack on one tray to above one on another, by every pair of points that joins them."""
        heights = (one.height_mm, other.height_mm)
        if one is other:
            yield Way(_apart(start, goal), (one.name,), *heights)
        for enter in self.points[one.name]:
            far, before = self._from(enter)
            for leave in self.points[other.name]:
                if leave in far:
                    mm = _apart(start, enter[0]) + far[leave] + _apart(leave[0], goal)
                    yield Way(mm, _names(enter, leave, before), *heights)

    def _from(self, start: _Node) -> tuple[dict[_Node, float], dict[_Node, _Node]]:
        """Dijkstra's shortest ways from one point to all others, and the point before each."""
        if start in self.reached:
            return self.reached[start]
        far, before = {start: 0.0}, dict[_Node, _Node]()
        heap = [(0.0, start)]
        done: set[_Node] = set()
        while heap:
            mm, node = heapq.heappop(heap)
            if node in done:
                continue
            done.add(node)
            for step, near in self.edges[node]:
                if mm + step < far.get(near, float("inf")):
                    far[near], before[near] = mm + step, node
                    heapq.heappush(heap, (mm + step, near))
        self.reached[start] = far, before
        return far, before


def _names(enter: _Node, leave: _Node, before: Mapping[_Node, _Node]) -> tuple[str, ...]:
    names, node = [leave[1]], leave
    while node != enter:
        node = before[node]
        names.append(node[1])
    return tuple(dict.fromkeys(reversed(names)))


def _apart(a: Spot, b: Spot) -> float:
    return abs(a.x_mm - b.x_mm) + abs(a.y_mm - b.y_mm)


def meeting(one: Tray, other: Tray) -> list[Spot]:
    """The first and the last point of what two trays have in common; most cross in one."""
    low_x, high_x = max(one.a.x_mm, other.a.x_mm), min(one.b.x_mm, other.b.x_mm)
    low_y, high_y = max(one.a.y_mm, other.a.y_mm), min(one.b.y_mm, other.b.y_mm)
    if low_x > high_x or low_y > high_y:
        return []
    return sorted({Spot(low_x, low_y), Spot(high_x, high_y)})


@dataclass(slots=True)
class Router:
    """Routes between any two mounts of a site."""

    cabling: Cabling
    size: RackSize
    ways: dict[tuple[str, frozenset[str]], Ways] = field(default_factory=dict)

    def route(self, a: Mount, b: Mount, only: frozenset[str] = frozenset()) -> Route | NoRoute | None:
        """None where nothing is said of the hall's floor."""
        if a.rack.name == b.rack.name:
            apart = abs(self._height(a) - self._height(b)) / M
            return Route(round(apart + 2 * self.cabling.slack_rack_m, 3))
        if a.rack.hall != b.rack.hall:
            return NoRoute(f"no trays lead from hall {a.rack.hall} to hall {b.rack.hall}")
        floor = self.cabling.floors.get(a.rack.hall)
        if floor is None:
            return None
        key = (floor.hall, only)
        if key not in self.ways:
            self.ways[key] = Ways(floor, only=only)
        found = self.ways[key].along(a.rack, b.rack)
        if isinstance(found, NoRoute):
            return found
        low, high = self._height(a), self._height(b)
        mm, trays = min((w.mm + abs(w.up_mm - low) + abs(w.down_mm - high), w.trays) for w in found)
        return Route(round(mm / M + 2 * self.cabling.slack_tray_m, 3), trays)

    def _height(self, mount: Mount) -> float:
        """Above the floor, in mm; what stands beside the U counts as low as it can be."""
        low = span(mount.rack, mount.u, mount.units).low if mount.u else 0.0
        return self.size.base_mm + max(low, 0.0) * self.size.unit_of(mount.rack)
