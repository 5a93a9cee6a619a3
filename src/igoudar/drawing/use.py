"""How much of a limit is used, and the bar that shows it. Amounts are in the base unit of their kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from igoudar.derive.ports import natural
from igoudar.drawing.letters import width
from igoudar.drawing.looks import DENSE, EDGE, QUIET, WHITE
from igoudar.drawing.paper import INK, Box, Hand, Ink, Pen
from igoudar.hall import standing as by_rack
from igoudar.hall.draw import draw_of, weight_of
from igoudar.hall.levels import HALVES, rising, span, whole
from igoudar.hall.places import OPEN_IN, Rack
from igoudar.model import Device, Inventory
from igoudar.quantities import HEIGHT, MASS, OPEN_HEIGHT, POWER, Kind, shown

NEAR = 0.8  # the share of a limit from which it stands out (issue: what is near its limit stands out)
ROUNDING = 1e-9


class Level(StrEnum):
    CALM = "calm"
    NEAR = "near"
    OVER = "over"
    UNKNOWN = "unknown"

    @property
    def loud(self) -> bool:
        """What stands out."""
        return self in (Level.NEAR, Level.OVER)


FILLS = {Level.CALM: "#b9cfdf", Level.NEAR: "#f0b95c", Level.OVER: "#8f1414", Level.UNKNOWN: "#e4e4e4"}


@dataclass(frozen=True, slots=True)
class Use:
    """`unknown`: of how many things nobody says the amount; what they use comes on top."""

    kind: Kind
    amount: float
    limit: float | None
    unknown: int = 0

    @property
    def share(self) -> float | None:
        return self.amount / self.limit if self.limit else None

    @property
    def level(self) -> Level:
        if self.share is None:
            return Level.UNKNOWN
        if self.share > 1 + ROUNDING:
            return Level.OVER
        return Level.NEAR if self.share > NEAR + ROUNDING else Level.CALM

    @property
    def percent(self) -> str:
        """What is over its limit never reads 100 %, and what is below it neither."""
        if self.share is None:
            return ""
        percent = self.share * 100
        whole = round(percent)
        if self.level is Level.OVER:
            whole = max(whole, 101)
        elif percent < 100 - ROUNDING:
            whole = min(whole, 99)
        mark = "≥ " if self.unknown and self.level is not Level.OVER else ""
        return f"{mark}{whole} %"

    def __str__(self) -> str:
        least = "at least " if self.unknown else ""
        of = f" of {amount(self.kind, self.limit)}" if self.limit is not None else ", no limit stated"
        missing = f", {self.unknown} unknown" if self.unknown else ""
        return f"{least}{amount(self.kind, self.amount)}{of}{missing}"


def amount(kind: Kind, value: float) -> str:
    """To four digits, in the unit that people would write."""
    return shown(kind, float(f"{value:.4g}"))


@dataclass(frozen=True, slots=True)
class RackUse:
    power: Use
    mass: Use
    units: Use


def total(kind: Kind, values: Iterable[float | None], limit: float | None) -> Use:
    values = list(values)
    known = [value for value in values if value is not None]
    return Use(kind, math.fsum(known), limit, len(values) - len(known))


def summed(kind: Kind, uses: Sequence[Use], limit: float | None = None) -> Use:
    """Of several: against `limit`, or the sum of theirs where each has one."""
    limits = [use.limit for use in uses if use.limit is not None]
    if limit is None and limits and len(limits) == len(uses):
        limit = math.fsum(limits)
    return Use(kind, math.fsum(use.amount for use in uses), limit, sum(use.unknown for use in uses))


def standing(inventory: Inventory) -> Mapping[str, list[Device]]:
    """The devices of each rack, from the bottom."""
    found = by_rack.standing(inventory)
    for name, devices in found.items():
        rack = inventory.racks[name]
        devices.sort(key=lambda device: (rising(rack, device.u), device.face, device.name))
    return found


def rack_use(inventory: Inventory, rack: Rack, devices: Iterable[Device]) -> RackUse:
    devices = list(devices)
    taken: set[int] = set()
    for device in devices:
        if device.u and not device.bay:
            taken |= {*span(rack, device.u, inventory.types[device.type].units).halves()}
    return RackUse(
        total(POWER, (draw_of(inventory, device).allocated_w for device in devices), rack.power_w),
        total(MASS, (weight_of(inventory, device) for device in devices), rack.load_kg),
        Use(OPEN_HEIGHT if rack.width_in == OPEN_IN else HEIGHT, whole(len(taken) / HALVES), rack.height),
    )


def racks_of(inventory: Inventory, hall: str) -> list[Rack]:
    """The racks of a hall, row by row."""
    racks = (rack for rack in inventory.racks.values() if rack.hall == hall)
    return sorted(racks, key=lambda rack: (natural(rack.row), rack.position, rack.name))


def uses_of(
    inventory: Inventory, racks: Iterable[Rack], devices: Mapping[str, Sequence[Device]]
) -> dict[str, RackUse]:
    """By rack; `devices` are those that stand in each."""
    return {rack.name: rack_use(inventory, rack, devices[rack.name]) for rack in racks}


def fill(pen: Pen, box: Box, level: Level) -> None:
    """In the colour of a level, and hatched where a grey print would not tell it from others."""
    pen.rect(box, Ink(fill=FILLS[level]))
    if level is Level.NEAR:
        pen.rect(box, Ink(fill=DENSE))


def bar(pen: Pen, box: Box, use: Use) -> None:
    """Filled to its share; ticks at 80 and 100 %. Over the limit the bar is longer than the limit."""
    share = use.share
    pen.rect(box, Ink(fill=WHITE))
    if share is not None:
        full = max(share, 1.0)
        fill(pen, Box(box.x, box.y, box.w * share / full, box.h), use.level)
        ticks = [NEAR, 1.0] if full > 1 else [NEAR]
        for tick in ticks:
            x = box.x + box.w * tick / full
            color = WHITE if use.level is Level.OVER else QUIET
            pen.line([(x, box.y), (x, box.bottom)], Ink(line=color, width=0.2 if tick < 1 else 0.6))
    pen.rect(box, Ink(line=INK, width=0.5) if use.level.loud else EDGE)


def gauge(pen: Pen, box: Box, name: str, use: Use) -> None:
    """A bar with its name, amounts and share above."""
    group = pen.group("gauge", of=name.partition(",")[0].lower(), level=str(use.level))
    loud = use.level.loud
    words = f"{use.percent}, over" if use.level is Level.OVER else use.percent
    head = Box(box.x, box.y, box.w, box.h * 0.36)
    cut = box.w - min(width(words, 2.8, bold=loud), box.w / 2)
    group.label(Box(box.x, head.y, cut - 1, head.h), name, Hand(2.8, bold=True))
    group.label(Box(box.x + cut, head.y, box.w - cut, head.h), words, Hand(2.8, "end", bold=loud))
    said = Box(box.x, head.bottom, box.w, box.h * 0.3)
    group.label(said, str(use), Hand(2.1, color=QUIET))
    bar(group, Box(box.x, said.bottom + 0.4, box.w, box.bottom - said.bottom - 0.4), use)
