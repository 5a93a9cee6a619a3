"""The underlay and EVPN instance of a switch: eBGP unnumbered on every fabric port."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from igoudar.derive.identity import Identity
from igoudar.derive.policies import UNDERLAY
from igoudar.design import FabricDesign, Plan
from igoudar.intent import BfdProfile, Fabric, Family, FamilyPolicy, Neighbor, Port, PortUse, Timers
from igoudar.model import Role

BFD = "fabric"
FAMILIES = (FamilyPolicy(Family.IPV4), FamilyPolicy(Family.IPV6))


def bfd_profile(plan: Plan) -> BfdProfile:
    """One profile for fabric ports and routed servers of a site."""
    site = plan.design.inventory.site
    return _profile(site.bfd_interval_ms, site.bfd_multiplier)


@lru_cache(maxsize=8)
def _profile(interval_ms: int, multiplier: int) -> BfdProfile:
    return BfdProfile(BFD, interval_ms, multiplier)


def of_switch(plan: Plan, hall: str) -> FabricDesign:
    """The fabric of a hall."""
    return next(f for f in plan.design.networks.fabrics if f.name == hall)


def instance(
    plan: Plan, identity: Identity, ports: tuple[Port, ...], identities: Mapping[str, Identity]
) -> Fabric:
    """`identities` are those of all switches: each neighbour's ASN is written, not taken on trust."""
    design = of_switch(plan, identity.device.hall)
    timers = design.underlay
    return Fabric(
        asn=identity.asn,
        router_id=identity.loopback.ipv4,
        max_paths=design.max_paths,
        timers=Timers(timers.keepalive, timers.hold, timers.connect_retry),
        bfd=BFD,
        prefix_list=UNDERLAY,
        neighbors=tuple(
            Neighbor(
                key=port.name,
                unnumbered=True,
                remote_asn=identities[port.remote_device].asn,
                remote_device=port.remote_device,
                remote_port=port.remote_port,
                description=port.description,
                families=FAMILIES,
                drained=port.drained,
            )
            for port in ports
            if port.use is PortUse.FABRIC
        ),
        vtep=identity.device.role is not Role.SPINE,
    )
