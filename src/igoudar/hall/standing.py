"""What stands in which rack. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from igoudar.model import Device, Inventory


def standing(inventory: Inventory) -> dict[str, list[Device]]:
    """Name of each rack -> the devices in it, planned ones too, in the order of the inventory."""
    found: dict[str, list[Device]] = {name: [] for name in inventory.racks}
    for device in inventory.devices.values():
        found[device.rack].append(device)
    return found


def rows_first(devices: Iterable[Device]) -> list[Device]:
    """By name; what an override gives comes last, so that a row is told of what all of it is."""
    return sorted(devices, key=lambda device: (device.instead_of is not None, device.name))
