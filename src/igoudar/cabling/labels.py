"""What stands on a cable: a number of the ledger, large and as a code, and both ends below it.

The number never changes. The ends are derived, in the manner of ANSI/TIA-606, near end first: floor and hall,
rack by its place on the grid or its name, U, port: `1H1.B03-46:swp1/1H1.B01-42:swp1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from igoudar.cabling.numbers import LABEL, cable_requests
from igoudar.hall.levels import digits
from igoudar.ledger import Ledger, allocate_numbers
from igoudar.model import End, Inventory


@dataclass(frozen=True, slots=True)
class Label:
    """`number` is 0 while the ledger has none. `a` and `b` are the stickers of both ends."""

    number: int
    a: str
    b: str


def labels_of(inventory: Inventory, ledger: Ledger, today: date) -> Mapping[str, Label]:
    """By key of the cable, in the order of the inventory."""
    given = allocate_numbers(cable_requests(inventory), ledger, today)
    numbers = given.numbers.get(LABEL, {})
    found: dict[str, Label] = {}
    for cable in inventory.laid():
        key = cable.key
        number = 0 if (LABEL, key) in given.provisional else numbers.get(key, 0)
        a, b = end_text(inventory, cable.a), end_text(inventory, cable.b)
        found[key] = Label(number, f"{a}/{b}", f"{b}/{a}")
    return found


def end_text(inventory: Inventory, end: End) -> str:
    """One end; what stands beside the U is U00, an rPDU there its feed. A bay follows the U."""
    device = inventory.devices[end.device]
    rack, hall = inventory.racks[device.rack], inventory.halls[device.hall]
    place = rack.at or rack.name.upper()
    height = digits(device.u) if device.u or not device.feed else device.feed
    height += f".{''.join(device.bay.port.split())}" if device.bay else ""
    return f"{hall.floor}{hall.name.upper()}.{place}-{height}:{end.port}"
