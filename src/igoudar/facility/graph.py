"""From an inventory to the graph of power, cooling and water.

A device's PSUs are on the feeds and phases that their cords lead to; without a cord they alternate over the
feeds of the rack, on no phase that anybody knows. Devices without an inlet of their own hang on a busbar:
they are one device, the shelf of the rack, with a PSU on each feed of which one carries all; what rPDUs draw
themselves hangs on it, too. A rack with a device of which nobody says the draw counts as its whole budget, on
its shelf.
A battery for minutes is no input: whatever is out is out for longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from igoudar.cabling.power import Plugged, plugged
from igoudar.facility.library import three_phase_va
from igoudar.facility.plant import SOURCES, FacilityType, Medium, Plant, PlantUnit
from igoudar.hall.draw import Draw, Draws, feeds_of
from igoudar.hall.places import Rack as Standing
from igoudar.hall.standing import standing
from igoudar.model import Device as Box
from igoudar.model import End, Inventory
from igoudar.power.graph import Device, Graph, Input, Loop, Psu, Rack, Source, Unit


def power_graph(inventory: Inventory) -> Graph:
    """All units, loops and racks. Judged at the site's hottest hour."""
    inside, racks, plant = standing(inventory), Racks(inventory), inventory.plant
    graph = Graph(
        units=tuple(_unit(plant, unit) for unit in plant.units.values()),
        racks=tuple(racks.rack(rack, inside[rack.name]) for rack in inventory.racks.values()),
        loops=tuple(Loop(loop.name, loop.to, loop.where) for loop in plant.loops.values()),
    )
    campus = inventory.campus
    return graph if campus is None else replace(graph, ambient_c=campus.climate.extreme_c)


def as_designed(inventory: Inventory, graph: Graph) -> Graph:
    """Each rack that states what it may draw draws that, on its shelf."""

    def full(rack: Rack) -> Rack:
        standing = inventory.racks[rack.name]
        if standing.power_w is None:
            return rack
        letters = tuple(letter for letter, _ in rack.feeds)
        return replace(rack, devices=_shelf(standing, letters, standing.power_w))

    return replace(graph, racks=tuple(full(rack) for rack in graph.racks))


def _unit(plant: Plant, unit: PlantUnit) -> Unit:
    kind = plant.types[unit.type]
    source = Source(kind.local, kind.renewable, kind.capacity_factor) if kind.kind in SOURCES else None
    return Unit(
        name=unit.name,
        kind=str(kind.kind),
        power=_lasting(plant, unit.power),
        water=unit.water,
        count=unit.count,
        needed=unit.needed,
        capacity_w=kind.capacity_w,
        capacity_va=kind.capacity_va,
        power_factor=kind.power_factor,
        breaker_w=_breaker_w(plant, kind, unit.breaker_a),
        loss_share=kind.loss_share,
        loss_fixed_w=kind.loss_fixed_w,
        balances=kind.double_conversion,
        heats=unit.room,
        draw_w=kind.draw_w,
        draw_share=kind.draw_share,
        cools=unit.cools,
        cooling=kind.cooling if unit.cools else (),
        supply=kind.supply if unit.cools else (),
        approach_k=kind.approach_k,
        water_l_per_kwh=kind.water_l_per_kwh,
        source=source,
        where=unit.where,
    )


def _lasting(plant: Plant, given: Input | None) -> Input | None:
    if given is None:
        return None
    lasting = tuple(name for name in given.units if not plant.bridges(name))
    return replace(given, units=lasting or given.units)


def _breaker_w(plant: Plant, kind: FacilityType, amperes: float | None) -> float | None:
    """What a breaker on three phases carries all day."""
    if amperes is None or kind.voltage_v is None:
        return None
    return three_phase_va(amperes, kind.voltage_v) * kind.power_factor * plant.limits.breaker_share


