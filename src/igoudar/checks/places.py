"""Racks in halls, halls in buildings, buildings on the campus: no more than the place is built for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.places import Basis, Building, Cooling, Hall, Rack
from igoudar.model import Inventory
from igoudar.quantities import DISTANCE, POWER, shown


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    yield from _coordinates(inventory)
    yield from _racks(inventory)
    yield from _halls(inventory)
    yield from _buildings(inventory)
    yield from _campus(inventory)
    yield from _salt(inventory)


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


def _racks(inventory: Inventory) -> Iterator[Finding]:
    """Heat of a rack against how it leaves."""
    for rack in inventory.racks.values():
        way = _cooling(inventory, rack.hall, rack.cooling)
        limit = inventory.limits.rack_w.get(way) if way else None
        if limit is not None and rack.power_w is not None and rack.power_w > limit:
            yield Finding(
                "too-hot",
                rack.where.at("power"),
                f"rack {rack.name} may draw {shown(POWER, rack.power_w)}, cooled by {way}",
                f"at most {shown(POWER, limit)}, or another cooling",
                subject=f"rack {rack.name}",
                amount=rack.power_w,
                unit=POWER.base,
            )


def _cooling(inventory: Inventory, hall: str, own: Cooling | None) -> Cooling | None:
    return own or inventory.halls[hall].cooling


def _halls(inventory: Inventory) -> Iterator[Finding]:
    totals: dict[str, float] = defaultdict(float)
    for rack in inventory.racks.values():
        totals[rack.hall] += rack.power_w or 0
    for hall in inventory.halls.values():
        total = round(totals[hall.name], 3)
        if hall.power_w is not None and total > hall.power_w:
            yield Finding(
                "hall-over-power",
                hall.where.at("power"),
                f"the racks of hall {hall.name} may draw {shown(POWER, total)}",
                f"at most {shown(POWER, hall.power_w)}",
                subject=f"hall {hall.name}",
                amount=total,
                unit=POWER.base,
            )


def _buildings(inventory: Inventory) -> Iterator[Finding]:
    numbers = {building.number for building in inventory.buildings.values()}
    for hall in inventory.halls.values():
        if inventory.buildings and hall.building not in numbers:
            said = f"hall {hall.name} is in building {hall.building}"
            known = ", ".join(str(n) for n in sorted(numbers))
            yield Finding("unknown-building", hall.where.at("building"), said, f"one of {known}")
    powers = _powers(inventory)
    for building in inventory.buildings.values():
        halls = [h for h in inventory.halls.values() if h.building == building.number]
        total = round(sum(powers[hall.name] for hall in halls), 3)
        if building.power_w is not None and total > building.power_w:
            said = f"the halls of building {building.name} may draw {shown(POWER, total)}"
            yield Finding(
                "building-over-power",
                building.where.at("power"),
                said,
                f"at most {shown(POWER, building.power_w)}",
                subject=f"building {building.name}",
                amount=total,
                unit=POWER.base,
            )


def _powers(inventory: Inventory) -> dict[str, float]:
    """Of each hall: what it states, else what its racks may draw."""
    racks: dict[str, float] = defaultdict(float)
    for rack in inventory.racks.values():
        racks[rack.hall] += rack.power_w or 0
    return {
        name: racks[name] if hall.power_w is None else hall.power_w for name, hall in inventory.halls.items()
    }


def _campus(inventory: Inventory) -> Iterator[Finding]:
    campus = inventory.campus
    if campus is None:
        return
    it_w = sum(_powers(inventory).values())
    total = round(it_w * (campus.design_pue if campus.basis is Basis.FACILITY else 1), 3)
    if total > campus.power_w:
        how = f" at a design PUE of {campus.design_pue:g}" if campus.basis is Basis.FACILITY else ""
        yield Finding(
            "campus-over-power",
            campus.where.at("capacity"),
            f"the halls may draw {shown(POWER, it_w)} of IT load, {shown(POWER, total)}{how}",
            f"at most {shown(POWER, campus.power_w)} ({campus.basis})",
            subject="campus",
            amount=total,
            unit=POWER.base,
        )


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
