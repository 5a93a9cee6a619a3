"""What a site has and may draw, by building: counts of what is there, powers in W."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from igoudar.hall.draw import Draws
from igoudar.hall.measured import measured
from igoudar.model import Inventory


@dataclass(slots=True)
class Totals:
    """`power_w`: what the halls are built for; `racks_w`: what their racks may draw; `drawn_w`: allocated.

    `management`: ports of devices that are for nothing else, each with an address of its own. `cables`: for
    data and management, of the building of one end. `unknown`: devices of which nobody says what they draw.
    `read`: racks of which it is measured, in all `measured_w`.
    """

    halls: int = 0
    racks: int = 0
    devices: Counter[str] = field(default_factory=Counter)
    management: int = 0
    cables: int = 0
    power_w: float = 0.0
    racks_w: float = 0.0
    drawn_w: float = 0.0
    unknown: int = 0
    read: int = 0
    measured_w: float = 0.0

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        return told | {"devices": dict(sorted(self.devices.items()))}

    def __iadd__(self, other: Totals) -> Totals:
        self.halls += other.halls
        self.racks += other.racks
        self.devices += other.devices
        self.management += other.management
        self.cables += other.cables
        self.power_w += other.power_w
        self.racks_w += other.racks_w
        self.drawn_w += other.drawn_w
        self.unknown += other.unknown
        self.read += other.read
        self.measured_w += other.measured_w
        return self


def totals(inventory: Inventory) -> Mapping[int, Totals]:
    """Number of the building -> what is in it, in order."""
    buildings = {hall.name: hall.building for hall in inventory.halls.values()}
    found: dict[int, Totals] = defaultdict(Totals)
    for hall in inventory.halls.values():
        found[hall.building].halls += 1
        found[hall.building].power_w += hall.power_w or 0
    for rack in inventory.racks.values():
        found[buildings[rack.hall]].racks += 1
        found[buildings[rack.hall]].racks_w += rack.power_w or 0
    for name, watts in measured(inventory).racks.items():
        mine = found[buildings[inventory.racks[name].hall]]
        mine.read += 1
        mine.measured_w += watts
    draws = Draws(inventory)
    ports = {slug: sum(i.mgmt_only for i in kind.interfaces) for slug, kind in inventory.types.items()}
    for device in inventory.devices.values():
        mine = found[buildings[device.hall]]
        mine.devices[str(device.role)] += 1
        mine.management += ports[device.type]
        drawn = draws.of(device).allocated_w
        mine.drawn_w += drawn or 0
        mine.unknown += drawn is None
    for cable in inventory.cables.values():
        found[buildings[inventory.devices[cable.a.device].hall]].cables += 1
    return {number: found[number] for number in sorted(found)}
