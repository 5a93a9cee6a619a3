"""What may not simply go or move: a change is compared with the inventory that it changes (design 5).

Preview never hears of a resource that is deleted, and deleting touches no device. So a switch leaves by way
of `decommissioning`, and what still holds or serves something does not leave at all. A device that stands
keeps its number, from which loopback and ASN follow, and the address under which it is reached.
"""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.errors import Finding
from igoudar.hall.standing import standing
from igoudar.model import SWITCH_ROLES, Device, Inventory, Status, Wave

GONE = frozenset({Status.PLANNED, Status.DECOMMISSIONING})


def vanished(base: Inventory, now: Inventory) -> Iterator[Finding]:
    """Findings at their places in `base`. Pure."""
    yield from _switches(base, now)
    yield from _racks(base, now)
    yield from _vpcs(base, now)
    yield from _exits(base, now)


def moved(base: Inventory, now: Inventory) -> Iterator[Finding]:
    """Findings at their places in `now`; each sees its place in `base`. Pure."""
    for device, heir in _heirs(base, now):
        for key, word, old, new in (
            ("number", "number", str(device.number), str(heir.number)),
            ("oob", "oob address", _address(device), _address(heir)),
        ):
            if old and old != new:
                yield Finding(
                    f"{key}-moved",
                    heir.where.at(key),
                    f"{device.name} is {device.status} with the {word} {old}, and would have {new or 'none'}",
                    f"the {word} {old}, as long as it stands",
                    _how_to_move(heir, word),
                    see=device.where.at(key),
                )


def _heirs(base: Inventory, now: Inventory) -> Iterator[tuple[Device, Device]]:
    """Devices that stand, each with what it is now, whatever it is called."""
    renamed = {device.was: device for device in now.devices.values() if device.was}
    for name, device in base.devices.items():
        heir = now.devices.get(name) or renamed.get(name)
        if heir is not None and _stands(device):
            yield device, heir


def _address(device: Device) -> str:
    return str(device.oob.ip) if device.oob is not None else ""


def _how_to_move(device: Device, word: str) -> str:
    """What a row counts moves with all that is counted before it."""
    counted = "`every` and `every_row` keep what a row counts where it is; " if _of_a_row(device) else ""
    leaves = f"status: decommissioning and an update first, and the new {word} in a change after that"
    return f"{counted}to change it: {leaves}"


def _of_a_row(device: Device) -> bool:
    return device.where.at("number").path.startswith(("rows", "hall_kinds"))


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
    elsewhere = {device.name for device, heir in _heirs(base, now) if heir.rack != device.rack}
    gone = sorted(base.racks.keys() - now.racks.keys())
    inside = standing(base) if gone else {}
    for name in gone:
        left = [d.name for d in inside[name] if _stands(d) and d.name not in elsewhere]
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
