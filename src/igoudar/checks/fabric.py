"""The Clos: every leaf and border to every spine, none to its like, and the MTU chain."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design, FabricDesign
from igoudar.errors import Finding, Severity
from igoudar.model import SWITCH_ROLES, CableStatus

VXLAN_OVERHEAD = 54  # bytes over IPv4 with an inner tag (RFC 7348)


def check(design: Design) -> Iterator[Finding]:
    for fabric in design.networks.fabrics:
        yield from _complete(design, fabric)
    yield from _misplaced(design)
    yield from _drained(design)
    site = design.inventory.site
    if site.host_mtu + VXLAN_OVERHEAD > site.fabric_mtu:
        yield Finding(
            "mtu-chain",
            site.where.at("host_mtu"),
            f"hosts may send {site.host_mtu} bytes, with VXLAN {site.host_mtu + VXLAN_OVERHEAD}",
            f"at most the fabric_mtu of {site.fabric_mtu}",
        )


def _complete(design: Design, fabric: FabricDesign) -> Iterator[Finding]:
    joined = {(low.device, high.device) for low, high in fabric.links}
    devices = design.inventory.devices
    for name in (*fabric.leaves, *fabric.borders):
        leaf = devices[name] if name in fabric.leaves else None
        spines = [s for s in fabric.spines if leaf is None or devices[s].pod == leaf.pod]
        missing = [spine for spine in spines if (name, spine) not in joined]
        if missing:
            of = "hall" if len(spines) == len(fabric.spines) else "pod"
            yield Finding(
                "not-in-clos",
                devices[name].where,
                f"{name} has no cable to {', '.join(missing)}",
                f"a connected cable to every spine of its {of}",
                severity=Severity.WARNING if len(missing) < len(spines) else Severity.ERROR,
            )
    if len(fabric.spines) > fabric.max_paths:
        where = design.inventory.halls[fabric.name].where
        yield Finding("too-many-spines", where, f"{len(fabric.spines)} spines", f"at most {fabric.max_paths}")


def _misplaced(design: Design) -> Iterator[Finding]:
    devices = design.inventory.devices
    for cable in design.inventory.cables.values():
        a, b = devices[cable.a.device], devices[cable.b.device]
        both = a.role in SWITCH_ROLES and b.role in SWITCH_ROLES
        if not both or cable.status is not CableStatus.CONNECTED:
            continue
        if a.role is b.role or {a.role, b.role} == {"leaf", "border"}:
            yield Finding(
                "not-a-clos",
                cable.where,
                f"the cable joins a {a.role} and a {b.role}",
                "a leaf or border and a spine",
            )


def _drained(design: Design) -> Iterator[Finding]:
    """Only where both ends are ours can both be told to avoid a cable; elsewhere another thing is drained."""
    links = {frozenset(link) for fabric in design.networks.fabrics for link in fabric.links}
    for cable in design.inventory.cables.values():
        if cable.drained and frozenset((cable.a, cable.b)) not in links:
            yield Finding(
                "drained-cable",
                cable.where.at("drained"),
                f"{cable.key} carries no session between switches of the fabric",
                "a connected cable between a leaf or border and a spine",
                "drain the wave, or the switch" if cable.wave else "drain the switch",
            )
