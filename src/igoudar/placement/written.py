"""The placement as a file of the inventory: devices that are planned, without serial and addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from igoudar.hall.levels import number_at
from igoudar.model import Face, Inventory
from igoudar.placement.problem import Placement
from igoudar.placement.request import DevicesIn, RequestFile


@dataclass(frozen=True, slots=True)
class Placed:
    """One device. `u` is the number on the rack's rail, `low` counts its lowest U from the bottom.

    `number` is its coordinate among those of its role in the hall.
    """

    name: str
    rack: str
    u: float
    low: int
    number: int
    entry: DevicesIn


def placed(placement: Placement, request: RequestFile, inventory: Inventory) -> Iterator[Placed]:
    """In the order of the racks, then of U. Numbers go on after those of the inventory."""
    entries = {entry.names: entry for entry in request.devices}
    last: dict[tuple[str, str], int] = {}
    for device in inventory.devices.values():
        key = (device.role, device.hall)
        last[key] = max(last.get(key, 0), device.number)
    for seat in placement.seats:
        entry = entries[seat.device]
        rack = inventory.racks[seat.rack]
        key = (entry.role, rack.hall)
        last[key] = last.get(key, 0) + 1
        u = number_at(rack, seat.u - 1, inventory.types[entry.type].units)
        yield Placed(entry.name(seat.number), seat.rack, u, seat.u, last[key], entry)


def as_yaml(devices: list[Placed], request: str) -> str:
    """`request` is how the file is named that asked for them; types are those that people write."""
    lines = [f"# Placed by `igoudar place` for {request}.", "devices:"]
    for device in devices:
        entry = device.entry
        words = [
            f"type: {entry.type}",
            f"role: {entry.role}",
            f"number: {device.number}",
            f"rack: {device.rack}",
            f"u: {device.u}",
            *([f"face: {entry.face}"] if entry.face is not Face.FRONT else []),
            *([f"draw: {entry.draw:.12g} W"] if entry.draw is not None else []),
            *([f"nos: {entry.nos}"] if entry.nos else []),
            *([f"modules: {json.dumps(entry.modules, ensure_ascii=False)}"] if entry.modules else []),
            "status: planned",
        ]
        lines.append(f"  {device.name}: {{{', '.join(words)}}}")
    return "\n".join(lines) + "\n"
