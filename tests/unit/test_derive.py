"""What intents say, by what must hold for every site rather than by example."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from igoudar.bogons import Bogons, load_bogons
from igoudar.derive import Derived, derive
from igoudar.derive.asn_regex import range_regex, without
from igoudar.intent import Family, PortUse, PrefixList
from igoudar.model import Inventory, Role, SessionRole, Status
from tests import factory

ROOT = Path(__file__).parents[2]
BOGONS = load_bogons(ROOT)


def derived(inventory: Inventory, bogons: Bogons = BOGONS) -> Derived:
    return derive(factory.plan(inventory), bogons)


@pytest.fixture(scope="module")
def small() -> Derived:
    return derived(factory.site(leaves=4, vpcs=4, spread=2))


def test_what_switches_share_is_one_object(small: Derived) -> None:
    vrfs: dict[str, set[int]] = {}
    for intent in small.intents.values():
        for instance in intent.vrfs:
            vrfs.setdefault(instance.vrf.name, set()).add(id(instance.vrf))
    assert len(vrfs) == 5
    assert {len(ids) for ids in vrfs.values()} == {1}
    borders = [i for i in small.intents.values() if i.role is Role.BORDER]
    bogons = {id(p) for b in borders for p in b.policies.prefix_lists if p.name == "BOGONS"}
    assert len(bogons) == len(Family)


def test_numbers_on_the_wire_are_unique(small: Derived) -> None:
    """Loopbacks, ASNs (spines of a pod share one), router MACs, RDs and router ids of VRFs."""
    intents = [i for i in small.intents.values() if i.fabric is not None and i.loopback is not None]
    for values in (
        [i.loopback.ipv4 for i in intents if i.loopback],
        [i.loopback.ipv6 for i in intents if i.loopback],
        [i.router_mac for i in intents],
        [str(i.fabric.asn) for i in intents if i.fabric and i.role is not Role.SPINE],
        [v.rd for i in intents for v in i.vrfs] + [v.rd for i in intents for v in i.l2vnis],
        [v.router_id for i in intents for v in i.vrfs] + [i.loopback.ipv4 for i in intents if i.loopback],
    ):
        assert [v for v, n in Counter(values).items() if n > 1] == []


def test_route_targets_are_two_byte_as_and_vni(small: Derived) -> None:
    for intent in small.intents.values():
        for instance in intent.vrfs:
            assert instance.vrf.route_target == f"65000:{instance.vrf.vni}"
            assert 1001 <= instance.vrf.table <= 5000
        for local in intent.l2vnis:
            assert local.l2vni.route_target == f"65000:{local.l2vni.vni}"


def test_both_ends_of_a_fabric_link_name_each_other(small: Derived) -> None:
    ends = {
        (name, n.key, n.remote_device, n.remote_port, n.remote_asn)
        for name, intent in small.intents.items()
        if intent.fabric
        for n in intent.fabric.neighbors
    }
    assert len(ends) == 2 * 2 * 6
    asn = {name: i.fabric.asn for name, i in small.intents.items() if i.fabric}
    for name, port, far, far_port, far_asn in ends:
        assert (far, far_port, name, port, asn[name]) in ends
        assert far_asn == asn[far]


def test_a_routed_server_may_say_its_own_addresses_and_hears_a_default(small: Derived) -> None:
    seen = 0
    for intent in small.intents.values():
        lists = {(p.name, p.family): p for p in intent.policies.prefix_lists}
        for port in intent.ports:
            if port.use is not PortUse.ROUTED:
                continue
            instance = next(v for v in intent.vrfs if v.vrf.name == port.vrf)
            neighbor = next(n for n in instance.neighbors if n.key == port.name)
            assert len(port.hosts) == len(neighbor.families) == 2
            for address, policy in zip(port.hosts, neighbor.families, strict=True):
                whole = 32 if policy.family is Family.IPV4 else 128
                allowed = lists[policy.prefix_list_in, policy.family].entries
                assert [(e.permit, e.prefix, e.le) for e in allowed] == [(True, f"{address}/{whole}", 0)]
                assert {e.prefix for e in lists[policy.prefix_list_out, policy.family].entries} <= {
                    "0.0.0.0/0",
                    "::/0",
                }
                assert policy.default_originate
                assert policy.max_prefixes
            seen += 1
    assert seen == 2 * 4


def test_every_ebgp_session_in_a_vrf_has_both_policies(small: Derived) -> None:
    """RFC 8212; and every list or map that is named stands on the same switch."""
    for intent in small.intents.values():
        lists = {(p.name, p.family) for p in intent.policies.prefix_lists}
        maps = {m.name for m in intent.policies.route_maps}
        for neighbor in (n for v in intent.vrfs for n in v.neighbors):
            for policy in neighbor.families:
                for name in (policy.prefix_list_in, policy.prefix_list_out):
                    assert not name or (name, policy.family) in lists
                assert policy.prefix_list_in or policy.route_map_in in maps
                assert policy.prefix_list_out or policy.route_map_out in maps
        for entry in (e for m in intent.policies.route_maps for e in m.entries):
            assert not entry.match_prefix_list4 or (entry.match_prefix_list4, Family.IPV4) in lists
            assert not entry.match_prefix_list6 or (entry.match_prefix_list6, Family.IPV6) in lists


def test_only_borders_carry_the_policies_of_the_world(small: Derived) -> None:
    for intent in small.intents.values():
        names = {p.name for p in intent.policies.prefix_lists}
        assert ("BOGONS" in names) == (intent.role is Role.BORDER), intent.name
        assert "UNDERLAY" in names


def test_what_leaves_is_our_own_space_by_local_routes(small: Derived) -> None:
    border = small.intents["border-1"]
    out = next(m for m in border.policies.route_maps if m.name == "WORLD-OUT")
    assert [(e.permit, e.match_as_path) for e in out.entries] == [(True, "LOCAL")] * 2
    exact = {
        e.prefix: (e.ge, e.le)
        for p in border.policies.prefix_lists
        if p.name == "AGGREGATES"
        for e in p.entries
    }
    assert exact == {"198.51.100.0/24": (0, 0), "2001:db8:100::/48": (0, 0)}
    world = next(v for v in border.vrfs if v.vrf.owner == "world")
    assert world.asn == 64500
    assert {b.prefix for b in world.blackholes} > set(exact)


def test_order_of_the_inventory_changes_nothing() -> None:
    inventory = factory.site(leaves=3, vpcs=3, spread=2)
    turned = replace(
        inventory,
        devices=dict(sorted(inventory.devices.items(), reverse=True)),
        cables=dict(sorted(inventory.cables.items(), reverse=True)),
        vpcs=dict(sorted(inventory.vpcs.items(), reverse=True)),
    )
    assert derived(inventory).intents == derived(turned).intents


def test_another_vpc_touches_only_the_leaves_that_carry_it() -> None:
    """And of those no line of another VRF."""
    before = derived(factory.site(leaves=6, vpcs=2, spread=2)).intents
    after = derived(factory.site(leaves=6, vpcs=3, spread=2)).intents
    carry = {name for name, i in after.items() if any(v.vrf.name == "t3-prod" for v in i.vrfs)}
    assert carry == {"leaf-5", "leaf-6"}
    for name, intent in before.items():
        if name not in carry:
            assert [v for v in intent.vrfs if v not in after[name].vrfs] == [], name
            assert intent.policies == after[name].policies


@pytest.mark.parametrize("status", [Status.STAGED, Status.DECOMMISSIONING])
def test_a_switch_that_waits_or_leaves_carries_base_text(status: Status) -> None:
    found = derived(factory.with_device(factory.site(), "leaf-1", status=status))
    waiting = found.intents["leaf-1"]
    assert waiting is found.base["leaf-1"]
    assert waiting.fabric is None
    assert not waiting.vrfs
    assert {p.use for p in waiting.ports} == {PortUse.IDLE}
    assert "leaf-1" in {n.remote_device for n in found.intents["spine-1"].fabric.neighbors}  # type: ignore[union-attr]


def test_a_planned_switch_has_no_intent() -> None:
    found = derived(factory.with_device(factory.site(vpcs=0), "leaf-1", status=Status.PLANNED))
    assert "leaf-1" not in found.intents
    assert "leaf-1" not in found.base
    assert not any(p.remote_device == "leaf-1" for i in found.intents.values() for p in i.ports)


def test_a_server_in_no_subnet_leaves_its_port_idle() -> None:
    inventory = factory.site(vpcs=1)
    vpc = inventory.vpcs["t1-prod"]
    empty = replace(vpc, subnets=tuple(replace(s, servers=()) for s in vpc.subnets))
    found = derived(replace(inventory, vpcs={**inventory.vpcs, "t1-prod": empty})).intents["leaf-1"]
    assert {p.use for p in found.ports if p.remote_device.startswith("srv-")} == {PortUse.IDLE}
    assert found.vrfs == ()


def test_two_switches_on_one_place_are_a_finding() -> None:
    inventory = factory.site(leaves=801, vpcs=0)
    halls = {name: replace(hall, number=1) for name, hall in inventory.halls.items()}
    found = derived(replace(inventory, halls=halls))
    twice = [f.message for f in found.findings if f.code == "number-twice"]
    assert "the loopback 10.255.4.1 follows from the coordinates of leaf-1 too" in twice
    assert any(m.startswith("the ASN 42") for m in twice)
    assert found.intents == {}


def test_a_pool_that_is_too_small_is_a_finding() -> None:
    inventory = factory.site()
    pools = replace(inventory.site.pools, loopback4=IPNetwork("10.255.0.0/22"))
    found = derived(replace(inventory, site=replace(inventory.site, pools=pools)))
    assert [f.code for f in found.findings if f.where == factory.AT][:1] == ["no-number"]


def test_an_asn_beyond_private_space_is_a_finding() -> None:
    inventory = factory.site()
    halls = {name: replace(h, building=95) for name, h in inventory.halls.items()}
    pools = replace(inventory.site.pools, loopback4=IPNetwork("10.0.0.0/8"))
    found = derived(replace(inventory, halls=halls, site=replace(inventory.site, pools=pools)))
    assert any("above 4294967294" in f.message for f in found.findings)


def test_an_automatic_route_target_that_equals_ours_is_a_finding() -> None:
    """FRR's own would be ASN mod 65536 : VNI."""
    inventory = factory.site()
    site = replace(inventory.site, fabric_as=4201010001 % 65536)
    found = derived(replace(inventory, site=site))
    assert [f.message for f in found.findings if f.code == "fabric-as"] == [
        "4201010001, the ASN of leaf-1, ends in fabric_as by 16 bits"
    ]
    assert found.intents == {}


