"""What is known of racks and of what stands in them: the inventory, and where it is silent the request.

The one place where the two meet. Of a limit that both state, the lower one holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from igoudar.errors import Where
from igoudar.hall import draw
from igoudar.hall.standing import standing
from igoudar.model import Device, Inventory
from igoudar.placement.request import DevicesIn, RackLimitsIn, RequestFile

NO_LIMITS = RackLimitsIn()


@dataclass(frozen=True, slots=True)
class RackLimits:
    """Of the whole rack, whatever stands in it. `power_w`: of each feed alone. None is not known."""

    power_w: float | None
    cooling_w: float | None
    load_kg: float | None
    zone: str


def rack_limits(inventory: Inventory, request: RequestFile) -> Mapping[str, RackLimits]:
    """By rack. Cooling is what the rack's way of it, else the hall's, can carry off."""
    found: dict[str, RackLimits] = {}
    for rack in inventory.racks.values():
        hall = inventory.halls[rack.hall]
        _, cooling_w = draw.cooling_of(inventory, rack)
        asked = (request.limits.racks.get(rack.name, NO_LIMITS), request.limits.each)
        found[rack.name] = RackLimits(
            power_w=lower(rack.power_w, _first(a.power for a in asked)),
            cooling_w=lower(cooling_w, _first(a.cooling for a in asked)),
            load_kg=lower(rack.load_kg, _first(a.load for a in asked)),
            zone=hall.zone or "",
        )
    return found


def _first(limits: Iterable[float | None]) -> float | None:
    return next((limit for limit in limits if limit is not None), None)


def lower(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def draw_of(inventory: Inventory, device: Device, request: RequestFile) -> float | None:
    """W that a device is counted with."""
    known = draw.draw_of(inventory, device).allocated_w
    said = request.limits.types.get(inventory.types[device.type].bare)
    return said.draw if known is None and said else known


def rack_draws(inventory: Inventory, request: RequestFile) -> dict[str, float]:
    """W of each rack; one with a device of which nobody knows the draw counts as its whole power."""
    return {
        name: draw.drawn_w(
            inventory.racks[name].power_w, [draw_of(inventory, device, request) for device in devices]
        )
        for name, devices in standing(inventory).items()
    }


def mass_of(inventory: Inventory, device: Device, request: RequestFile) -> float | None:
    """In kg."""
    known = draw.weight_of(inventory, device)
    said = request.limits.types.get(inventory.types[device.type].bare)
    return said.mass if known is None and said else known


def draw_asked(entry: DevicesIn, inventory: Inventory, request: RequestFile) -> float | None:
    """W of one of the new devices."""
    return draw_of(inventory, _one(entry), request)


def mass_asked(entry: DevicesIn, inventory: Inventory, request: RequestFile) -> float | None:
    """kg of one of the new devices."""
    return mass_of(inventory, _one(entry), request)


def _one(entry: DevicesIn) -> Device:
    """A device of the class, as far as its type and its own draw count."""
    where = Where("")
    return Device(entry.names, entry.type, entry.role, 0, "", "", 0, where, draw_w=entry.draw)
