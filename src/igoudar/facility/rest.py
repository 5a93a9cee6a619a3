"""The halls of a site that are not counted out: each is like one that is, and loads what all halls share."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from igoudar.errors import Where
from igoudar.facility.graph import tap_offs
from igoudar.facility.plant import Medium
from igoudar.facility.served import NOWHERE, Halls, Served, served
from igoudar.model import Inventory
from igoudar.power.flow import State
from igoudar.power.graph import Graph
from igoudar.power.racks import held

MOST = 2.0
OF_ALL = ("campus", "energy")
Feeds = tuple[tuple[str, str], ...]


class Unreadable(Exception):
    """Power and cooling of the site cannot be read: nothing flows in its graph."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A rack that is not counted out; `like`: one that is, and holds the same."""

    name: str
    hall: str
    like: str
    feeds: Feeds


@dataclass(frozen=True, slots=True)
class Rest:
    """`halls`: those that are judged. `like`: other halls, and the one of `inventory` that each is like."""

    inventory: Inventory
    halls: Halls
    like: Mapping[str, str]
    copies: tuple[Copy, ...]

    def hall_of(self) -> dict[str, str]:
        """Of each rack of the site."""
        found = {name: rack.hall for name, rack in self.inventory.racks.items()}
        return found | {copy.name: copy.hall for copy in self.copies}

    def lines(self) -> dict[str, Where]:
        """Where each rack of the site is written."""
        racks = self.inventory.racks
        found = {name: rack.where for name, rack in racks.items()}
        return found | {copy.name: racks[copy.like].where for copy in self.copies}

    def added(self, graph: Graph) -> Graph:
        """The graph with the racks of all halls, alike ones of a hall as one. Raises Unreadable."""
        units = {unit.name for unit in graph.units}
        if not units >= {unit for copy in self.copies for _, unit in copy.feeds}:
            raise Unreadable
        there = {rack.name: rack for rack in graph.racks}
        loops = {(loop.hall, loop.medium): loop.name for loop in self.inventory.plant.loops.values()}
        holds: dict[object, int] = {}
        kinds = {
            name: holds.setdefault((held(rack), rack.liquid_share), len(holds))
            for name in {copy.like for copy in self.copies}
            for rack in [there[name]]
        }
        alike: dict[tuple[str, Feeds, int], list[Copy]] = defaultdict(list)
        for copy in self.copies:
            alike[copy.hall, copy.feeds, kinds[copy.like]].append(copy)
        found = []
        for (hall, feeds, _), copies in alike.items():
            first, *more = sorted(copy.name for copy in copies)
            one = there[copies[0].like]
            found.append(
                replace(
                    one,
                    name=first,
                    more=tuple(more),
                    feeds=feeds,
                    feed_w=tap_offs(self.inventory.plant, dict(feeds)),
                    air=loops.get((hall, Medium.AIR), ""),
                    liquid=loops.get((hall, Medium.LIQUID), "") if one.liquid_share else "",
                )
            )
        return replace(graph, racks=(*graph.racks, *found))


class Concern:
    """Which of what is found concerns the halls that are judged. `graph`: of the site, without faults."""

    def __init__(self, rest: Rest, graph: Graph) -> None:
        self.halls, self.plant = rest.halls, rest.inventory.plant
        self.hall_of = rest.hall_of()
        self.served: Served = served(graph, self.hall_of)
        self.rooms: dict[str, Halls] = {}  # loops that take what units lose, too
        for unit in self.plant.units.values():
            if unit.room:
                halls = self.served.units.get(unit.name, NOWHERE)
                self.rooms[unit.room] = self.rooms.get(unit.room, NOWHERE) | halls

    def reached(self, name: str) -> Halls:
        """By a unit or a loop; one that serves nobody and stands in no hall concerns all."""
        found = self.served.units.get(name, NOWHERE) | self.served.loops.get(name, NOWHERE)
        unit = self.plant.units.get(name)
        found |= self.rooms.get(unit.cools if unit else name, NOWHERE)
        thing = unit or self.plant.loops.get(name)
        own = thing.hall if thing else ""
        return found or (frozenset({own}) if own else self.halls)

    def beside(self, state: State) -> frozenset[str]:
        """Units and racks of other halls whose failures cannot overload what they share, however all that
        these halls draw is moved: with losses on its way, no W is more than `MOST` on any meter.
        """
        reach = [self.reached(unit.name) for unit in state.units]
        drawn, room = self._drawn_w(state, reach), self._room_w(state, reach)
        far = {hall for hall, watts in drawn.items() if room.get(hall, math.inf) >= MOST * watts}
        far -= self.halls
        units = {unit.name for unit, halls in zip(state.units, reach, strict=True) if far >= halls}
        return frozenset(units | {name for name, hall in self.hall_of.items() if hall in far})

    def _drawn_w(self, state: State, reach: Sequence[Halls]) -> dict[str, float]:
        """What each hall takes, at most, from units that it shares."""
        found: dict[str, float] = dict.fromkeys(self.hall_of.values(), 0.0)
        for at, halls in enumerate(reach):
            if len(halls) == 1:
                shares = (share for supplier, share in state.split[at] if len(reach[supplier]) > 1)
                found[min(halls)] = found.get(min(halls), 0.0) + state.draw[at] * sum(shares)
        for kind in state.kinds:
            if any(len(reach[unit]) > 1 for unit in state.feeds[kind.hanging]):
                watts = sum(group.w * group.count for groups in kind.groups.values() for group in groups)
                for rack in kind.racks:
                    found[self.hall_of[rack]] += watts
        return found

    def _room_w(self, state: State, reach: Sequence[Halls]) -> dict[str, float]:
        """The least that what each hall shares could carry or cool more; what is overloaded is so already."""
        found: dict[str, float] = {}
        halls_of = [*reach, *(self.reached(loop.name) for loop in state.loops)]
        for meter, halls in enumerate(halls_of):
            if len(halls) > 1 and not state.over(meter):
                for hall in halls:
                    found[hall] = min(found.get(hall, math.inf), state.margin(meter))
        return found

    def concerns(self, subject: str) -> bool:
        kind, _, name = subject.partition(" ")
        if kind == "rack":
            return self.hall_of.get(name) in self.halls
        if kind in ("unit", "loop"):
            return not self.halls.isdisjoint(self.reached(name))
        if kind == "hall":
            return name in self.halls
        if kind == "scheme":
            promised = self.plant.schemes[name].halls
            return not promised or not self.halls.isdisjoint(promised)
        return subject in OF_ALL or kind == "type"
