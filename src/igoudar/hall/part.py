"""What of a site's rows is in the part that a stack of some halls needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from igoudar.hall.patterns import Rows
from igoudar.hall.places import Rack
from igoudar.hall.schema import StandingIn

RowOf = tuple[str, str]  # hall and row
_NO_BOX = {"u": (), "racks": None, "every": None, "every_row": None}


@dataclass(frozen=True, slots=True)
class Part:
    """`halls` are whole. Of others: `rows` are whole, of rows of `bare` the racks are there, and of the halls
    `near` those boxes whose role is one of `meshed`.

    `elsewhere`: VPCs, by tenant and name, that have servers, and none on a switch of `halls`. `tied`: whether
    written cables or VPCs join `halls` to others.
    """

    halls: frozenset[str]
    rows: frozenset[RowOf] = frozenset()
    bare: frozenset[RowOf] = frozenset()
    near: frozenset[str] = frozenset()
    meshed: frozenset[str] = frozenset()
    elsewhere: frozenset[tuple[str, str]] = frozenset()
    tied: bool = False

    def of(self, row: Rows) -> Rows | None:
        """The row as it is in the part; what stays keeps its number, its address and its line."""
        places = {(row.hall, name) for name in row.entry.name}
        if row.hall in self.halls or places & self.rows:
            return row
        bare = bool(places & self.bare)
        kept = [box for box in row.entry.devices if row.hall in self.near and box.role in self.meshed]
        if not kept and not bare:
            return None
        if any(box.bay for box in kept):  # their parents, whatever the role
            kept = [*row.entry.devices]
        boxes = [box if box in kept else box.model_copy(update=_NO_BOX) for box in row.entry.devices]
        racks = row.entry.racks if bare else _racks(kept, row.entry.racks)
        return replace(row, entry=row.entry.model_copy(update={"devices": boxes, "racks": racks}))

    def has_all_of(self, rack: Rack) -> bool:
        """Whether all that stands in its row is in the part."""
        return rack.hall in self.halls or (rack.hall, rack.row) in self.rows


def _racks(boxes: list[StandingIn], every: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the boxes; boxes that say no racks are counted by all of the row."""
    wanted = {rack for box in boxes for rack in box.racks or every}
    return tuple(rack for rack in every if rack in wanted)
