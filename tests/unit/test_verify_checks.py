"""What a model implies, and how facts and answers are judged. A small made site, no hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from igoudar import log_secrets
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.design import Plan
from igoudar.model import Inventory, Role, Status
from igoudar.site import Service
from igoudar.verify import drills, flows
from igoudar.verify.checks import UNTOLD, FactCheck, Kind, Mode, ProbeCheck
from igoudar.verify.fabric import Site, checks, live
from tests import factory

ROOT = Path(__file__).parents[2]
WORLD = {"net-1": ["203.0.113.65"]}


def made(inventory: Inventory | None = None) -> Site:
    plan: Plan = factory.plan(inventory or factory.site())
    return live(plan, derive(plan, load_bogons(ROOT)).intents)


def with_device(inventory: Inventory, name: str, **changes: Any) -> Inventory:
    devices = {**inventory.devices, name: replace(inventory.devices[name], **changes)}
    return replace(inventory, devices=devices)


def told(site: Site, kind: Kind, host: str) -> dict[tuple[str, ...], frozenset[str]]:
    return {c.at: c.want for c in checks(site) if c.kind is kind and c.host == host}


def test_every_cable_in_use_is_told_from_both_ends() -> None:
    site = made()
    assert told(site, Kind.LLDP, "leaf-1")[("lldp", "swp1")] == {"spine-1/swp1"}
    assert told(site, Kind.LLDP, "spine-1")[("lldp", "swp1")] == {"leaf-1/swp1"}


def test_nothing_is_expected_of_or_towards_a_switch_that_is_offline() -> None:
    site = made(with_device(factory.site(), "spine-2", status=Status.OFFLINE))
    assert "spine-2" not in site.hosts
    assert not [c for c in checks(site) if c.host == "spine-2" or "spine-2" in c.subject]
    loopback = site.switches["leaf-2"].loopback
    assert loopback is not None
    assert told(site, Kind.ROUTE, "leaf-1")[("route", "default", f"{loopback.ipv4}/32")] == {"swp1"}


def test_a_drained_spine_is_not_counted_on_while_another_is_left() -> None:
    site = made(with_device(factory.site(), "spine-1", drained=True))
    loopback = site.switches["leaf-2"].loopback
    assert loopback is not None
    assert told(site, Kind.ROUTE, "leaf-1")[("route", "default", f"{loopback.ipv4}/32")] == {"swp2"}
    assert ("bgp", "default", "swp1", "l2VpnEvpn") in told(site, Kind.BGP, "leaf-1")


def test_a_drained_cable_is_not_counted_on_by_either_end_nor_beyond() -> None:
    first = factory.site()
    key = next(k for k, c in first.cables.items() if {c.a.device, c.b.device} == {"leaf-1", "spine-1"})
    site = made(factory.with_cable(first, key, drained=True))
    for near, far in (
        ("leaf-1", "leaf-2"),
        ("leaf-2", "leaf-1"),
        ("leaf-1", "spine-1"),
        ("leaf-2", "leaf-3"),
    ):
        loopback = site.switches[far].loopback
        assert loopback is not None
        wanted = {"spine-1": {"swp1"}, "leaf-3": {"swp1", "swp2"}}.get(far, {"swp2"})
        assert told(site, Kind.ROUTE, near)[("route", "default", f"{loopback.ipv4}/32")] == wanted


def test_the_way_out_leads_by_the_border_whose_transit_offers_it() -> None:
    """net-1 is a transit and sends a default route, net-2 is a peer and does not."""
    site = made()
    leaf = next(e.leaves[0] for e in flows.endpoints(site) if e.public)
    border = site.switches["border-1"].loopback
    assert border is not None
    assert told(site, Kind.ROUTE, leaf)[("route", "world", "0.0.0.0/0")] == {border.ipv4}


def test_a_routed_server_is_known_by_all_its_leaves_and_here_by_its_own_port() -> None:
    site = made(factory.site(leaves=4, vpcs=1, spread=3))
    end = next(e for e in flows.endpoints(site) if len(e.leaves) == 2)
    ends = frozenset(str(getattr(site.switches[leaf].loopback, "ipv4", "")) for leaf in end.leaves)
    key = ("route", end.vrf, f"{end.addresses[0]}/32")
    other = next(n for n in site.carriers[end.vrf] if n not in end.leaves)
    assert told(site, Kind.ROUTE, other)[key] == ends
    (port,) = told(site, Kind.ROUTE, end.leaves[0])[key]
    assert port.startswith("swp")


def test_equal_addresses_of_two_tenants_are_told_apart_by_who_answers() -> None:
    """Every server of the first VPC asks for addresses of the second: its own holder answers, or nobody."""
    site = made()
    ends = {(e.server, e.vrf): e for e in flows.endpoints(site)}
    servers = {server for server, _ in ends}
    probes = [c for c in flows.probes(site, WORLD).after if c.probe["kind"] == "udp" and c.host in servers]
    assert probes
    for check in probes:
        asker = next(e for e in ends.values() if e.server == check.host)
        holders = {e.server for e in ends.values() if e.vrf == asker.vrf and check.probe["to"] in e.addresses}
        assert check.want == holders


@pytest.mark.parametrize(("public", "answers"), [(True, True), (False, False)])
def test_only_public_servers_reach_the_world(public: bool, answers: bool) -> None:
    site = made()
    probes = flows.probes(site, WORLD)
    servers = {e.server for e in flows.endpoints(site) if e.public is public}
    asked = [
        c for c in (*probes.before, *probes.after) if c.probe["to"] == "203.0.113.65" and c.host in servers
    ]
    assert {c.host for c in asked} == servers
    assert all(bool(c.want) is answers for c in asked)


def test_whole_packets_pass_and_one_byte_more_does_not() -> None:
    site = made()
    sizes = {(c.probe["size"], bool(c.want)) for c in flows.probes(site, {}).before if c.kind is Kind.MTU}
    assert sizes == {(site.inventory.site.host_mtu, True), (site.inventory.site.host_mtu + 1, False)}


def test_every_box_asks_for_its_own_lease_and_one_as_a_stranger() -> None:
    inventory = factory.site()
    first, *_, last = sorted(made(inventory).hosts)
    services = {"dhcp": Service((first, last), 1, inventory.site.where)}
    known = with_device(inventory, first, oob_mac="02:00:00:00:00:01")
    known = with_device(known, "leaf-1", oob_mac="02:00:00:00:00:02")
    site = made(replace(known, site=replace(known.site, services=services)))
    probes = flows.probes(site, WORLD)
    address = {name: str(site.inventory.devices[name].oob.ip) for name in (first, last, "leaf-1")}  # type: ignore[union-attr]

    right = {(c.host, c.probe["to"]): c.want for c in probes.before if c.kind is Kind.LEASE}
    assert right == {
        (first, address[last]): {address[first]},
        ("leaf-1", address[first]): {address["leaf-1"]},
        ("leaf-1", address[last]): {address["leaf-1"]},
    }
    strangers = [c for c in probes.after if c.kind is Kind.LEASE]
    assert {(c.host, c.probe["to"], c.probe["mac"]) for c in strangers} == {
        (first, address[last], flows.STRANGER),
    }
    assert not any(c.want for c in strangers)


def test_what_a_host_asks_does_not_grow_with_the_site() -> None:
    few, many = made(factory.site(leaves=8, vpcs=8)), made(factory.site(leaves=8, vpcs=40))

    def most(site: Site) -> int:
        probes = flows.probes(site, WORLD)
        asked = [c.host for c in (*probes.before, *probes.after)]
        return max(asked.count(host) for host in set(asked))

    assert most(many) <= most(few) + 4


def managed(*roles: str, serves: str = "metrics") -> Site:
    """With a management host that serves the site so, and a server that is offline. All have `roles`."""
    inventory = factory.site()
    service = Service(("mgmt-1",), 0, factory.AT)
    one = next(d for d in inventory.devices.values() if d.role is Role.SERVER)
    devices = {
        **inventory.devices,
        one.name: replace(one, status=Status.OFFLINE),
        "mgmt-1": replace(one, name="mgmt-1", role=Role.MANAGEMENT),
    }
    devices = {name: replace(d, roles=roles) for name, d in devices.items()}
    served = replace(inventory.site, services={serves: service})
    secrets = {**log_secrets.implied(served, devices.values()), **inventory.secrets}
    return made(replace(inventory, devices=devices, site=served, secrets=secrets))


def test_each_prometheus_finds_every_host_in_use_up() -> None:
    site = managed()
    asked = {c.host: c for c in checks(site) if c.kind is Kind.METRICS}

    assert set(asked) == {"mgmt-1"}
    assert asked["mgmt-1"].want == site.hosts
    assert len(site.inventory.devices) > len(site.hosts)
    assert not any(c.kind is Kind.METRICS for c in checks(made()))


def test_each_log_server_has_what_every_host_in_use_says() -> None:
    site = managed(serves="logs")
    asked = [c for c in checks(site) if c.kind is Kind.LOGS]

    assert {c.host for c in asked} == {"mgmt-1"}
    assert {c.at for c in asked} == {("logs", name) for name in site.hosts}
    assert {c.want for c in asked} == {frozenset({"heard"})}
    assert not any(c.kind is Kind.LOGS for c in checks(managed()))


def test_management_hosts_look_for_ports_that_nobody_declared() -> None:
    """Of hosts that have a packet filter."""
    assert [c for c in flows.probes(managed(), {}).after if c.host == "mgmt-1"] == []
    site = managed("nftables")
    devices = site.inventory.devices
    probes = [c for c in flows.probes(site, {}).after if c.host == "mgmt-1"]

    assert probes
    assert {c.probe["port"] for c in probes} == {flows.ANSWER_PORT}
    assert {c.want for c in probes} == {frozenset[str]()}
    addresses = {str(devices[name].oob.ip) for name in site.hosts}  # type: ignore[union-attr]
    assert {c.probe["to"] for c in probes} <= addresses


def test_spread_takes_different_ones_for_each_asker() -> None:
    picked = [flows.spread(range(100), n, 8) for n in range(4)]
    assert all(len(set(p)) == 8 for p in picked)
    assert len({tuple(p) for p in picked}) == 4


@pytest.mark.parametrize(
    ("mode", "found", "good"),
    [
        (Mode.EXACTLY, {"a", "b"}, True),
        (Mode.EXACTLY, {"a", "b", "c"}, False),
        (Mode.EXACTLY, set(), False),
        (Mode.ALL_OF, {"a", "b", "c"}, True),
        (Mode.ALL_OF, {"a"}, False),
        (Mode.ONE_OF, {"b", "z"}, True),
        (Mode.ONE_OF, {"z"}, False),
        (Mode.AT_MOST, {"a"}, True),
        (Mode.AT_MOST, {"a", "z"}, False),
    ],
)
def test_facts_are_judged_by_mode(mode: Mode, found: set[str], good: bool) -> None:
    check = FactCheck(Kind.ROUTE, "leaf-1", "a route", ("k",), frozenset({"a", "b"}), mode)
    assert check.judge({("k",): frozenset(found)}).good is good


@pytest.mark.parametrize("mode", Mode)
def test_a_fact_that_nobody_told_is_wrong_even_where_nothing_is_wanted(mode: Mode) -> None:
    check = FactCheck(Kind.INTERFACES, "leaf-1", "as its file says", ("interfaces",), frozenset(), mode)
    result = check.judge({})
    assert (result.good, result.found) == (False, UNTOLD)


@pytest.mark.parametrize(
    ("want", "outcome", "good"),
    [
        ({"srv-1"}, {"answer": "srv-1"}, True),
        ({"srv-1"}, {"answer": "srv-2"}, False),
        ({"srv-1"}, {"silent": "no answer"}, False),
        (set(), {"silent": "no answer"}, True),
        (set(), {"answer": "refused"}, False),
        (set(), {}, False),
        (set(), {"unsent": "No such device"}, False),
    ],
)
def test_answers_are_judged(want: set[str], outcome: Mapping[str, str], good: bool) -> None:
    """Silence proves something only where the host was asked."""
    check = ProbeCheck(Kind.ISOLATION, "srv-9", "srv-1", {"kind": "udp"}, frozenset(want))
    assert check.judge(outcome).good is good


def test_drills_lose_what_has_a_second_one() -> None:
    groups = drills.plan(made(), WORLD, pytest.fail)
    assert [[d.name for d in group] for group in groups] == [
        ["leaf uplink", "submarine cable"],
        ["spine"],
        ["border"],
    ]
    uplink, cable = groups[0]
    assert not {f.host for f in uplink.flows} & {f.host for f in cable.flows}


def test_no_drill_without_a_second_one() -> None:
    said: list[str] = []
    groups = drills.plan(made(factory.site(spines=1)), {}, said.append)
    assert groups == []
    assert [s.split(":")[0] for s in said] == [
        "no drill of one leaf uplink",
        "no drill of one spine",
        "no drill of one border",
        "no drill of one cable",
    ]
