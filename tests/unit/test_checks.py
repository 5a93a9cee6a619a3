"""What can be read and must not be built, finding by finding, on sites made in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from netaddr import IPNetwork

from igoudar import checks
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.errors import Finding, Severity
from igoudar.model import Attachment, CableStatus, Inventory, Status, Subnet, Vpc
from stacks import describe, tenants
from tests import factory

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> Inventory:
    """Its devices stand on one U each: the factory does not think of racks."""
    made = factory.site(leaves=2, vpcs=1)
    devices = {d.name: replace(d, u=n) for n, d in enumerate(made.devices.values(), 1)}
    return replace(made, devices=devices)


def found(site: Inventory) -> list[Finding]:
    return [f for f in checks.check(describe(site)) if f.severity is not Severity.INFO]


def codes(site: Inventory) -> set[str]:
    return {f.code for f in found(site)}


def with_subnet(site: Inventory, subnet: str, **changes: Any) -> Inventory:
    """The same site with one subnet of `t1/prod`, or `open/pub`, changed."""
    vpcs = {
        key: replace(v, subnets=tuple(replace(s, **changes) if s.name == subnet else s for s in v.subnets))
        for key, v in site.vpcs.items()
    }
    return replace(site, vpcs=vpcs)


def with_pools(site: Inventory, **changes: Any) -> Inventory:
    return replace(site, site=replace(site.site, pools=replace(site.site.pools, **changes)))


def with_cables(site: Inventory, keep: Callable[[str], bool], **changes: Any) -> Inventory:
    """The same site; cables that `keep` does not want are changed, or gone where nothing is to change."""
    cables = {}
    for key, cable in site.cables.items():
        if keep(key):
            cables[key] = cable
        elif changes:
            cables[key] = replace(cable, **changes)
    return replace(site, cables=cables)


def test_a_good_site_has_one_warning(site: Inventory) -> None:
    assert {(f.code, f.severity) for f in found(site)} == {("bogon-exception", Severity.WARNING)}


def test_an_info_says_that_a_subnet_is_empty(site: Inventory) -> None:
    empty = with_subnet(site, "web", servers=())
    (finding,) = [f for f in checks.check(describe(empty)) if f.severity is Severity.INFO]

    assert finding.code == "empty-subnet"
    assert finding.message == "t1/prod/web has no servers, so no leaf carries it"


@pytest.mark.parametrize(
    ("subnet", "changes", "code", "path"),
    [
        ("db", {"ipv4": IPNetwork("172.16.1.128/25")}, "subnets-overlap", "ipv4"),
        ("db", {"ipv4": IPNetwork("172.16.0.0/16")}, "subnets-overlap", "ipv4"),
        ("db", {"ipv6": IPNetwork("fd00:1::/64")}, "subnets-overlap", "ipv6"),
        ("web", {"ipv4": IPNetwork("172.16.1.0/30")}, "subnet-too-small", "ipv4"),
        ("web", {"ipv6": IPNetwork("fd00:1::/65")}, "subnet-too-small", "ipv6"),
        ("web", {"ipv4": IPNetwork("10.64.0.0/24")}, "oob-space", "ipv4"),
        ("web", {"ipv4": IPNetwork("10.0.0.0/8")}, "oob-space", "ipv4"),
        ("web", {"ipv4": IPNetwork("0.0.0.0/0")}, "unrouted-space", "ipv4"),
        ("web", {"ipv4": IPNetwork("127.0.1.0/24")}, "unrouted-space", "ipv4"),
        ("web", {"ipv4": IPNetwork("255.255.255.0/24")}, "unrouted-space", "ipv4"),
        ("web", {"ipv6": IPNetwork("fe80:1::/64")}, "unrouted-space", "ipv6"),
        ("web", {"ipv6": IPNetwork("ff02::/64")}, "unrouted-space", "ipv6"),
        ("edge", {"ipv4": IPNetwork("192.0.2.0/26")}, "outside-pool", "ipv4"),
        ("edge", {"ipv4": IPNetwork("198.51.0.0/16")}, "outside-pool", "ipv4"),
        ("edge", {"attachment": Attachment.ROUTED}, "public-routed", ""),
        ("db", {"attachment": Attachment.ACCESS}, "attachment", "servers"),
        ("web", {"attachment": Attachment.ROUTED}, "attachment", "servers"),
    ],
)
def test_subnets(site: Inventory, subnet: str, changes: dict[str, Any], code: str, path: str) -> None:
    matching = [f for f in found(with_subnet(site, subnet, **changes)) if f.code == code]

    assert matching
    assert path in matching[0].where.path
    assert all(f.severity is Severity.ERROR for f in matching)


def test_two_tenants_may_have_the_same_addresses(site: Inventory) -> None:
    assert "subnets-overlap" not in codes(factory.site(leaves=2, vpcs=2))


def test_public_subnets_of_two_tenants_share_the_world(site: Inventory) -> None:
    pub = site.vpcs["open-pub"]
    twin = Vpc("other", "pub", tuple(replace(s, servers=()) for s in pub.subnets), pub.where)
    overlaps = [
        f for f in found(replace(site, vpcs={**site.vpcs, "other-pub": twin})) if f.code == "subnets-overlap"
    ]

    assert [f.where.path.rpartition(".")[2] for f in overlaps] == ["ipv4", "ipv6"]
    assert {f.see.path for f in overlaps if f.see} == {"ipv4", "ipv6"}


def test_each_of_three_that_overlap_is_named(site: Inventory) -> None:
    """The wide one meets both others, which do not meet each other."""
    vpc = site.vpcs["t1-prod"]
    spaces = ("172.20.0.0/16", "172.20.1.0/24", "172.20.9.0/24")
    subnets = tuple(
        Subnet(f"s{n}", IPNetwork(space), None, Attachment.ACCESS, False, (), vpc.where)
        for n, space in enumerate(spaces)
    )
    crowded = replace(site, vpcs={"t1-prod": replace(vpc, subnets=subnets)})

    assert [f.message for f in found(crowded) if f.code == "subnets-overlap"] == [
        "172.20.1.0/24 overlaps t1/prod/s0",
        "172.20.9.0/24 overlaps t1/prod/s0",
    ]


def test_space_that_a_tenant_brought_is_public_space(site: Inventory) -> None:
    moved = with_subnet(site, "edge", ipv4=IPNetwork("192.0.2.0/26"))
    owned = replace(moved.vpcs["open-pub"], own=(IPNetwork("192.0.2.0/24"),))

    assert "outside-pool" in codes(moved)
    assert "outside-pool" not in codes(replace(moved, vpcs={**moved.vpcs, "open-pub": owned}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"l3vni": (40000, 59999)}, "pools-overlap"),
        ({"l3vni": (49999, 49999)}, "pools-overlap"),
        ({"l3vni": (50000, 50000)}, None),
        ({"loopback4": IPNetwork("10.64.9.0/24")}, "pools-overlap"),
        ({"loopback4": IPNetwork("10.0.0.0/8")}, "pools-overlap"),
        ({"loopback4": IPNetwork("127.0.0.0/16")}, "unrouted-space"),
        ({"loopback6": IPNetwork("fe80::/64")}, "unrouted-space"),
    ],
)
def test_pools(site: Inventory, changes: dict[str, Any], code: str | None) -> None:
    errors = {f.code for f in found(with_pools(site, **changes)) if f.severity is Severity.ERROR}

    assert errors == ({code} if code else set())


@pytest.mark.parametrize(("mtu", "good"), [(9162, True), (9163, False)])
def test_hosts_leave_room_for_vxlan(site: Inventory, mtu: int, good: bool) -> None:
    assert ("mtu-chain" in codes(replace(site, site=replace(site.site, host_mtu=mtu)))) is not good


def test_a_leaf_misses_one_spine_or_all(site: Inventory) -> None:
    one = with_cables(site, lambda key: not ("leaf-1/" in key and "spine-1/" in key))
    every = with_cables(site, lambda key: not ("leaf-1/" in key and "spine-" in key))

    assert [(f.message, f.severity) for f in found(one) if f.code == "not-in-clos"] == [
        ("leaf-1 has no cable to spine-1", Severity.WARNING)
    ]
    assert [(f.message, f.severity) for f in found(every) if f.code == "not-in-clos"] == [
        ("leaf-1 has no cable to spine-1, spine-2", Severity.ERROR)
    ]


def test_a_planned_cable_is_no_cable_yet(site: Inventory) -> None:
    planned = with_cables(site, lambda key: "leaf-1/" not in key, status=CableStatus.PLANNED)

    assert {"not-in-clos", "attachment"} <= codes(planned)


def test_a_planned_spine_is_missed_by_nobody(site: Inventory) -> None:
    assert "not-in-clos" not in codes(factory.with_device(site, "spine-2", status=Status.PLANNED))


@pytest.mark.parametrize(("a", "b"), [("leaf-1", "leaf-2"), ("spine-1", "spine-2"), ("leaf-1", "border-1")])
def test_what_is_not_a_clos(site: Inventory, a: str, b: str) -> None:
    cable = next(iter(site.cables.values()))
    wrong = replace(
        cable, a=replace(cable.a, device=a, port="swp99"), b=replace(cable.b, device=b, port="swp99")
    )

    assert "not-a-clos" in codes(replace(site, cables={**site.cables, wrong.key: wrong}))
    unused = replace(wrong, status=CableStatus.PLANNED)
    assert "not-a-clos" not in codes(replace(site, cables={**site.cables, wrong.key: unused}))


def _status(site: Inventory, **states: Status) -> Inventory:
    for name, status in states.items():
        site = factory.with_device(site, name.replace("_", "-"), status=status)
    return site


def test_the_last_spine_stays_while_anything_below_works(site: Inventory) -> None:
    offline, leaving = Status.OFFLINE, Status.DECOMMISSIONING
    assert "no-spine" not in codes(_status(site, spine_1=offline))
    assert "no-spine" in codes(_status(site, spine_1=offline, spine_2=offline))
    assert "no-spine" in codes(_status(site, spine_1=offline, spine_2=leaving))
    assert "no-spine" not in codes(_status(site, spine_1=Status.STAGED, spine_2=offline))
    below = {"leaf_1": leaving, "leaf_2": offline, "border_1": leaving, "border_2": offline}
    assert "no-spine" not in codes(_status(site, spine_1=offline, spine_2=offline, **below))


def test_the_last_border_of_a_class_is_not_taken_down(site: Inventory) -> None:
    leaving = Status.DECOMMISSIONING
    assert "last-border" not in codes(_status(site, border_1=leaving))
    both = [f for f in found(_status(site, border_1=leaving, border_2=leaving)) if f.code == "last-border"]
    assert [f.where.path for f in both] == ["status"], "once a border, for all its classes"
    for carries_nothing in Status.PLANNED, Status.STAGED, Status.OFFLINE:
        assert "last-border" in codes(_status(site, border_1=leaving, border_2=carries_nothing))
    assert "last-border" not in codes(_status(site, border_1=Status.OFFLINE)), "only taken down, not broken"


def test_more_spines_than_paths() -> None:
    assert "too-many-spines" not in codes(factory.site(leaves=1, vpcs=1, spread=1, spines=64))
    assert "too-many-spines" in codes(factory.site(leaves=1, vpcs=1, spread=1, spines=65))


def test_one_device_a_unit_and_none_above_the_rack(site: Inventory) -> None:
    tall = replace(site.types["server"], units=2)
    stacked = replace(site, types={**site.types, "server": tall})
    servers = [d for d in site.devices.values() if d.type == "server"]
    below = factory.with_device(stacked, servers[0].name, u=46)

    assert "same-u" in codes(stacked)
    assert "outside-rack" not in codes(below)
    assert "outside-rack" in codes(factory.with_device(stacked, servers[0].name, u=47))
    assert "same-u" not in codes(replace(site, types={**site.types, "server": replace(tall, units=0)}))


def test_a_session_a_wave_and_a_wave_for_each(site: Inventory) -> None:
    first, second = site.sessions.values()
    both = replace(site, sessions={**site.sessions, second.name: replace(second, wave=first.wave)})

    assert {"wave-twice", "wave-unused"} <= codes(both)
    assert "wave-unused" not in codes(site)


def test_public_subnets_need_an_exit(site: Inventory) -> None:
    shut = replace(site, sessions={})

    assert "no-exit" in codes(shut)
    assert "no-exit" not in codes(replace(shut, vpcs={"t1-prod": shut.vpcs["t1-prod"]}))


def test_what_one_cut_takes_is_one_sentence_a_wave(site: Inventory) -> None:
    lonely = factory.with_wave(site, "wave-1", classes=("sovereign", "commercial"))
    lonely = factory.with_wave(lonely, "wave-2", classes=("commercial",))

    assert [f.message for f in found(lonely) if f.code == "one-cut"] == [
        "the loss of any of border:border-1, cable:sea-1, duct:duct-1, station:cls-1 "
        "takes every uplink of sovereign"
    ]


def test_a_shared_duct_is_one_cut_for_both(site: Inventory) -> None:
    shared = factory.with_wave(site, "wave-2", duct="duct-1")

    assert [f.message for f in found(shared) if f.code == "one-cut"] == [
        "the loss of duct:duct-1 takes every uplink of sovereign"
    ]


def test_two_vpcs_whose_short_names_meet(site: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "vrf_name", lambda full_name: "same")
    vpc = site.vpcs["t1-prod"]
    crowded = replace(site, vpcs={**site.vpcs, "t1-test": Vpc("t1", "test", vpc.subnets[1:], vpc.where)})

    assert [f.message for f in found(crowded) if f.code == "vrf-name"] == [
        "t1/prod and t1/test would both be the VRF same"
    ]


def test_vrf_names_fit_an_interface_and_stay_apart() -> None:
    names = {tenants.vrf_name(f"ministry-of-public-works-{n}") for n in range(50)}

    assert len(names) == 50
    assert max(map(len, names)) <= 15
    assert tenants.vrf_name("world") != "world"
    assert tenants.vrf_name("fisc-prod") == "fisc-prod"


@pytest.mark.parametrize(("space", "said"), [("198.51.100.0/24", 0), ("198.51.100.64/26", 1)])
def test_own_space_that_other_networks_refuse(site: Inventory, space: str, said: int) -> None:
    plan = factory.plan(with_pools(site, public4=(IPNetwork(space),)))
    warnings = [f for f in derive(plan, load_bogons(ROOT)).findings if f.code == "aggregate-too-long"]

    assert len(warnings) == said
