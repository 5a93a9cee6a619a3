"""Sessions with other networks on the borders, in the VRF `world`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from netaddr import IPNetwork

from igoudar.bogons import Bogons
from igoudar.derive.policies import EXPORT_MAP, IN_MAPS, OUT_MAP, own_space
from igoudar.derive.servers import family_of
from igoudar.design import EdgeSession, Plan
from igoudar.errors import Finding, Severity
from igoudar.intent import Blackhole, Family, FamilyPolicy, Neighbor, Timers
from igoudar.model import SessionRole

__all__ = ["EXPORT_MAP", "aggregates", "blackholes", "findings", "sessions"]

# What we are to them (RFC 9234), the opposite of what they are to us.
LOCAL_ROLE = {
    SessionRole.TRANSIT: "customer",
    SessionRole.PEER: "peer",
    SessionRole.CUSTOMER: "provider",
}
# At 80 % of the agreed number of prefixes a message, beyond it the session rests for 30 minutes.
WARN_PERCENT, RESTART_MINUTES = 80, 30
TTL_HOPS = 1  # the far end of a wave is the next router


def sessions(plan: Plan, border: str) -> tuple[Neighbor, ...]:
    """Two sessions a wave, one a family, in the order of addresses: IPv4 first."""
    mine = [edge for edge in plan.design.uplinks.sessions if edge.border == border]
    four = sorted(mine, key=lambda e: e.session.theirs4)
    six = sorted(mine, key=lambda e: e.session.theirs6)
    return (
        *(_session(plan, e, str(e.session.theirs4), e.session.max_prefixes4) for e in four),
        *(_session(plan, e, str(e.session.theirs6), e.session.max_prefixes6) for e in six),
    )


def _session(plan: Plan, edge: EdgeSession, address: str, limit: int) -> Neighbor:
    far, timers, role = edge.wave.far, edge.timers, edge.upstream.role
    return Neighbor(
        key=address,
        unnumbered=False,
        remote_asn=edge.upstream.asn,
        remote_device=far.device,
        remote_port=far.port,
        description=f"{edge.upstream.name} by wave {edge.wave.name}",
        families=(
            FamilyPolicy(
                family=family_of(address),
                route_map_in=IN_MAPS[role],
                route_map_out=OUT_MAP,
                max_prefixes=limit,
                warn_percent=WARN_PERCENT,
                restart_minutes=RESTART_MINUTES,
            ),
        ),
        timers=Timers(timers.keepalive, timers.hold, timers.connect_retry),
        password=plan.design.inventory.secrets[edge.session.password].mark,
        ttl_hops=TTL_HOPS,
        local_role=LOCAL_ROLE[role],
        drained=edge.wave.drained,
    )


def aggregates(plan: Plan) -> tuple[Blackhole, ...]:
    """Our whole public space, IPv4 first, by address; each border originates all of it."""
    return _blackholes(own_space(plan))


def blackholes(plan: Plan) -> tuple[Blackhole, ...]:
    """Our public space, and what is inside only: a packet for it is never sent to the world."""
    pools = plan.design.inventory.site.pools
    inside = {*own_space(plan), pools.oob, pools.loopback4, pools.loopback6}
    return _blackholes(tuple(sorted(inside, key=lambda n: (n.version, n.first, n.prefixlen))))


@lru_cache(maxsize=8)
def _blackholes(space: tuple[IPNetwork, ...]) -> tuple[Blackhole, ...]:
    return tuple(Blackhole(Family(f"ipv{network.version}"), str(network)) for network in space)


def findings(plan: Plan, bogons: Bogons) -> Iterator[Finding]:
    """What no session may be, and own space that the world would not carry."""
    special = [a for a in bogons.asns if a[0] != a[1] or a[0]]
    for edge in plan.design.uplinks.sessions:
        upstream = edge.upstream
        if upstream.role is SessionRole.CUSTOMER:
            yield Finding(
                "customer-session",
                edge.session.where.at("upstream"),
                f"{upstream.name} is a customer, and nothing says which prefixes it may announce",
                "an upstream with role transit or peer",
            )
        if any(low <= upstream.asn <= high for low, high in special):
            yield Finding(
                "bogon-asn",
                upstream.where.at("asn"),
                f"AS {upstream.asn} is documentation, private or reserved space; the filters let it through",
                "a public AS number on a real network",
                severity=Severity.WARNING,
            )
    limits = {4: bogons.prefix_length4, 6: bogons.prefix_length6}
    for network in own_space(plan) if plan.design.uplinks.sessions else ():
        if network.prefixlen > limits[network.version]:
            yield Finding(
                "aggregate-too-long",
                plan.design.inventory.site.where,
                f"other networks refuse {network}",
                f"own public space of /{limits[network.version]} or shorter",
                severity=Severity.WARNING,
            )
