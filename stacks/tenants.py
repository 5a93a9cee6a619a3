"""Tenants: a VRF for each VPC, its subnets on the leaves that have its servers, public ones in `world`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pulumi

from igoudar import resources
from igoudar.compiler import Compiled
from igoudar.design import NetworkDesign, PlacedSubnet, TenantDesign
from igoudar.model import Inventory, Subnet

WORLD = "world"
LONGEST_INTERFACE = 15  # bytes, of a Linux interface name


def describe(inventory: Inventory, networks: NetworkDesign) -> TenantDesign:
    """VRFs by owner and subnets by place. A VPC with public subnets only needs no VRF of its own."""
    vrfs = {WORLD: WORLD}
    placed: list[PlacedSubnet] = []
    for vpc in inventory.vpcs.values():
        name = vrf_name(vpc.full_name)
        for subnet in vpc.subnets:
            if not subnet.public:
                vrfs[f"{vpc.tenant}/{vpc.name}"] = name
            vrf = WORLD if subnet.public else name
            placed.append(PlacedSubnet(subnet, vpc, vrf, _leaves(subnet, networks)))
    return TenantDesign(vrfs, tuple(placed))


def vrf_name(full_name: str) -> str:
    """The VPC's name where it fits an interface, else its beginning and four digits of its hash."""
    if len(full_name) <= LONGEST_INTERFACE and full_name != WORLD:
        return full_name
    digest = hashlib.sha256(full_name.encode()).hexdigest()[:4]
    return f"{full_name[: LONGEST_INTERFACE - 5].rstrip('-')}-{digest}"


def _leaves(subnet: Subnet, networks: NetworkDesign) -> tuple[str, ...]:
    pairs = [pair for server in subnet.servers for pair in networks.attachments.get(server, ())]
    return tuple(sorted({leaf.device for _, leaf in pairs}))


class Tenants(pulumi.ComponentResource):
    """A `Vpc` record for each VPC, with its numbers."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            "igoudar:stacks:Tenants", compiled.site, None, pulumi.ResourceOptions(depends_on=list(after))
        )
        for vpc in compiled.design.inventory.vpcs.values():
            resources.Record(
                "igoudar:tenant:Vpc",
                vpc.full_name,
                resources.vpc_record(compiled.plan, vpc),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
