"""From an inventory to the graph of power, cooling and water.

A device's PSUs are on the feeds and phases that their cords lead to; without a cord they alternate over the
feeds of the rack, on no phase that anybody knows. Devices without an inlet of their own hang on a busbar:
they are one device, the shelf of the rack, with a PSU on each feed of which one carries all; what rPDUs draw
themselves hangs on it, too. What is in a bay and has no inlet hangs on those of its parent. A rack with
devices of which nobody says the draw counts as its whole budget, and never as less than what the others draw:
these stay where they are, and what the budget leaves hangs on the feeds of those without a draw where all of
them hang alike, else on the shelf; on no phase either way: one would be blamed for what a whole rack may
draw.
A battery for minutes is no input: whatever is out is out for longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from igoudar.cabling.power import Plugged, plugged
from igoudar.facility.library import three_phase_va
from igoudar.facility.plant import SOURCES, FacilityType, Medium, Plant, PlantUnit
from igoudar.hall.bays import fed_in_bays, feeder_of
from igoudar.hall.draw import Draw, Draws, built_w, feeds_of, left_w
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
    """Each rack that states what it may draw draws that, on its shelf; no less than what stands in it."""

    def full(rack: Rack) -> Rack:
        standing = inventory.racks[rack.name]
        if standing.power_w is None:
            return rack
        letters = tuple(letter for letter, _ in rack.feeds)
        built = built_w(standing.power_w, [device.allocated_w for device in rack.devices])
        return replace(rack, devices=_shelf(standing, letters, built))

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


def tap_offs(plant: Plant, feeds: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """Of the feeds of a rack that have one, by letter."""
    units = [(letter, plant.units[name]) for letter, name in sorted(feeds.items()) if name in plant.units]
    found = ((letter, _breaker_w(plant, plant.types[unit.type], unit.tap_off_a)) for letter, unit in units)
    return tuple((letter, w) for letter, w in found if w is not None)


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
        known = [draw.allocated_w for draw in draws.values()]
        left = left_w(rack.power_w, known)
        liquid = self._liquid_share(boxes, draws, left / max(1, known.count(None)))
        return Rack(
            name=rack.name,
            feeds=feeds,
            devices=tuple(self._devices(rack, boxes, draws, left)) if letters else (),
            feed_w=tap_offs(self.inventory.plant, rack.feeds),
            air=self._loops.get((rack.hall, Medium.AIR), ""),
            liquid=self._loops.get((rack.hall, Medium.LIQUID), "") if liquid else "",
            liquid_share=liquid,
            where=rack.where,
        )

    def _devices(
        self, rack: Standing, boxes: list[Box], draws: Mapping[str, Draw], left: float
    ) -> Iterator[Device]:
        """`left` is what those draw together of whom nobody says it."""
        letters = tuple(sorted(rack.feeds))
        bays = fed_in_bays(self.inventory, ((box, draws[box.name].allocated_w) for box in boxes))
        shelf, unsaid = 0.0, set[tuple[tuple[str, ...], int]]()
        for box in boxes:
            draw = draws[box.name]
            psus = () if box.feed else self._psus(box, draw, letters)
            if draw.allocated_w is None:
                unsaid.add((tuple(sorted(psu.feed for psu in psus)), draw.needed))
            elif not psus and box.bay and feeder_of(self.inventory, box):
                continue
            watts = (draw.allocated_w or 0.0) + bays.get(box.name, 0.0)
            if psus and (watts or draw.allocated_w is not None):
                yield _device(box, (draw, watts), psus)
            else:
                shelf += watts
        inlets, needed = next(iter(unsaid)) if len(unsaid) == 1 else ((), 1)
        if inlets and left:
            name, psus = f"what nobody says of {rack.name}", tuple(Psu(feed) for feed in inlets)
            yield Device(name=name, allocated_w=left, psus=psus, psus_needed=needed, where=rack.where)
            left = 0.0
        yield from _shelf(rack, letters, shelf + left)

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

    def _liquid_share(self, boxes: Iterable[Box], draws: Mapping[str, Draw], unsaid_w: float) -> float:
        """The mean of what its devices give to liquid, weighed by what they draw; `unsaid_w`: where nobody
        says it."""
        facts = self.inventory.facts
        watts = liquid = 0.0
        for box in boxes:
            allocated = draws[box.name].allocated_w
            drawn = unsaid_w if allocated is None else allocated
            watts += drawn
            liquid += drawn * (facts[box.type].liquid_share if box.type in facts else 0.0)
        return min(1.0, liquid / watts) if watts else 0.0


def _shelf(rack: Standing, letters: tuple[str, ...], watts: float) -> tuple[Device, ...]:
    """Nothing where nothing hangs on it. Its name cannot be that of a device."""
    if not watts or not letters:
        return ()
    psus = tuple(Psu(letter) for letter in letters)
    return (Device(name=f"the shelf of {rack.name}", allocated_w=watts, psus=psus, where=rack.where),)


def _device(box: Box, drawn: tuple[Draw, float], psus: tuple[Psu, ...]) -> Device:
    """`drawn`: of it, and W with its bays. Ratings are not said again: racks are judged by them."""
    draw, watts = drawn
    return Device(
        name=box.name,
        allocated_w=watts,
        psus=psus,
        psus_needed=draw.needed,
        where=box.where,
    )
