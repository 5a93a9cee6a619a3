"""The hall: rows, racks and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from igoudar import resources
from igoudar.compiler import Compiled
from igoudar.design import HallDesign, RowDesign
from igoudar.model import Inventory, Status


def describe(inventory: Inventory) -> HallDesign:
    """Racks by row and position, devices of each from the top U down; planned devices stand nowhere yet."""
    racks = sorted(inventory.racks.values(), key=lambda r: (r.hall, r.row, r.position))
    rows: list[RowDesign] = []
    for hall, row in dict.fromkeys((r.hall, r.row) for r in racks):
        names = tuple(r.name for r in racks if (r.hall, r.row) == (hall, row))
        standing = {
            name: tuple(
                d.name
                for d in sorted(inventory.devices.values(), key=lambda d: (-d.u, d.name))
                if d.rack == name and d.status is not Status.PLANNED
            )
            for name in names
        }
        rows.append(RowDesign(hall, row, names, standing))
    return HallDesign(tuple(rows))


class Halls(pulumi.ComponentResource):
    """A `Racks` record for each row."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__("igoudar:stacks:Halls", compiled.site, None, _after(after))
        inventory = compiled.design.inventory
        for row in compiled.design.hall.rows:
            resources.Record(
                "igoudar:hall:Racks",
                f"{row.hall}-{row.row}",
                {rack: resources.rack_record(inventory, rack, row.devices[rack]) for rack in row.racks},
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _after(after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(depends_on=list(after))
