"""Racks in halls, halls in buildings, buildings on the campus: no more than the place is built for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from igoudar.cabling.route import spot_of
from igoudar.cabling.schema import place
from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.facility.rest import Rest
from igoudar.hall.cause import grown, home, suspect, told_at
from igoudar.hall.draw import Draws, built_w, cooling_of
from igoudar.hall.excess import Excess
from igoudar.hall.places import Basis, Building, Cooling, Hall, Rack
from igoudar.hall.standing import standing
from igoudar.model import Device, Inventory
from igoudar.quantities import DISTANCE, POWER, shown


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    yield from _coordinates(inventory)
    inside = Inside(inventory)
    yield from _racks(inside)
    drawn = _drawn(inside)
    yield from _halls(inside, drawn)
    yield from sums(inventory, drawn)
    yield from _salt(inventory)
    yield from _envelopes(inventory)


@dataclass(slots=True)
class Inside:
    """What stands in racks and draws."""

    inventory: Inventory
    devices: Mapping[str, list[Device]] = field(init=False)
    draws: Draws = field(init=False)

    def __post_init__(self) -> None:
        self.devices = standing(self.inventory)
        self.draws = Draws(self.inventory)

    def draw_w(self, device: Device) -> float | None:
        return self.draws.of(device).allocated_w

    def built_w(self, rack: Rack) -> float:
        """`rack` as it is, or as it was before an override of it."""
        return built_w(rack.power_w, [self.draw_w(device) for device in self.devices[rack.name]])


def sums(inventory: Inventory, drawn: Mapping[str, float]) -> Iterator[Finding]:
    """What buildings and the campus have of halls. `drawn`: what the racks of each hall may draw."""
    powers = {n: drawn[n] if h.power_w is None else h.power_w for n, h in inventory.halls.items()}
    yield from _buildings(inventory, powers)
    yield from _campus(inventory, sum(powers.values()))


def _coordinates(inventory: Inventory) -> Iterator[Finding]:
    """A place is one thing's; and a row has one name among the records of the site."""
    racks: dict[tuple[str, str, int], Rack] = {}
    rows: dict[str, Rack] = {}
    for rack in inventory.racks.values():
        other = racks.setdefault((rack.hall, rack.row, rack.position), rack)
        if other is not rack:
            said = f"{rack.name} and {other.name} are both at position {rack.position} of row {rack.row}"
            yield Finding("same-place", rack.where, said, "one rack a place", see=other.where)
        other = rows.setdefault(f"{rack.hall}-{rack.row}", rack)
        if (other.hall, other.row) != (rack.hall, rack.row):
            said = (
                f"row {rack.row} of hall {rack.hall} and row {other.row} of hall {other.hall} are named alike"
            )
            yield Finding("same-place", rack.where, said, "another name", see=other.where)
    yield from _spots(inventory)
    halls: dict[tuple[int, int], Hall] = {}
    for hall in inventory.halls.values():
        first = halls.setdefault((hall.building, hall.number), hall)
        if first is not hall:
            said = f"{hall.name} and {first.name} are both hall {hall.number} of building {hall.building}"
            yield Finding("same-place", hall.where, said, "one hall a number", see=first.where)
    buildings: dict[int, Building] = {}
    for building in inventory.buildings.values():
        one = buildings.setdefault(building.number, building)
        if one is not building:
            said = f"{building.name} and {one.name} are both building {building.number}"
            yield Finding("same-place", building.where, said, "one building a number", see=one.where)


def _spots(inventory: Inventory) -> Iterator[Finding]:
    """Racks of different positions that stand at one spot of their hall's floor."""
    floors = inventory.cabling.floors if inventory.cabling else {}
    spots: dict[tuple[str, object], Rack] = {}
    for rack in inventory.racks.values():
        floor = floors.get(rack.hall)
        spot = spot_of(rack, floor) if floor else place(rack.at) if rack.at else None
        other = spots.setdefault((rack.hall, spot), rack) if spot else rack
        if (other.row, other.position) != (rack.row, rack.position):
            at = rack.at or other.at or f"the spot of position {rack.position} of row {rack.row}"
            said = f"{rack.name} and {other.name} both stand at {at} of the floor of hall {rack.hall}"
            where = rack.where.at("at") if rack.at else rack.where
            yield Finding("same-place", where, said, "one rack a place", see=other.where)


