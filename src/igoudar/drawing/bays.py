"""What is in the bays of a device, inside its box on an elevation: a cell a bay, in the order of its type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from igoudar.drawing import looks
from igoudar.drawing.paper import Box, Hand, Ink, Pen
from igoudar.model import Device

NAME, CELL = 3.4, 2.4  # mm: what the name of the parent takes of its height, and the least height of a cell
FLAT = 5  # widths of a height that a cell should have for its name


def by_parent(devices: Iterable[Device]) -> dict[str, dict[str, Device]]:
    """Parent -> bay -> who is in it."""
    found: dict[str, dict[str, Device]] = {}
    for device in devices:
        if device.bay:
            found.setdefault(device.bay.device, {})[device.bay.port] = device
    return found


def head(box: Box, bays: Sequence[str]) -> Box:
    """What is left of the box for the parent itself."""
    return Box(box.x, box.y, box.w, min(NAME, box.h / 2)) if bays else box


def draw_bays(pen: Pen, box: Box, bays: Sequence[str], inside: Mapping[str, Device]) -> None:
    """Empty ones have their names, quiet."""
    used = head(box, bays).h
    area = Box(box.x, box.y + used, box.w, box.h - used)
    rows = max(1, min(int(area.h / CELL), round(math.sqrt(len(bays) * area.h * FLAT / area.w))))
    columns = math.ceil(len(bays) / rows)
    wide, high = area.w / columns, area.h / math.ceil(len(bays) / columns)
    for number, bay in enumerate(bays):
        down, along = divmod(number, columns)
        cell = Box(area.x + along * wide, area.y + down * high, wide, high).inset(0.25, 0.25)
        _cell(pen, cell, bay, inside.get(bay))


def _cell(pen: Pen, cell: Box, bay: str, device: Device | None) -> None:
    words = cell.inset(0.4, 0.1)
    if device is None:
        pen.rect(cell, Ink(fill=looks.WHITE, line=looks.QUIET, width=0.12))
        pen.label(words, bay, Hand(1.9, "middle", color=looks.QUIET))
        return
    group = pen.group("device", name=device.name, face=str(device.face), status=str(device.status))
    group.title(f"{device.name} in {device.bay}: {device.type}, {device.role}, {device.status}")
    group.rect(cell, looks.body(device.status, looks.tint(device.role)))
    if looks.hatched(device.status):
        group.rect(cell, Ink(fill=looks.HATCH))
    group.label(words, device.name, Hand(2.2, "middle", halo=looks.hatched(device.status)))
