"""Where numbers come from: pools that must not meet, and address space that no subnet may have."""

from __future__ import annotations

from collections.abc import Iterator

from netaddr import IPNetwork

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.site import Pools

# RFC 6890 and RFC 4291: never the source of a packet that is routed.
UNROUTED = tuple(
    IPNetwork(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8")
)


def check(design: Design) -> Iterator[Finding]:
    site = design.inventory.site
    where = site.where.at("pools")
    (low, high), (first, last) = site.pools.l2vni, site.pools.l3vni
    if low <= last and first <= high:
        said = f"l3vni {first}-{last} and l2vni {low}-{high} have numbers in common"
        yield Finding("pools-overlap", where.at("l3vni"), said, "ranges far from each other")
    if _meet(site.pools.oob, site.pools.loopback4):
        said = f"the loopbacks {site.pools.loopback4} and the out-of-band network {site.pools.oob} overlap"
        yield Finding("pools-overlap", where.at("loopback4"), said, "address space of its own")
    yield from _unrouted(design, site.pools)


def _meet(a: IPNetwork, b: IPNetwork) -> bool:
    return bool(a in b or b in a)


def _unrouted(design: Design, pools: Pools) -> Iterator[Finding]:
    where = design.inventory.site.where.at("pools")
    named = [(where.at(key), getattr(pools, key)) for key in ("loopback4", "loopback6", "oob")]
    for placed in design.tenants.subnets:
        subnet = placed.subnet
        named += [(subnet.where.at(key), getattr(subnet, key)) for key in ("ipv4", "ipv6")]
    for place, network in named:
        if network is None:
            continue
        for space in UNROUTED:
            if network.version == space.version and _meet(network, space):
                said = f"{network} lies in {space} or covers it"
                yield Finding("unrouted-space", place, said, "space of hosts that are routed")