def tap_off_w(plant: Plant, feeds: Mapping[str, str]) -> float | None:
    """Of the weakest tap-off that a rack with these feeds has."""
    units = (plant.units[name] for name in feeds.values() if name in plant.units)
    found = (_breaker_w(plant, plant.types[unit.type], unit.tap_off_a) for unit in units)
    return min((w for w in found if w is not None), default=None)


@dataclass(slots=True)
class Racks:
    """Racks of the graph, with what of theirs is drawn where."""

    inventory: Inventory
    _draws: Draws = field(init=False)
    _loops: dict[tuple[str, Medium], str] = field(default_factory=dict)
    _plugged: Mapping[End, Plugged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._plugged = plugged(self.inventory)
        self._draws = Draws(self.inventory)
        for loop in self.inventory.plant.loops.values():
            if loop.medium is not None:
                self._loops[loop.hall, loop.medium] = loop.name

    def draw_w(self, box: Box) -> float | None:
        return self._draws.of(box).allocated_w

    def rack(self, rack: Standing, boxes: list[Box]) -> Rack:
        feeds = tuple(sorted(rack.feeds.items()))
        letters = tuple(letter for letter, _ in feeds)
        draws = {box.name: self._draws.of(box) for box in boxes}
        if any(draw.allocated_w is None for draw in draws.values()):
            devices = _shelf(rack, letters, rack.power_w or 0.0)
        else:
            hung = [box for box in boxes if box.feed or not draws[box.name].psus]
            bare = sum(draws[box.name].allocated_w or 0.0 for box in hung)
            own = (
                _device(box, draws[box.name], self._psus(box, draws[box.name], letters))
                for box in boxes
                if draws[box.name].psus and not box.feed
            )
            devices = (*(own if letters else ()), *_shelf(rack, letters, bare))
        liquid = self._liquid_share(boxes, draws)
        return Rack(
            name=rack.name,
            feeds=feeds,
            devices=devices,
            feed_w=tap_off_w(self.inventory.plant, rack.feeds),
            air=self._loops.get((rack.hall, Medium.AIR), ""),
            liquid=self._loops.get((rack.hall, Medium.LIQUID), "") if liquid else "",
            liquid_share=liquid,
            where=rack.where,
        )

    def _psus(self, box: Box, draw: Draw, letters: tuple[str, ...]) -> tuple[Psu, ...]:
        feeds = feeds_of(letters, draw.psus)
        if not self._plugged:
            return tuple(Psu(feed) for feed in feeds)
        inlets = self.inventory.types[box.type].parts.inlets
        cords = (self._plugged.get(End(box.name, inlet.name)) for inlet in inlets)
        return tuple(
            Psu(cord.feed, cord.leg) if cord and cord.feed in letters else Psu(feed)
            for cord, feed in zip(cords, feeds, strict=True)
        )

    def _liquid_share(self, boxes: Iterable[Box], draws: Mapping[str, Draw]) -> float:
        """The mean of what its devices give to liquid, weighed by what they draw."""
        facts = self.inventory.facts
        watts = liquid = 0.0
        for box in boxes:
            drawn = draws[box.name].allocated_w or 0.0
            watts += drawn
            liquid += drawn * (facts[box.type].liquid_share if box.type in facts else 0.0)
        return min(1.0, liquid / watts) if watts else 0.0


def _shelf(rack: Standing, letters: tuple[str, ...], watts: float) -> tuple[Device, ...]:
    """Nothing where nothing hangs on it. Its name cannot be that of a device."""
    if not watts or not letters:
        return ()
    psus = tuple(Psu(letter) for letter in letters)
    return (Device(name=f"the shelf of {rack.name}", allocated_w=watts, psus=psus, where=rack.where),)


def _device(box: Box, draw: Draw, psus: tuple[Psu, ...]) -> Device:
    """What its PSUs are rated at is not said again here: racks are judged by it."""
    return Device(
        name=box.name,
        allocated_w=draw.allocated_w or 0.0,
        psus=psus,
        psus_needed=draw.needed,
        where=box.where,
    )