def test_a_customer_session_is_refused() -> None:
    inventory = factory.site()
    customer = replace(inventory.upstreams["net-1"], role=SessionRole.CUSTOMER)
    found = derived(replace(inventory, upstreams={**inventory.upstreams, "net-1": customer}))
    assert "customer-session" in {f.code for f in found.findings}


def bogon_list(found: Derived, family: Family) -> PrefixList:
    lists = found.intents["border-1"].policies.prefix_lists
    return next(p for p in lists if p.name == "BOGONS" and p.family is family)


def test_an_exception_goes_before_what_it_lies_in(small: Derived) -> None:
    """A narrower exception must be met first; one that covers a bogon leaves nothing of it."""
    entries = bogon_list(small, Family.IPV6).entries
    assert (entries[0].permit, entries[0].prefix, entries[0].le) == (False, "2001:db8::/32", 128)
    assert "2001:db8::/32" not in {e.prefix for e in entries[1:]}
    assert "3fff::/20" in {e.prefix for e in entries[1:]}


@given(st.integers(0, 4294967295), st.integers(0, 4294967295), st.integers(0, 4294967295))
def test_a_range_of_asns_matches_exactly_its_numbers(first: int, second: int, probe: int) -> None:
    low, high = sorted((first, second))
    pattern = re.compile(range_regex(low, high).replace("_", r"(?:^|[,{}() ]|$)"))
    for number in {low, high, probe, max(low - 1, 0), high + 1}:
        expected = low <= number <= high
        assert bool(pattern.search(f"64496 {number} 1")) == (
            expected or any(low <= n <= high for n in (64496, 1))
        )
        assert bool(pattern.search(str(number))) == expected


@given(st.integers(0, 300), st.integers(0, 300), st.sets(st.integers(0, 300)))
def test_holes_are_left_out(first: int, second: int, holes: set[int]) -> None:
    low, high = sorted((first, second))
    left = [n for a, b in without([(low, high)], holes) for n in range(a, b + 1)]
    assert left == [n for n in range(low, high + 1) if n not in holes]
