"""Address space of tenants, and how their servers are attached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netaddr import IPNetwork

from igoudar.design import Design, PlacedSubnet
from igoudar.errors import Finding, Severity
from igoudar.model import Attachment, End, Subnet

LONGEST_PREFIX = {4: 29, 6: 64}  # room for network, gateway, broadcast and a server; SLAAC-sized IPv6


def check(design: Design) -> Iterator[Finding]:
    yield from _overlaps(design)
    yield from _names(design)
    for placed in design.tenants.subnets:
        yield from _space(design, placed)
        yield from _attachment(design, placed)


def _networks(subnet: Subnet) -> Iterator[tuple[str, IPNetwork]]:
    if subnet.ipv4 is not None:
        yield "ipv4", subnet.ipv4
    if subnet.ipv6 is not None:
        yield "ipv6", subnet.ipv6


def _overlaps(design: Design) -> Iterator[Finding]:
    """Inside a VRF no address stands twice; VPCs may overlap each other. Sorted neighbours are enough."""
    by_vrf: dict[tuple[str, int], list[tuple[int, int, str, PlacedSubnet]]] = {}
    for placed in design.tenants.subnets:
        for key, network in _networks(placed.subnet):
            spans = by_vrf.setdefault((placed.vrf, network.version), [])
            spans.append((network.first, network.last, key, placed))
    for spans in by_vrf.values():
        spans.sort(key=lambda s: s[:2])
        widest = spans[0]
        for span in spans[1:]:
            if span[0] <= widest[1]:
                _, _, key, placed = span
                yield Finding(
                    "subnets-overlap",
                    placed.subnet.where.at(key),
                    f"{getattr(placed.subnet, key)} overlaps {widest[3].owner}",
                    f"address space of its own inside {'the world' if placed.subnet.public else 'the VPC'}",
                    see=widest[3].subnet.where.at(widest[2]),
                )
            widest = max(widest, span, key=lambda s: s[1])


def _names(design: Design) -> Iterator[Finding]:
    """Long names of VPCs are cut and end in digits of their hash; two may still meet."""
    vpcs = {f"{v.tenant}/{v.name}": v for v in design.inventory.vpcs.values()}
    first: dict[str, str] = {}
    for owner, name in sorted(design.tenants.vrfs.items()):
        other = first.setdefault(name, owner)
        if other != owner:
            said = f"{other} and {owner} would both be the VRF {name}"
            where = vpcs[owner if owner in vpcs else other].where
            yield Finding("vrf-name", where, said, "another name for one of the VPCs")


def _space(design: Design, placed: PlacedSubnet) -> Iterator[Finding]:
    site, subnet = design.inventory.site, placed.subnet
    for key, network in _networks(subnet):
        where = subnet.where.at(key)
        if network.prefixlen > LONGEST_PREFIX[network.version]:
            yield Finding(
                "subnet-too-small",
                where,
                f"{network} is too small",
                f"/{LONGEST_PREFIX[network.version]} or shorter",
            )
        pools = (*site.pools.public4, *site.pools.public6, *placed.vpc.own)
        if subnet.public and not any(network in pool for pool in pools if pool.version == network.version):
            listed = ", ".join(str(p) for p in pools if p.version == network.version) or "none"
            yield Finding(
                "outside-pool",
                where,
                f"the public subnet {network} lies outside of every pool",
                f"space of the site or of the tenant ({listed})",
            )
        if network in site.pools.oob or site.pools.oob in network:
            yield Finding(
                "oob-space",
                where,
                f"{network} covers the out-of-band network",
                f"space without {site.pools.oob}",
            )


def _attachment(design: Design, placed: PlacedSubnet) -> Iterator[Finding]:
    subnet, attachments = placed.subnet, design.networks.attachments
    if not subnet.servers:
        yield Finding(
            "empty-subnet",
            subnet.where,
            f"{placed.owner} has no servers, so no leaf carries it",
            severity=Severity.INFO,
        )
    if subnet.public and subnet.attachment is Attachment.ROUTED:
        yield Finding("public-routed", subnet.where, "a public subnet is routed", "attachment: access")
    for position, server in enumerate(subnet.servers):
        where = subnet.where.at("servers").at(position)
        ports = attachments.get(server, ())
        leaves = {leaf.device for _, leaf in ports}
        if subnet.attachment is Attachment.ACCESS and len(ports) != 1:
            said = f"{server} has {len(ports)} connected cables to leaves"
            expected = "exactly one for attachment access"
            yield Finding("attachment", where, said, expected, _cabled(ports))
        if subnet.attachment is Attachment.ROUTED and len(leaves) < 2:
            said = f"{server} is connected to {len(leaves)} {'leaf' if len(leaves) == 1 else 'leaves'}"
            yield Finding("attachment", where, said, "two leaves for attachment routed", _cabled(ports))


def _cabled(ports: Sequence[tuple[End, End]]) -> str:
    listed = ", ".join(f"{near} to {far}" for near, far in ports)
    return f"its connected cables: {listed}" if listed else "add its cables, status connected"
