"""Air of a rack against that of its row: all breathe from the cold aisle.

Where `cold` says on which side of a rack that lies, its devices are held against it; the other racks of a row
against the first of them. What blows both ways inside one rack is told there.
"""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.checks.racks import ways_of
from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.cause import Suspect, home, suspect, told_at
from igoudar.hall.places import Rack
from igoudar.hall.standing import rows_first, standing
from igoudar.model import Device, Inventory

FROM = {"front": "front-to-rear", "rear": "rear-to-front"}  # by where the cold aisle lies


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    inside = standing(inventory)
    first: dict[tuple[str, str], tuple[Device, str]] = {}
    for name in sorted(inside):
        rack, ways = inventory.racks[name], ways_of(inventory, rows_first(inside[name]))
        if len(ways) != 1:
            continue
        ((way, device),) = ways.items()
        if rack.cold:
            yield from _against_the_aisle(inventory, rack, device, way)
            continue
        other, theirs = first.setdefault((rack.hall, rack.row), (device, way))
        if way != theirs:
            yield _against_the_row(inventory, rack, (device, way), (other, theirs))


def _against_the_aisle(inventory: Inventory, rack: Rack, device: Device, way: str) -> Iterator[Finding]:
    if way == FROM[rack.cold]:
        return
    said = f"{device.name} in rack {rack.name} blows {way}, into the cold aisle at its {rack.cold}"
    suspects = (
        _suspect(inventory, device, way),
        suspect(rack, ("cold",), lambda one: bool(one.cold) and way != FROM[one.cold]),
    )
    where, see = told_at(home(device, "type"), suspects)
    see = see or home(rack, "cold")
    yield Finding("against-the-aisle", where, said, FROM[rack.cold], see=see, subject=f"rack {rack.name}")


def _against_the_row(
    inventory: Inventory, rack: Rack, mine: tuple[Device, str], theirs: tuple[Device, str]
) -> Finding:
    (device, way), (other, its) = mine, theirs
    said = f"rack {rack.name} blows {way} ({device.name}), and {other.rack} of its row {its} ({other.name})"
    expected = "one direction a row, or `cold` of each rack, the side where its cold aisle lies"
    suspects = (_suspect(inventory, device, way), _suspect(inventory, other, its))
    where, see = told_at(home(device, "type"), suspects)
    see = see or home(other, "type")
    return Finding("against-the-aisle", where, said, expected, see=see, subject=f"rack {rack.name}")


def _suspect(inventory: Inventory, device: Device, way: str) -> Suspect | None:
    return suspect(device, ("type", "face"), lambda one: way in ways_of(inventory, [one]))
