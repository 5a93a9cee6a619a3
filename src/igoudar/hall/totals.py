"""What a site has and may draw, by building: counts of what is there, powers in W."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from igoudar.hall.draw import Draws, built_w, known_w
from igoudar.hall.measured import measured
from igoudar.hall.standing import standing
from igoudar.model import Inventory


@dataclass(slots=True)
class Totals:
    """`power_w`: what the halls are built for; `racks_w`: what their racks may draw, or what stands in them
    where that is more or nobody says it; `drawn_w`: allocated.

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
    draws = Draws(inventory)
    for name, devices in standing(inventory).items():
        rack, known = inventory.racks[name], [draws.of(device).allocated_w for device in devices]
        mine = found[buildings[rack.hall]]
        mine.racks += 1
        mine.racks_w += built_w(rack.power_w, known)
        mine.drawn_w += known_w(known)
        mine.unknown += known.count(None)
        mine.devices.update(str(device.role) for device in devices)
    for name, watts in measured(inventory).racks.items():
        mine = found[buildings[inventory.racks[name].hall]]
        mine.read += 1
        mine.measured_w += watts
    ports = {slug: sum(i.mgmt_only for i in kind.interfaces) for slug, kind in inventory.types.items()}
    for device in inventory.devices.values():
        found[buildings[device.hall]].management += ports[device.type]
    for cable in inventory.cables.values():
        found[buildings[inventory.devices[cable.a.device].hall]].cables += 1
    return {number: found[number] for number in sorted(found)}
