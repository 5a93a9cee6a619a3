"""Cables: a way through trays, both ends that fit, within reach and loss; power and data apart."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.cabling.power import without_outlet
from igoudar.cabling.route import meeting
from igoudar.cabling.trays import Floor
from igoudar.design import Design
from igoudar.errors import Finding, and_more, unknown
from igoudar.model import Inventory
from igoudar.quantities import LENGTH, shown


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    yield from design.hall.pulls.findings
    yield from _unplugged(inventory)
    yield from _trays(inventory)


def _unplugged(inventory: Inventory) -> Iterator[Finding]:
    for rack, inlets in without_outlet(inventory).items():
        more = and_more(len(inlets))
        said = f"{inlets[0]}{more} {'have' if more else 'has'} no outlet, and rack {rack} has rPDUs"
        expected, where = "a rule under `cords` for it, or a cord under `cables`", inventory.racks[rack].where
        yield Finding("psu-without-outlet", where, said, expected, subject=f"rack {rack}")


def _trays(inventory: Inventory) -> Iterator[Finding]:
    if inventory.cabling is None:
        return
    for hall, floor in inventory.cabling.floors.items():
        if hall not in inventory.halls:
            yield unknown("hall", hall, floor.where, inventory.halls)
        rows = {rack.row for rack in inventory.racks.values() if rack.hall == hall}
        for row in floor.rows:
            if row not in rows:
                said, known = f"hall {hall} has no row {row!r}", ", ".join(sorted(rows))
                yield Finding("unknown-row", floor.where.at("rows").at(row), said, f"one of {known}")
        yield from _too_near(floor, inventory.goods.apart_mm)


def _too_near(floor: Floor, apart_mm: float) -> Iterator[Finding]:
    for number, one in enumerate(floor.trays):
        for other in floor.trays[number + 1 :]:
            apart = abs(one.height_mm - other.height_mm)
            # more than one point in common: they share a line, and do not only cross
            if one.carries is not other.carries and len(meeting(one, other)) > 1 and apart < apart_mm:
                said = f"{one.name} and {other.name} run {shown(LENGTH, apart)} apart, for data and for power"
                expected = f"at least {shown(LENGTH, apart_mm)}"
                where, see = one.where.at("height"), other.where.at("height")
                yield Finding("trays-too-near", where, said, expected, see=see)
