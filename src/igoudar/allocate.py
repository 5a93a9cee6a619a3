"""`allocate`: a design and the ledger in, a plan out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product

from igoudar.cabling.numbers import LABEL, cable_requests
from igoudar.design import Design, PlacedSubnet, Plan
from igoudar.errors import Where
from igoudar.ledger import Allocation, Ledger, Request, allocate_numbers
from igoudar.model import Attachment


def allocate(design: Design, ledger: Ledger, today: date) -> Plan:
    """Every number that the design needs; those not in the ledger are provisional."""
    allocation = allocation_of(design, ledger, today)
    return Plan(design, allocation.numbers, allocation.provisional, allocation.findings)


def allocation_of(design: Design, ledger: Ledger, today: date) -> Allocation:
    return allocate_numbers(requests(design), ledger, today)


def settled(design: Design, ledger: Ledger) -> bool:
    """Whether the numbers of a part are those of the whole site.

    Labels are given out over all halls, so each is in the ledger; no number is about to go from a name to
    another, which somebody elsewhere may bear by now.
    """
    for request in requests(design):
        rows = ledger.numbers.get(request.kind, {})
        if (request.kind == LABEL and request.owner not in rows) or any(name in rows for name in request.was):
            return False
    return True


def requests(design: Design) -> Iterator[Request]:
    """One request a number. VRFs are owners `vrf:<tenant>/<vpc>` or `vrf:world`."""
    pools = design.inventory.site.pools
    vpcs = {f"{v.tenant}/{v.name}": v for v in design.inventory.vpcs.values()}
    for owner in design.tenants.vrfs:
        vpc = vpcs.get(owner)
        where = vpc.where if vpc else design.inventory.site.where
        was: tuple[str, ...] = (f"vrf:{vpc.tenant}/{vpc.was}",) if vpc and vpc.was else ()
        for kind, (low, high) in (("l3vni", pools.l3vni), ("index", pools.index), ("vlan", pools.vlan)):
            yield Request(kind, f"vrf:{owner}", low, high, where, was)
    for placed in design.tenants.subnets:
        was = _was(placed)
        if placed.subnet.attachment is Attachment.ACCESS:  # a routed subnet is a pool of host routes only
            for kind, (low, high) in (("l2vni", pools.l2vni), ("index", pools.index), ("vlan", pools.vlan)):
                yield Request(kind, placed.owner, low, high, placed.subnet.where, was)
        yield from _hosts(design, placed, was)
    yield from cable_requests(design.inventory)


def _was(placed: PlacedSubnet) -> tuple[str, ...]:
    """Names before a rename of the subnet, its VPC, or both; a `was` may outlive the plan that used it."""
    vpc, subnet = placed.vpc, placed.subnet
    names = (
        f"{vpc.tenant}/{old_vpc}/{old_subnet}"
        for old_subnet, old_vpc in product(_names(subnet.name, subnet.was), _names(vpc.name, vpc.was))
    )
    return tuple(name for name in names if name != placed.owner)


def _names(name: str, was: str) -> tuple[str, ...]:
    return (name, was) if was else (name,)


def _hosts(design: Design, placed: PlacedSubnet, was: tuple[str, ...]) -> Iterator[Request]:
    low, high = host_range(placed)
    for position, server in enumerate(placed.subnet.servers):
        where: Where = placed.subnet.where.at("servers").at(position)
        device = design.inventory.devices.get(server)
        owner = f"{placed.owner}/{server}"
        names = product(_names(server, device.was if device else ""), (placed.owner, *was))
        before = tuple(name for old, subnet in names if (name := f"{subnet}/{old}") != owner)
        yield Request("host", owner, low, high, where, before, placed.owner)


def host_range(placed: PlacedSubnet) -> tuple[int, int]:
    """Positions that servers may have: 0 is the network, 1 the gateway, the last of IPv4 the broadcast."""
    sizes = [int(n.size) for n in (placed.subnet.ipv4, placed.subnet.ipv6) if n is not None]
    return 2, max(2, min([*sizes, 65536]) - 2)