def _racks(inside: Inside) -> Iterator[Finding]:
    """Heat of a rack against how it leaves."""
    inventory = inside.inventory
    silent: dict[str, Rack] = {}
    for rack in inventory.racks.values():
        way, limit = cooling_of(inventory, rack)
        most = round(inside.built_w(rack), 3)
        if way is None and most and inventory.campus is not None:
            silent.setdefault(rack.hall, rack)
        if limit is not None and most > limit:
            yield _too_hot(inside, rack, f"cooled by {way}", Excess(POWER, most, limit))
    for name, rack in silent.items():
        said = f"that the heat of rack {rack.name} can leave cannot be shown"
        said = f"{said}: nobody says how hall {name} is cooled"
        expected, about = f"'cooling', one of {', '.join(Cooling)}", f"hall {name}"
        place, severity = inventory.halls[name].where, Severity.WARNING
        yield Finding("cooling-not-said", place, said, expected, severity=severity, subject=about)


def _too_hot(inside: Inside, rack: Rack, cooled: str, over: Excess) -> Finding:
    """Told of its power, or of what stands in it where that is more, or nobody says one."""

    def hot(one: Rack) -> bool:
        _, limit = cooling_of(inside.inventory, one)
        return limit is not None and inside.built_w(one) > limit

    stated = rack.power_w is not None and rack.power_w >= over.amount
    said = f"rack {rack.name} may draw" if stated else f"what stands in rack {rack.name} draws"
    said = f"{said} {shown(POWER, over.amount)}, {cooled}"
    suspects = [suspect(rack, ("cooling", "power"), hot)]
    if not stated:
        added = over.amount - over.limit
        suspects += grown(inside.devices[rack.name], ("draw", "type"), inside.draw_w, added)
    where = told_at(home(rack, "power"), suspects)
    return over.of(f"rack {rack.name}", "too-hot", where, said, ", or another cooling")


def sums_with(rest: Rest) -> Iterator[Finding]:
    """The same of the campus and of buildings of some halls, where others are not counted out."""
    inventory = rest.inventory
    drawn = _drawn(Inside(inventory))
    numbers = {inventory.halls[hall].building for hall in rest.halls}
    mine = {f"building {b.name}" for b in inventory.buildings.values() if b.number in numbers} | {"campus"}
    found = sums(inventory, {hall: drawn[rest.like.get(hall, hall)] for hall in drawn})
    return (finding for finding in found if finding.subject in mine)


def _drawn(inside: Inside) -> Mapping[str, float]:
    """Hall -> what its racks may draw; what stands in one counts where nobody says more."""
    drawn = dict.fromkeys(inside.inventory.halls, 0.0)
    for rack in inside.inventory.racks.values():
        drawn[rack.hall] += inside.built_w(rack)
    return drawn


def _halls(inside: Inside, drawn: Mapping[str, float]) -> Iterator[Finding]:
    for hall in inside.inventory.halls.values():
        total = round(drawn[hall.name], 3)
        if hall.power_w is not None and total > hall.power_w:
            said = f"the racks of hall {hall.name} may draw {shown(POWER, total)}"
            over, about = Excess(POWER, total, hall.power_w), f"hall {hall.name}"
            racks = [rack for rack in inside.inventory.racks.values() if rack.hall == hall.name]
            boxes = [box for rack in racks if rack.power_w is None for box in inside.devices[rack.name]]
            suspects = (
                *grown(racks, ("power",), inside.built_w, total - hall.power_w),
                *grown(boxes, ("draw", "type"), inside.draw_w, total - hall.power_w),
            )
            where = told_at(hall.where.at("power"), suspects)
            yield over.of(about, "hall-over-power", where, said)


