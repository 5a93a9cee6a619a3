"""The plan of a site's cables, from its inventory. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from igoudar import model
from igoudar.doctor.plan import End, Medium, Observation, Plan, PlannedCable, Trunk
from igoudar.hardware.parts import InterfaceType
from igoudar.model import CableStatus, Inventory, Status

# The tails of one breakout: `swp1s0` to `swp1s3` are one plug at the switch.
_TAIL = re.compile(r"(?P<port>.*\d)s(?P<tail>\d+)")
_TWISTED_PAIR = re.compile(r".*base-t\d?")
_ASSEMBLIES, _PAIRS = ("dac", "aoc"), ("cat",)


def plan_of(inventory: Inventory, *, management: Container[End] = (), carriers: bool = True) -> Plan:
    """Cables that are plugged in, by the inventory.

    Of the out-of-band network those with an end in `management` only: few of its switches say who they hear.
    `carriers`: not on a twin, whose wires have neither modules nor carriers.
    """
    known = _ports(inventory)
    cables: list[PlannedCable] = []
    data: list[PlannedCable] = []
    for cable in inventory.cables.values():
        if not _is_plugged(inventory, cable):
            continue
        a, b = _end(cable.a), _end(cable.b)
        ports = [known[inventory.devices[e.device].type].get(e.port) for e in (a, b)]
        taken = [port for port in ports if port is not None]
        planned = PlannedCable(a, b, _medium(cable, taken) if carriers else Medium.COPPER)
        is_data = not any(port.mgmt_only for port in taken)
        if is_data:
            data.append(planned)
        if is_data or a in management or b in management:
            cables.append(planned)
    return replace(known_of(inventory), cables=tuple(cables), trunks=tuple(_breakouts(data)))


def known_of(inventory: Inventory) -> Plan:
    """What is known of the devices, without a cable between them."""
    names = {slug: frozenset(ports) for slug, ports in _ports(inventory).items()}
    devices = inventory.devices.values()
    identities = {d.oob_mac: d.name for d in devices if d.oob_mac} | {d.serial: d.name for d in devices}
    return Plan(
        cables=(),
        racks={d.name: d.rack for d in devices},
        identities={identity: name for identity, name in identities.items() if identity},
        ports={d.name: names[d.type] for d in devices},
    )


def _ports(inventory: Inventory) -> dict[str, dict[str, InterfaceType]]:
    """Slug of a device type -> its ports by name."""
    return {slug: {i.name: i for i in kind.interfaces} for slug, kind in inventory.types.items()}


def _end(end: model.End) -> End:
    return End(end.device, end.port)


def _is_plugged(inventory: Inventory, cable: model.Cable) -> bool:
    stands = all(inventory.devices[e.device].status is not Status.PLANNED for e in (cable.a, cable.b))
    return cable.status is CableStatus.CONNECTED and stands


def _medium(cable: model.Cable, ports: Sequence[InterfaceType]) -> Medium:
    """What the inventory says of the cable, else what its ports take."""
    if cable.medium.startswith(_ASSEMBLIES):
        return Medium.ASSEMBLY
    if cable.medium.startswith(_PAIRS) or (ports and all(_TWISTED_PAIR.fullmatch(p.kind) for p in ports)):
        return Medium.COPPER
    return Medium.OPTICS if cable.medium else Medium.UNKNOWN


def _breakouts(cables: Iterable[PlannedCable]) -> Iterable[Trunk]:
    found: defaultdict[tuple[str, str], list[tuple[int, End, End]]] = defaultdict(list)
    for cable in cables:
        for near, far in ((cable.a, cable.b), (cable.b, cable.a)):
            if match := _TAIL.fullmatch(near.port):
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
        plugged = _is_plugged(inventory, cable)
        away = cable.a.device in offline or cable.b.device in offline
        if plugged and not away:
            continue
        for end in (_end(cable.a), _end(cable.b)):
            if not plugged:
                found.pop(end, None)
            elif end in found:
                told = found[end]
                found[end] = replace(told, silent=False, link=told.link or None, rx_dbm=None)
    return found
