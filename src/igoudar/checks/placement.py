"""Devices in racks: inside, and one a U."""

from __future__ import annotations

import math
from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.model import Device


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    taken: dict[tuple[str, int], Device] = {}
    for device in inventory.devices.values():
        height = math.ceil(inventory.types[device.type].units)
        rack = inventory.racks[device.rack]
        where = device.where.at("u")
        if device.u + height - 1 > rack.height:
            yield Finding(
                "outside-rack",
                where,
                f"{device.name} ends at U{device.u + height - 1}",
                f"at most U{rack.height}, the top of rack {rack.name}",
            )
        for unit in range(device.u, device.u + height):
            other = taken.setdefault((rack.name, unit), device)
            if other is not device:
                yield Finding(
                    "same-u",
                    where,
                    f"{device.name} and {other.name} are both on U{unit} of rack {rack.name}",
                    "one device a U",
                    see=other.where.at("u"),
                )
                break
