"""`allocate`: a design and the ledger in, a plan out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

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


def requests(design: Design) -> Iterator[Request]:
    """One request a number. VRFs are owners `vrf:<tenant>/<vpc>` or `vrf:world`."""
    pools = design.inventory.site.pools
    vpcs = {f"{v.tenant}/{v.name}": v for v in design.inventory.vpcs.values()}
    for owner in design.tenants.vrfs:
        vpc = vpcs.get(owner)
        where = vpc.where if vpc else design.inventory.site.where
        was = f"vrf:{vpc.tenant}/{vpc.was}" if vpc and vpc.was else ""
        for kind, (low, high) in (("l3vni", pools.l3vni), ("index", pools.index), ("vlan", pools.vlan)):
            yield Request(kind, f"vrf:{owner}", low, high, where, was)
    for placed in design.tenants.subnets:
        was = _was(placed)
        if placed.subnet.attachment is Attachment.ACCESS:  # a routed subnet is a pool of host routes only
            for kind, (low, high) in (("l2vni", pools.l2vni), ("index", pools.index), ("vlan", pools.vlan)):
                yield Request(kind, placed.owner, low, high, placed.subnet.where, was)
        yield from _hosts(placed, was)


def _was(placed: PlacedSubnet) -> str:
    """The owner's name before a rename of the subnet, of its VPC, or of both."""
    vpc, subnet = placed.vpc, placed.subnet
    if not (vpc.was or subnet.was):
        return ""
    return f"{vpc.tenant}/{vpc.was or vpc.name}/{subnet.was or subnet.name}"


def _hosts(placed: PlacedSubnet, was: str) -> Iterator[Request]:
    low, high = host_range(placed)
    for position, server in enumerate(placed.subnet.servers):
        where: Where = placed.subnet.where.at("servers").at(position)
        before = f"{was}/{server}" if was else ""
        yield Request("host", f"{placed.owner}/{server}", low, high, where, before, placed.owner)


def host_range(placed: PlacedSubnet) -> tuple[int, int]:
    """Positions that servers may have: 0 is the network, 1 the gateway, the last of IPv4 the broadcast."""
    sizes = [int(n.size) for n in (placed.subnet.ipv4, placed.subnet.ipv6) if n is not None]
    return 2, max(2, min([*sizes, 65536]) - 2)
