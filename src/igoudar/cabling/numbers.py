"""What cables ask of the ledger: a label each, and ports that no rule gives. Neither ever moves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from igoudar.errors import Where
from igoudar.ledger import Request
from igoudar.model import Cable, End, Inventory, Status

LABEL, PORT = "label", "port"


def cable_requests(inventory: Inventory) -> Iterator[Request]:
    """None where the site says nothing of its cabling; where it says so, none for what stands nowhere yet."""
    if inventory.cabling is None:
        return
    low, high = inventory.cabling.labels
    for cable in inventory.laid():
        ends = [inventory.devices[end.device] for end in (cable.a, cable.b)]
        if not inventory.cabling.label_planned and any(device.status is Status.PLANNED for device in ends):
            continue
        was = tuple(key for key in _keys_before(inventory, cable) if key != cable.key)
        yield Request(LABEL, cable.key, low, high, cable.where, was)
        if cable.handed:
            switch = cable.handed.partition("/")[0]
            near, far = (cable.a, cable.b) if cable.b.device == switch else (cable.b, cable.a)
            number = int(far.port.removeprefix(far.port.rstrip("0123456789")))
            yield port_request(inventory, (switch, near), (number, number), cable.where)


def port_request(
    inventory: Inventory, ends: tuple[str, End], numbers: tuple[int, int], where: Where
) -> Request:
    """For a port of a switch, by its number, to which the port `ends[1]` of a device goes."""
    switch, end = ends
    names = product(_names(inventory, switch), _names(inventory, end.device))
    owner, *was = (f"{high}/{low}/{end.port}" for high, low in names)
    return Request(PORT, owner, *numbers, where, tuple(was), switch)


def _keys_before(inventory: Inventory, cable: Cable) -> Iterator[str]:
    """Keys that it had before its devices were renamed."""
    for a, b in product(_names(inventory, cable.a.device), _names(inventory, cable.b.device)):
        yield Cable(End(a, cable.a.port), End(b, cable.b.port), cable.where).key


def _names(inventory: Inventory, device: str) -> tuple[str, ...]:
    was = inventory.devices[device].was
    return (device, was) if was else (device,)
