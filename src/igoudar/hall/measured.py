"""What is read of racks and devices against the plan: what does not fit, and what is too much. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from igoudar.errors import Finding, Severity, Where, unknown
from igoudar.hall.bays import feeder_of
from igoudar.hall.draw import Draws
from igoudar.hall.excess import Excess
from igoudar.hall.readings import Reading, by_device, by_rack
from igoudar.model import Device, Inventory, Status
from igoudar.quantities import POWER, shown


@dataclass(frozen=True, slots=True)
class Measured:
    """In W, by name; of what is read whole. A rack whose feeds are not read is the sum of its devices."""

    devices: Mapping[str, float] = field(default_factory=dict)
    racks: Mapping[str, float] = field(default_factory=dict)


def measured(inventory: Inventory) -> Measured:
    standing = _standing(inventory)
    sound = [*_sound(inventory, standing)]
    devices = {
        name: _sum(mine)
        for name, mine in by_device(sound)
        if not _half_read(inventory, inventory.devices[name].rack, mine, _inlets(inventory, name))
    }
    racks = {}
    for name, boxes in standing.items():
        there = (box for box in boxes if box.status is not Status.PLANNED)
        active = [box.name for box in there if not feeder_of(inventory, box)]
        if active and all(box in devices for box in active):
            racks[name] = math.fsum(devices[box] for box in active)
    for name, mine in by_rack(sound):
        if not _half_read(inventory, name, mine, 2):
            racks[name] = _sum(mine)
    return Measured(devices, racks)


def _standing(inventory: Inventory) -> dict[str, list[Device]]:
    """Of racks that are read."""
    racks = {reading.point.rack for reading in inventory.readings}
    found: dict[str, list[Device]] = defaultdict(list)
    for device in inventory.devices.values() if racks else ():
        if device.rack in racks:
            found[device.rack].append(device)
    return found


def _sum(readings: Sequence[Reading]) -> float:
    return math.fsum(reading.w for reading in readings)


def _inlets(inventory: Inventory, device: str) -> int:
    return len(inventory.types[inventory.devices[device].type].parts.inlets)


def _half_read(inventory: Inventory, rack: str, mine: Sequence[Reading], inlets: int) -> list[str]:
    """Feeds that are missing where some are read; a device with one inlet hangs on one."""
    feeds = {reading.point.feed for reading in mine}
    if "" in feeds or inlets < 2:
        return []
    return sorted({*inventory.racks[rack].feeds} - feeds)


def _sound(inventory: Inventory, standing: Mapping[str, list[Device]]) -> Iterator[Reading]:
    for reading in inventory.readings:
        if not any(_mismatch(inventory, reading, standing)):
            yield reading


def mismatches(inventory: Inventory) -> Iterator[Finding]:
    """Readings of what the plan does not have."""
    standing = _standing(inventory)
    for reading in inventory.readings:
        yield from _mismatch(inventory, reading, standing)


def _mismatch(
    inventory: Inventory, reading: Reading, standing: Mapping[str, list[Device]]
) -> Iterator[Finding]:
    point, where = reading.point, reading.where
    rack = inventory.racks.get(point.rack)
    if rack is None:
        yield unknown("rack", point.rack, where, inventory.racks)
        return
    if point.feed and rack.feeds and point.feed not in rack.feeds:
        said = f"rack {rack.name} has no feed {point.feed}"
        yield Finding("unknown-feed", where, said, " or ".join(rack.feeds), see=rack.where)
    device = inventory.devices.get(point.device)
    if device is None:
        if point.device:
            yield unknown("device", point.device, where, [d.name for d in standing.get(rack.name, ())])
    elif device.rack != rack.name:
        said = f"{device.name} is read in rack {rack.name} and stands in {device.rack}"
        yield Finding("reading-elsewhere", where, said, "the rack of the plan", see=device.where)
    elif device.status is Status.PLANNED and reading.w:
        said = f"{device.name} is planned, and draws {shown(POWER, reading.w)}"
        hint = "receive it and make it `staged`, or look what hangs there"
        yield Finding("reading-of-planned", where, said, "0 W of what is not there", hint, see=device.where)


def excesses(inventory: Inventory) -> Iterator[Finding]:
    """More than is allocated is a warning: the plan is wrong. More than a rack may draw is an error."""
    standing, draws = _standing(inventory), Draws(inventory)
    sound = [*_sound(inventory, standing)]
    for name, mine in by_device(sound):
        device = inventory.devices[name]
        about = f"device {name}"
        yield from _missing(inventory, (about, device.rack), mine, _inlets(inventory, name))
        allocated = _allocated(draws, device, standing[device.rack])
        if allocated is not None and _sum(mine) > allocated:
            yield _over_allocated(about, name, _sum(mine), (allocated, device.where), mine[0].where)
    for name, mine in by_rack(sound):
        yield from _missing(inventory, (f"rack {name}", name), mine, 2)
    for name, readings in _whole(sound).items():
        yield from _of_rack(draws, name, readings, standing.get(name, ()))


def _allocated(draws: Draws, device: Device, beside: Sequence[Device]) -> float | None:
    """With what its inlets feed in its bays; None where nobody says it of one."""
    there = (one for one in beside if one.status is not Status.PLANNED)
    fed = (one for one in there if one.bay and feeder_of(draws.inventory, one) == device.name)
    known = [draws.of(one).allocated_w for one in (device, *fed)]
    return None if None in known else math.fsum(watts or 0 for watts in known)


def _whole(sound: Sequence[Reading]) -> dict[str, list[Reading]]:
    """What is known of each rack: of its feeds, else of its devices."""
    found = dict(by_rack(sound))
    others: dict[str, list[Reading]] = defaultdict(list)
    for reading in sound:
        if reading.point.rack not in found:
            others[reading.point.rack].append(reading)
    return {**others, **found}


def _of_rack(
    draws: Draws, name: str, mine: Sequence[Reading], standing: Sequence[Device]
) -> Iterator[Finding]:
    rack, total, where = draws.inventory.racks[name], round(_sum(mine), 3), mine[0].where
    about = f"rack {name}"
    if rack.power_w is not None and total > rack.power_w:
        said = f"rack {name} draws {shown(POWER, total)} as measured"
        over = Excess(POWER, total, rack.power_w)
        yield replace(over.of(about, "measured-over-power", where, said), see=rack.where.at("power"))
        return
    known = [draws.of(device).allocated_w for device in standing if device.status is not Status.PLANNED]
    allocated = math.fsum(watts or 0 for watts in known)
    if None not in known and total > allocated:
        yield _over_allocated(about, f"rack {name}", total, (allocated, rack.where), where)


def _over_allocated(
    about: str, name: str, total: float, allocated: tuple[float, Where], where: Where
) -> Finding:
    over = Excess(POWER, round(total, 3), allocated[0])
    said = f"{name} draws {shown(POWER, over.amount)} as measured"
    found = over.of(about, "measured-over-allocated", where, said, " as allocated")
    hint = "`draw` of the device, or `allocated` of its type in types/overrides.yaml"
    return replace(found, severity=Severity.WARNING, hint=hint, see=allocated[1])


def _missing(
    inventory: Inventory, whose: tuple[str, str], mine: Sequence[Reading], inlets: int
) -> Iterator[Finding]:
    about, rack = whose
    if missing := _half_read(inventory, rack, mine, inlets):
        said = f"feed {' and '.join(missing)} of {about} is not read, so what it draws is not known"
        expected = "readings of each feed"
        severity = Severity.WARNING
        yield Finding("feed-not-read", mine[0].where, said, expected, severity=severity, subject=about)
