"""What may not simply go: a change is compared with the inventory that it changes (design 5).

Preview never hears of a resource that is deleted, and deleting touches no device. So a switch leaves by way
of `decommissioning`, and what still holds or serves something does not leave at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.errors import Finding
from igoudar.model import SWITCH_ROLES, Device, Inventory, Status, Wave

GONE = frozenset({Status.PLANNED, Status.DECOMMISSIONING})


def vanished(base: Inventory, now: Inventory) -> Iterator[Finding]:
    """Findings at their places in `base`. Pure."""
    yield from _switches(base, now)
    yield from _racks(base, now)
    yield from _vpcs(base, now)
    yield from _exits(base, now)


def _switches(base: Inventory, now: Inventory) -> Iterator[Finding]:
    renamed = {device.was for device in now.devices.values() if device.was}
    for name, device in base.devices.items():
        if device.role in SWITCH_ROLES and _stands(device) and name not in {*now.devices, *renamed}:
            yield Finding(
                "switch-vanishes",
                device.where,
                f"{name} leaves the inventory while it is {device.status}: it would run on as it is",
                "status: decommissioning first, and an update that gives it its base text",
            )


def _racks(base: Inventory, now: Inventory) -> Iterator[Finding]:
    for name in sorted(base.racks.keys() - now.racks.keys()):
        held = [d.name for d in base.devices.values() if d.rack == name and _stands(d)]
        left = [d for d in held if d not in now.devices or now.devices[d].rack == name]
        if left:
            yield Finding(
                "rack-occupied",
                base.racks[name].where,
                f"the rack {name} vanishes and still holds {', '.join(sorted(left))}",
                "an empty rack: move its devices, or decommission them first",
            )


def _vpcs(base: Inventory, now: Inventory) -> Iterator[Finding]:
    kept = {(vpc.tenant, name) for vpc in now.vpcs.values() for name in (vpc.name, vpc.was)}
    for vpc in base.vpcs.values():
        servers = sorted(server for subnet in vpc.subnets for server in subnet.servers)
        if servers and (vpc.tenant, vpc.name) not in kept:
            yield Finding(
                "vpc-in-use",
                vpc.where,
                f"the VPC {vpc.tenant}/{vpc.name} vanishes and still has {', '.join(servers)}",
                "a VPC without servers: take them out of its subnets first",
            )


def _exits(base: Inventory, now: Inventory) -> Iterator[Finding]:
    before, after = _served(base), _served(now)
    for traffic in sorted(before.keys() - after.keys()):
        yield Finding(
            "last-exit",
            before[traffic].where,
            f"the last exit of the class {traffic} goes",
            "another wave in service that carries the class, with a session",
        )


def _served(inventory: Inventory) -> dict[str, Wave]:
    """Class of traffic -> the last wave that carries it at a border that stays."""
    staying = {n for n, device in inventory.devices.items() if _stands(device)}
    return {t: w for t, waves in inventory.exits().items() for w in waves if w.border.device in staying}


def _stands(device: Device) -> bool:
    return device.status not in GONE
