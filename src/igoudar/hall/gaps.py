"""What nobody says of what stands in a rack: how bad that is, and of which types it is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from igoudar.errors import Severity
from igoudar.hall.draw import cooling_of
from igoudar.hall.places import Rack
from igoudar.model import Device, Inventory, Status


def gap(devices: Iterable[Device]) -> Severity:
    """An error once one of them stands there; of what is planned alone a warning."""
    planned = all(device.status is Status.PLANNED for device in devices)
    return Severity.WARNING if planned else Severity.ERROR


def of_types(devices: Iterable[Device]) -> Mapping[str, list[Device]]:
    """Slug of the type -> those of it, in the order in which they come."""
    found: dict[str, list[Device]] = {}
    for device in devices:
        found.setdefault(device.type, []).append(device)
    return found


def held(inventory: Inventory, rack: Rack) -> bool:
    """Whether what a rack draws is held against anything but a power of its own."""
    hall = inventory.halls[rack.hall]
    _, carried_off = cooling_of(inventory, rack)
    limits = [hall.power_w, carried_off]
    limits += [one.power_w for one in inventory.buildings.values() if one.number == hall.building]
    return bool(rack.feeds) or inventory.campus is not None or any(most is not None for most in limits)
