"""`derive`: a plan in, one `DeviceIntent` a switch out. Pure.

    identity   what a switch is called on the wire: loopbacks, ASN, router MAC
    ports      what each port is for
    tenants    VRFs and L2VNIs, once for the site, and which switch carries which
    fabric     underlay and EVPN
    servers    sessions with routed servers
    edge       sessions with other networks, in the VRF `world`
    policies   the lists and maps that these name
    asn_regex  ranges of AS numbers as regular expressions

What many switches share is one object, made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from igoudar.bogons import Bogons
from igoudar.derive import edge, fabric, tenants
from igoudar.derive.identity import Identity, identities
from igoudar.derive.policies import joined, needed, underlay, world
from igoudar.derive.ports import device_ports, idle_ports, in_order, oob_port
from igoudar.design import Plan
from igoudar.errors import Finding
from igoudar.intent import DeviceIntent, Policies, Port
from igoudar.model import SWITCH_ROLES, Device, Status

WAITING = frozenset({Status.STAGED, Status.DECOMMISSIONING})


@dataclass(frozen=True, slots=True)
class Derived:
    """Every switch that stands: `intents` of what it is to carry, `base` of what it carries before and after.

    The two are the same while a switch is staged or decommissioning.
    """

    intents: Mapping[str, DeviceIntent]
    base: Mapping[str, DeviceIntent]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What is derived once for all switches of a site."""

    identities: Mapping[str, Identity]
    ports: Mapping[str, tuple[Port, ...]]
    tenants: tenants.Shared
    underlay: Policies
    world: Policies


def derive(plan: Plan, bogons: Bogons) -> Derived:
    """Intents by switch, in the order of the inventory; without errors among the findings, of all of them."""
    standing = [d for d in plan.design.inventory.switches() if d.status is not Status.PLANNED]
    idle = idle_ports(plan)
    base = {d.name: base_intent(plan, d, in_order(idle.get(d.name, {}))) for d in standing}
    found, wrong = identities(plan, standing)
    findings = (*wrong, *edge.findings(plan, bogons))
    if wrong:
        return Derived({}, base, findings)
    shared = _Shared(found, device_ports(plan), tenants.shared(plan), underlay(plan), world(plan, bogons))
    intents = {d.name: base[d.name] if d.status in WAITING else _target(plan, d, shared) for d in standing}
    return Derived(intents, base, findings)


def base_intent(plan: Plan, device: Device, ports: tuple[Port, ...]) -> DeviceIntent:
    """Out-of-band only: what a switch runs before its first change and after its last. All ports are idle."""
    assert device.role in SWITCH_ROLES, device.name
    return DeviceIntent(
        name=device.name,
        role=device.role,
        nos=device.nos,
        where=device.where,
        oob=oob_port(plan, device),
        ports=ports,
    )


def _target(plan: Plan, device: Device, shared: _Shared) -> DeviceIntent:
    identity, ports = shared.identities[device.name], shared.ports.get(device.name, ())
    mine = tenants.on_switch(plan, identity, ports, shared.tenants)
    profile = fabric.bfd_profile(plan)
    return DeviceIntent(
        name=device.name,
        role=device.role,
        nos=device.nos,
        where=device.where,
        oob=oob_port(plan, device),
        drained=device.drained,
        host_mtu=plan.design.inventory.site.host_mtu,
        loopback=identity.loopback,
        router_mac=identity.router_mac,
        ports=ports,
        fabric=fabric.instance(plan, identity, ports, shared.identities),
        bfd_profiles=(profile,),
        vrfs=mine.vrfs,
        l2vnis=mine.l2vnis,
        policies=joined(shared.underlay, mine.policies, needed(mine.vrfs, shared.world)),
    )