def _buildings(inventory: Inventory, powers: Mapping[str, float]) -> Iterator[Finding]:
    numbers = {building.number for building in inventory.buildings.values()}
    for hall in inventory.halls.values():
        if inventory.buildings and hall.building not in numbers:
            said = f"hall {hall.name} is in building {hall.building}"
            known = ", ".join(str(n) for n in sorted(numbers))
            yield Finding("unknown-building", hall.where.at("building"), said, f"one of {known}")
    for building in inventory.buildings.values():
        yield from _floors(inventory, building)
        halls = [h for h in inventory.halls.values() if h.building == building.number]
        total = round(sum(powers[hall.name] for hall in halls), 3)
        if building.power_w is not None and total > building.power_w:
            said = f"the halls of building {building.name} may draw {shown(POWER, total)}"
            over, about = Excess(POWER, total, building.power_w), f"building {building.name}"
            yield over.of(about, "building-over-power", building.where.at("power"), said)


def _floors(inventory: Inventory, building: Building) -> Iterator[Finding]:
    """Floors above ground are counted from 0; those below it have no number of their own to be held to."""
    for hall in inventory.halls.values():
        if hall.building == building.number and hall.floor >= building.floors:
            said = f"hall {hall.name} is on floor {hall.floor}, and building {building.name} has"
            said = f"{said} {building.floors} above ground"
            expected = f"a floor up to {building.floors - 1}; the ground floor is 0"
            where, about = hall.where.at("floor"), f"hall {hall.name}"
            see = building.where.at("floors")
            yield Finding("unknown-floor", where, said, expected, see=see, subject=about)


def _campus(inventory: Inventory, it_w: float) -> Iterator[Finding]:
    campus = inventory.campus
    if campus is None:
        return
    total = round(it_w * (campus.design_pue if campus.basis is Basis.FACILITY else 1), 3)
    if total > campus.power_w:
        how = f" at a design PUE of {campus.design_pue:g}" if campus.basis is Basis.FACILITY else ""
        said = f"the halls may draw {shown(POWER, it_w)} of IT load, {shown(POWER, total)}{how}"
        over, where = Excess(POWER, total, campus.power_w), campus.where.at("capacity")
        yield over.of("campus", "campus-over-power", where, said, f" ({campus.basis})")


def _salt(inventory: Inventory) -> Iterator[Finding]:
    campus, limit = inventory.campus, inventory.limits.salt_m
    if campus is None or limit is None or campus.sea_m >= limit:
        return
    for hall in inventory.halls.values():
        if not hall.salt_filtration:
            yield Finding(
                "no-salt-filtration",
                hall.where,
                f"hall {hall.name} is {shown(DISTANCE, campus.sea_m)} from the sea and filters no salt",
                f"`salt_filtration: true` nearer than {shown(DISTANCE, limit)}",
                subject=f"hall {hall.name}",
            )


def _envelopes(inventory: Inventory) -> Iterator[Finding]:
    """A promise of which nothing is known; where there are units and a climate, the graph judges it."""
    if inventory.campus is not None and inventory.plant.units:
        return
    told: set[str] = set()
    things: list[tuple[str, Hall | Rack]] = [*inventory.halls.items()]
    things += [(rack.hall, rack) for rack in inventory.racks.values()]
    for name, thing in things:
        if (thing.air_class or thing.water_class) and name not in told:
            told.add(name)
            said = f"that hall {name} stays within its envelope cannot be shown"
            said = f"{said}: nobody says how hot it gets there, or what cools it"
            expected = "a section 'campus' with its climate, and 'units' and 'loops' that cool"
            where = thing.where.at("air_class" if thing.air_class else "water_class")
            yield Finding("envelope-not-shown", where, said, expected, subject=f"hall {name}")
