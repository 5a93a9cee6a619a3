"""The hall: rows, racks and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from igoudar import resources
from igoudar.cabling.pulls import pulls_of
from igoudar.compiler import Compiled
from igoudar.design import HallDesign, RowDesign
from igoudar.facility.graph import Racks
from igoudar.hall import cable_row, unit_row
from igoudar.hall.levels import rising
from igoudar.hall.places import Rack
from igoudar.hall.standing import standing
from igoudar.model import Device, Inventory, Status


def describe(inventory: Inventory) -> HallDesign:
    """Racks by row and position, devices of each from the top U down; planned devices stand nowhere yet.

    And what each cable is, and how long.
    """
    racks = sorted(inventory.racks.values(), key=lambda r: (r.hall, r.row, r.position))
    inside = standing(inventory)
    rows: dict[tuple[str, str], list[str]] = {}
    for rack in racks:
        rows.setdefault((rack.hall, rack.row), []).append(rack.name)
    names = {rack.name: _from_the_top(rack, inside[rack.name]) for rack in racks}
    told = (
        RowDesign(hall, row, tuple(own), {rack: names[rack] for rack in own})
        for (hall, row), own in rows.items()
    )
    return HallDesign(tuple(told), pulls_of(inventory))


def _from_the_top(rack: Rack, devices: list[Device]) -> tuple[str, ...]:
    there = (device for device in devices if device.status is not Status.PLANNED)
    return tuple(d.name for d in sorted(there, key=lambda d: (-rising(rack, d.u), d.name)))


class Halls(pulumi.ComponentResource):
    """A `Racks` record for each row, a `Cabling` record for each hall."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__("igoudar:stacks:Halls", compiled.site, None, _after(after))
        racks = Racks(compiled.design.inventory)
        for row in compiled.design.hall.rows:
            resources.Record(
                "igoudar:hall:Racks",
                f"{row.hall}-{row.row}",
                unit_row.rows_of(
                    {rack: resources.rack_record(racks, rack, row.devices[rack]) for rack in row.racks}
                ),
                pulumi.ResourceOptions(parent=self),
            )
        for hall, cables in resources.cabling_records(compiled).items():
            opts = pulumi.ResourceOptions(parent=self)
            resources.Record("igoudar:hall:Cabling", hall, cable_row.rows_of(cables), opts)
        self.register_outputs({})


def _after(after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(depends_on=list(after))
