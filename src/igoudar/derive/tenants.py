"""VRFs and L2VNIs: made once for the site, then put on the switches that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from igoudar.derive import edge, servers
from igoudar.derive.fabric import of_switch
from igoudar.derive.identity import Identity
from igoudar.derive.ports import networks
from igoudar.design import PlacedSubnet, Plan
from igoudar.intent import L2Vni, LocalL2Vni, Policies, Port, Vrf, VrfInstance
from igoudar.model import Attachment, Role

WORLD = "world"
# Kernel tables: ifupdown2 takes 1001 to 5000 for VRFs, and a VLAN is unique in the site and below 4000.
FIRST_TABLE = 1000


@dataclass(frozen=True, slots=True)
class Shared:
    """VRFs by name, with `world` first to be found by `world`; access subnets with their index, by owner."""

    vrfs: Mapping[str, Vrf]
    world: str
    l2vnis: Mapping[str, tuple[L2Vni, int]]
    by_leaf: Mapping[str, tuple[PlacedSubnet, ...]]


@dataclass(frozen=True, slots=True)
class OnSwitch:
    """VRFs by name, L2VNIs by number, and the lists that only this switch needs."""

    vrfs: tuple[VrfInstance, ...]
    l2vnis: tuple[LocalL2Vni, ...]
    policies: Policies


def shared(plan: Plan) -> Shared:
    by_leaf: dict[str, list[PlacedSubnet]] = {}
    for placed in plan.design.tenants.subnets:
        for leaf in placed.leaves:
            by_leaf.setdefault(leaf, []).append(placed)
    return Shared(
        vrfs={name: _vrf(plan, owner, name) for owner, name in plan.design.tenants.vrfs.items()},
        world=plan.design.tenants.vrfs[WORLD],
        l2vnis={
            placed.owner: (_l2vni(plan, placed), plan.number("index", placed.owner))
            for placed in plan.design.tenants.subnets
            if placed.subnet.attachment is Attachment.ACCESS
        },
        by_leaf={leaf: tuple(subnets) for leaf, subnets in by_leaf.items()},
    )


def _vrf(plan: Plan, owner: str, name: str) -> Vrf:
    site, key = plan.design.inventory.site, f"vrf:{owner}"
    vni, vlan = plan.number("l3vni", key), plan.number("vlan", key)
    return Vrf(
        owner=owner,
        name=name,
        index=plan.number("index", key),
        table=FIRST_TABLE + vlan,
        vni=vni,
        vlan=vlan,
        route_target=f"{site.fabric_as}:{vni}",
        mtu=site.host_mtu,
    )


def _l2vni(plan: Plan, placed: PlacedSubnet) -> L2Vni:
    """The gateway is the first address of each family, on every leaf the same."""
    site, vni = plan.design.inventory.site, plan.number("l2vni", placed.owner)
    return L2Vni(
        owner=placed.owner,
        vni=vni,
        vlan=plan.number("vlan", placed.owner),
        route_target=f"{site.fabric_as}:{vni}",
        vrf=placed.vrf,
        gateways=tuple(f"{network[1]}/{network.prefixlen}" for network in networks(placed)),
        mac=site.anycast_mac,
        mtu=site.host_mtu,
    )


def on_switch(plan: Plan, identity: Identity, ports: tuple[Port, ...], site: Shared) -> OnSwitch:
    """What one switch carries: a leaf the subnets of its servers, a border the world."""
    subnets = site.by_leaf.get(identity.device.name, ())
    names = {placed.vrf for placed in subnets}
    if identity.device.role is Role.BORDER:
        names.add(site.world)
    local = [site.l2vnis[placed.owner] for placed in subnets if placed.owner in site.l2vnis]
    return OnSwitch(
        vrfs=tuple(_instance(plan, identity, ports, site.vrfs[name]) for name in sorted(names)),
        l2vnis=tuple(
            LocalL2Vni(l2vni, f"{identity.loopback.ipv4}:{index}")
            for l2vni, index in sorted(local, key=lambda pair: pair[0].vni)
        ),
        policies=servers.policies(ports),
    )


def _instance(plan: Plan, identity: Identity, ports: tuple[Port, ...], vrf: Vrf) -> VrfInstance:
    """RD is loopback:index; the router id is the index and the low half of the loopback: unique as well."""
    index = vrf.index
    border = vrf.owner == WORLD and identity.device.role is Role.BORDER
    sessions = edge.sessions(plan, identity.device.name) if border else ()
    return VrfInstance(
        vrf=vrf,
        asn=plan.design.inventory.site.public_as if border else identity.asn,
        rd=f"{identity.loopback.ipv4}:{index}",
        router_id=f"{index >> 8}.{index & 255}.{identity.low16}",
        max_paths=of_switch(plan, identity.device.hall).max_paths,
        neighbors=(*servers.sessions(plan, ports, vrf.name), *sessions),
        aggregates=edge.aggregates(plan) if border else (),
        blackholes=edge.blackholes(plan) if border else (),
        redistribute_connected=not border,
        export_map=edge.EXPORT_MAP if border else "",
    )
