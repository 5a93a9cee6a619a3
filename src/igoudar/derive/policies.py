"""Prefix lists, AS path lists, community lists and route maps, each made once for the site.

Names are upper case and short; a list of both families has one name in both. On a switch stands what its
sessions name, and what that names in turn (`needed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netaddr import IPNetwork

from igoudar.bogons import Bogons
from igoudar.derive.asn_regex import range_regex, without
from igoudar.design import Plan
from igoudar.intent import (
    AsPathList,
    CommunityList,
    Family,
    ListEntry,
    Policies,
    PrefixEntry,
    PrefixList,
    RouteMap,
    RouteMapEntry,
    VrfInstance,
)
from igoudar.model import SessionRole

UNDERLAY, DEFAULT = "UNDERLAY", "DEFAULT"
OWN, AGGREGATES, BOGONS, TOO_LONG = "OWN", "AGGREGATES", "BOGONS", "TOO-LONG"
BOGON_ASNS, LONG_PATHS, LOCAL, DRAINING = "BOGON-ASNS", "LONG-PATHS", "LOCAL", "DRAINING"
IN_MAPS = {
    SessionRole.TRANSIT: "TRANSIT-IN",
    SessionRole.PEER: "PEER-IN",
    SessionRole.CUSTOMER: "CUSTOMER-IN",
}
OUT_MAP, EXPORT_MAP = "WORLD-OUT", "WORLD-TO-FABRIC"
WHOLE = {Family.IPV4: 32, Family.IPV6: 128}
ALL = {Family.IPV4: "0.0.0.0/0", Family.IPV6: "::/0"}


def prefix_list(name: str, family: Family, entries: Iterable[tuple[bool, str, int, int]]) -> PrefixList:
    """Entries (permit, prefix, ge, le) numbered 5, 10, ..."""
    numbered = enumerate(entries, 1)
    return PrefixList(name, family, tuple(PrefixEntry(5 * n, *entry) for n, entry in numbered))


def host_list(name: str, family: Family, address: str) -> PrefixList:
    """One host, exactly."""
    return prefix_list(name, family, [(True, f"{address}/{WHOLE[family]}", 0, 0)])


DEFAULT_LISTS = tuple(prefix_list(DEFAULT, family, [(True, ALL[family], 0, 0)]) for family in Family)


def underlay(plan: Plan) -> Policies:
    """Loopbacks, and nothing else, are carried by the underlay."""
    pools = plan.design.inventory.site.pools
    spaces = {Family.IPV4: pools.loopback4, Family.IPV6: pools.loopback6}
    return Policies(
        prefix_lists=tuple(
            prefix_list(UNDERLAY, family, [(True, str(space), WHOLE[family], 0)])
            for family, space in spaces.items()
        )
    )


def own_space(plan: Plan) -> tuple[IPNetwork, ...]:
    """Public pools of the site, and what tenants with public subnets brought; IPv4 first, by address."""
    inventory = plan.design.inventory
    space = {*inventory.site.pools.public4, *inventory.site.pools.public6}
    for vpc in inventory.vpcs.values():
        if any(subnet.public for subnet in vpc.subnets):
            space.update(vpc.own)
    return tuple(sorted(space, key=lambda n: (n.version, n.first, n.prefixlen)))


def world(plan: Plan, bogons: Bogons) -> Policies:
    """Everything that sessions with other networks may name."""
    own = own_space(plan)
    exceptions = plan.design.inventory.site.bogon_exceptions
    lists = list(DEFAULT_LISTS)
    for family in Family:
        mine = [n for n in own if f"ipv{n.version}" == family]
        whole, known = WHOLE[family], bogons.prefixes4 if family is Family.IPV4 else bogons.prefixes6
        limit = bogons.prefix_length4 if family is Family.IPV4 else bogons.prefix_length6
        through = [n for n in exceptions if f"ipv{n.version}" == family]
        if mine:
            lists.append(prefix_list(OWN, family, [(True, str(n), 0, whole) for n in mine]))
            lists.append(prefix_list(AGGREGATES, family, [(True, str(n), 0, 0) for n in mine]))
        kept = [n for n in known if not any(n in exception for exception in through)]
        inside = [*((False, str(n), 0, whole) for n in through), *((True, str(n), 0, whole) for n in kept)]
        lists.append(prefix_list(BOGONS, family, inside))
        lists.append(prefix_list(TOO_LONG, family, [(True, ALL[family], limit + 1, 0)]))
    families = frozenset(n.version for n in own)
    return Policies(
        prefix_lists=tuple(lists),
        as_path_lists=_as_paths(plan, bogons),
        community_lists=(CommunityList(DRAINING, (ListEntry(5, True, "graceful-shutdown"),)),),
        route_maps=(
            _in_map(SessionRole.TRANSIT, families),
            _in_map(SessionRole.PEER, families),
            _out_map(families),
            _export_map(families),
        ),
    )


def _as_paths(plan: Plan, bogons: Bogons) -> tuple[AsPathList, ...]:
    """An upstream's own number is let through: the inventory names it."""
    ranges = without(bogons.asns, (u.asn for u in plan.design.inventory.upstreams.values()))
    return (
        AsPathList(
            BOGON_ASNS,
            tuple(ListEntry(5 * n, True, range_regex(*pair)) for n, pair in enumerate(ranges, 1)),
        ),
        AsPathList(LOCAL, (ListEntry(5, True, "^$"),)),
        AsPathList(LONG_PATHS, (ListEntry(5, True, f"([0-9]+[ ]){{{bogons.as_path_length}}}"),)),
    )


