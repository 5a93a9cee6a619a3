"""Whether units and halls carry a proposal: the search judges racks, and not what they share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from igoudar.errors import Finding, Severity, Where
from igoudar.facility.judged import judge
from igoudar.hall.excess import Excess
from igoudar.model import Device, Inventory, Status
from igoudar.placement.known import draw_asked, draw_of
from igoudar.placement.request import RequestFile
from igoudar.placement.written import Placed
from igoudar.quantities import POWER, shown
from igoudar.waivers import waive


def overloads(
    inventory: Inventory, request: RequestFile, devices: Sequence[Placed], asked_at: Where, today: date
) -> tuple[Finding, ...]:
    """Errors that `check` would find of loads with the devices in the site, and does not find without them.

    A load that was too high already is among them where it grew. `asked_at`: where the devices are asked for.
    """
    if not devices:
        return ()
    new = {d.name: _device(inventory, request, d, asked_at) for d in devices}
    after = replace(inventory, devices={**inventory.devices, **new})
    racks = {device.rack for device in new.values()}
    halls = dict.fromkeys(inventory.racks[name].hall for name in sorted(racks))
    found = _errors([*judge(after), *_halls(after, request, halls)], inventory, today)
    if not found:
        return ()
    before = {(f.code, f.subject): f.amount or 0.0 for f in _errors(judge(inventory), inventory, today)}
    return tuple(
        f
        for f in found
        if (known := before.get((f.code, f.subject))) is None or (f.amount is not None and f.amount > known)
    )


def _device(inventory: Inventory, request: RequestFile, placed: Placed, where: Where) -> Device:
    entry, hall = placed.entry, inventory.racks[placed.rack].hall
    return Device(
        placed.name, entry.type, entry.role, placed.number, hall, placed.rack, placed.u, where,
        status=Status.PLANNED, face=entry.face, draw_w=draw_asked(entry, inventory, request),
    )  # fmt: skip


def _errors(findings: Iterable[Finding], inventory: Inventory, today: date) -> list[Finding]:
    found = list(findings)
    codes = {finding.code for finding in found}
    waived = waive(found, inventory.waivers, today)
    return [f for f in waived if f.severity is Severity.ERROR and f.code in codes]


def _halls(inventory: Inventory, request: RequestFile, halls: Iterable[str]) -> Iterator[Finding]:
    """A rack with a device of which nobody knows the draw counts as its whole power."""
    draws: dict[str, list[float | None]] = {}
    for device in inventory.devices.values():
        draws.setdefault(device.rack, []).append(draw_of(inventory, device, request))
    for name in halls:
        hall, total = inventory.halls[name], 0.0
        for rack in (rack for rack in inventory.racks.values() if rack.hall == name):
            here = draws.get(rack.name, [])
            known = sum(draw for draw in here if draw is not None)
            total += max(known, rack.power_w or 0.0) if None in here else known
        total = round(total, 3)
        if hall.power_w is not None and total > hall.power_w:
            over, where = Excess(POWER, total, hall.power_w), hall.where.at("power")
            said = f"the devices of hall {name} would draw {shown(POWER, total)}"
            yield over.of(f"hall {name}", "hall-over-power", where, said)
