"""The plan of a site's cables, from its inventory. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from igoudar import model
from igoudar.doctor.plan import End, Medium, Observation, Plan, PlannedCable, Trunk
from igoudar.model import CableStatus, Inventory, Status

# The tails of one breakout: `swp1s0` to `swp1s3` are one plug at the switch.
TAIL = re.compile(r"(?P<port>.*\d)s(?P<tail>\d+)")
TWISTED_PAIR = re.compile(r".*base-t\d?")
ASSEMBLIES, PAIRS = ("dac", "aoc"), ("cat",)


def plan_of(inventory: Inventory, *, management: Container[End] = (), carriers: bool = True) -> Plan:
    """Cables that are plugged in, by the inventory.

    Of the out-of-band network those with an end in `management` only: few of its switches say who they hear.
    `carriers`: not on a twin, whose wires have neither modules nor carriers.
    """
    cables = [
        PlannedCable(_end(c.a), _end(c.b), _medium(inventory, c) if carriers else Medium.COPPER)
        for c in inventory.cables.values()
        if is_plugged(inventory, c)
        and (not is_management(inventory, c) or _end(c.a) in management or _end(c.b) in management)
    ]
    devices = inventory.devices.values()
    identities = {d.oob_mac: d.name for d in devices if d.oob_mac} | {d.serial: d.name for d in devices}
    return Plan(
        cables=tuple(cables),
        racks={d.name: d.rack for d in devices},
        trunks=tuple(_breakouts(cables)),
        identities={identity: name for identity, name in identities.items() if identity},
        ports={d.name: frozenset(i.name for i in inventory.types[d.type].interfaces) for d in devices},
    )


def _end(end: model.End) -> End:
    return End(end.device, end.port)


def is_plugged(inventory: Inventory, cable: model.Cable) -> bool:
    stands = all(inventory.devices[e.device].status is not Status.PLANNED for e in (cable.a, cable.b))
    return cable.status is CableStatus.CONNECTED and stands


def is_management(inventory: Inventory, cable: model.Cable) -> bool:
    return any(
        i.mgmt_only
        for e in (cable.a, cable.b)
        for i in inventory.types[inventory.devices[e.device].type].interfaces
        if i.name == e.port
    )


def _medium(inventory: Inventory, cable: model.Cable) -> Medium:
    """What the inventory says of the cable, else what its ports take."""
    if cable.medium.startswith(ASSEMBLIES):
        return Medium.ASSEMBLY
    kinds = [
        i.kind
        for e in (cable.a, cable.b)
        for i in inventory.types[inventory.devices[e.device].type].interfaces
        if i.name == e.port
    ]
    if cable.medium.startswith(PAIRS) or (kinds and all(TWISTED_PAIR.fullmatch(k) for k in kinds)):
        return Medium.COPPER
    return Medium.OPTICS if cable.medium else Medium.UNKNOWN


def _breakouts(cables: Iterable[PlannedCable]) -> Iterable[Trunk]:
    found: defaultdict[tuple[str, str], list[tuple[int, End, End]]] = defaultdict(list)
    for cable in cables:
        for near, far in ((cable.a, cable.b), (cable.b, cable.a)):
            if match := TAIL.fullmatch(near.port):
                found[near.device, match["port"]].append((int(match["tail"]), near, far))
    for (device, port), tails in sorted(found.items()):
        yield Trunk(f"{device}/{port}", tuple((near, far) for _, near, far in sorted(tails)))


def usable(inventory: Inventory, seen: Mapping[End, Observation]) -> dict[End, Observation]:
    """Without what says nothing about plugs: ends of cables that are not to be plugged in, or not any more,
    and silence towards a device that is offline.
    """
    found = dict(seen)
    offline = {d.name for d in inventory.devices.values() if d.status is Status.OFFLINE}
    for cable in inventory.cables.values():
        for end in (_end(cable.a), _end(cable.b)):
            if not is_plugged(inventory, cable):
                found.pop(end, None)
            elif end in found and offline & {cable.a.device, cable.b.device}:
                told = found[end]
                found[end] = replace(told, silent=False, link=told.link or None, rx_dbm=None)
    return found