def _both(permit: bool, name: str, first: int, versions: Iterable[int] = (4, 6)) -> list[RouteMapEntry]:
    """An entry a family for a prefix list of both."""
    entries = []
    if 4 in versions:
        entries.append(RouteMapEntry(first, permit, match_prefix_list4=name))
    if 6 in versions:
        entries.append(RouteMapEntry(first + 5, permit, match_prefix_list6=name))
    return entries


def _in_map(role: SessionRole, own: frozenset[int]) -> RouteMap:
    """Refusals first, then what a drained neighbour still offers as the last choice, then the rest.

    A transit may send a default route, a peer may not.
    """
    peer = _both(False, DEFAULT, 50) if role is SessionRole.PEER else []
    return RouteMap(
        IN_MAPS[role],
        (
            *_both(False, OWN, 10, own),
            *_both(False, BOGONS, 20),
            *_both(False, TOO_LONG, 30),
            RouteMapEntry(40, False, match_as_path=BOGON_ASNS),
            RouteMapEntry(45, False, match_as_path=LONG_PATHS),
            *peer,
            RouteMapEntry(100, True, match_community=DRAINING, set_local_preference=0),
            RouteMapEntry(110, True),
        ),
    )


def _out_map(own: frozenset[int]) -> RouteMap:
    """Our aggregates, originated here: an empty AS path, so no ASN of the fabric can be in it."""
    entries = [
        RouteMapEntry(e.seq, True, e.match_prefix_list4, e.match_prefix_list6, match_as_path=LOCAL)
        for e in _both(True, AGGREGATES, 10, own)
    ]
    return RouteMap(OUT_MAP, tuple(entries) or (RouteMapEntry(10, False),))


def _export_map(own: frozenset[int]) -> RouteMap:
    """To the leaves go the way out and our aggregates, not the table of the world."""
    return RouteMap(EXPORT_MAP, (*_both(True, DEFAULT, 10), *_both(True, AGGREGATES, 20, own)))


def needed(vrfs: Sequence[VrfInstance], site: Policies) -> Policies:
    """Of the policies of a site those that these VRFs name, and what those name."""
    maps = {v.export_map for v in vrfs}
    for vrf in vrfs:
        for neighbor in vrf.neighbors:
            maps |= {name for f in neighbor.families for name in (f.route_map_in, f.route_map_out)}
    return _closure(frozenset(maps - {""}), site)


def _closure(maps: frozenset[str], site: Policies) -> Policies:
    if not maps:
        return Policies()
    chosen = tuple(m for m in site.route_maps if m.name in maps)
    entries = [e for m in chosen for e in m.entries]
    lists = {(e.match_prefix_list4, Family.IPV4) for e in entries}
    lists |= {(e.match_prefix_list6, Family.IPV6) for e in entries}
    paths, communities = {e.match_as_path for e in entries}, {e.match_community for e in entries}
    return Policies(
        tuple(p for p in site.prefix_lists if (p.name, p.family) in lists),
        tuple(p for p in site.as_path_lists if p.name in paths),
        tuple(c for c in site.community_lists if c.name in communities),
        chosen,
    )


def joined(*parts: Policies) -> Policies:
    """All of them, each once, sorted by name."""
    return Policies(
        tuple(sorted({(p.name, p.family): p for q in parts for p in q.prefix_lists}.values(), key=_by_name)),
        tuple(sorted({p.name: p for q in parts for p in q.as_path_lists}.values(), key=_by_name)),
        tuple(sorted({p.name: p for q in parts for p in q.community_lists}.values(), key=_by_name)),
        tuple(sorted({p.name: p for q in parts for p in q.route_maps}.values(), key=_by_name)),
    )


def _by_name(item: PrefixList | AsPathList | CommunityList | RouteMap) -> str:
    return item.name
