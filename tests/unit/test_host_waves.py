"""In which waves hosts change: of what they do together enough is left, whatever fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.host_waves import GROWTH, Course, Limit, Rollout, course, waves_of
from igoudar.model import Device, Inventory, Role, Status
from igoudar.site import Budget, Service, read_budget
from tests import factory

NAMES = [f"h{n}" for n in range(12)]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    members = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=6)
    limits = [
        Limit(f"limit {n}", found, draw(st.integers(0, len(found))))
        for n, found in enumerate(draw(st.lists(members, max_size=4)))
    ]
    gone = draw(st.sets(st.sampled_from([*NAMES, "elsewhere"]), max_size=3))
    order = draw(st.permutations(NAMES))
    budget = draw(st.sampled_from([Budget(), Budget(Decimal(50)), Budget(count=0), Budget(count=3)]))
    return Course(tuple(order), tuple(limits), dict.fromkeys(gone, "offline"), budget)


@settings(deadline=None, max_examples=100)
@given(
    over=courses(),
    kinds=st.lists(st.sampled_from("ab"), min_size=len(NAMES), max_size=len(NAMES)),
    asked=st.sets(st.sampled_from(NAMES)),
    before=st.sets(st.sampled_from(NAMES), max_size=2),
    fates=st.lists(st.sampled_from(["good", "good", "good", "failed", "silent"]), min_size=12, max_size=12),
)
def test_no_more_are_away_than_may_be_whatever_fails(
    over: Course, kinds: list[str], asked: set[str], before: set[str], fates: list[str]
) -> None:
    fate = dict(zip(NAMES, fates, strict=True))
    kind = {n: k for n, k in zip(NAMES, kinds, strict=True) if n in asked}
    rollout = Rollout.begun(over, kind, dict.fromkeys(before & asked, "failed"))
    at_first, begun = {*rollout.away}, list[str]()
    while wave := rollout.next():
        gone = {*rollout.away, *wave}
        for limit in over.limits:
            assert len(limit.members & gone) <= max(limit.away, len(limit.members & at_first))
        tried = {kind[n] for n in rollout.good}
        new = [kind[n] for n in wave if kind[n] not in tried]
        assert len(new) == len({*new}), "one of each kind goes first"
        assert new in ([], [kind[n] for n in wave]), "canaries go alone"
        assert new or len(wave) <= max(1, GROWTH * len(rollout.good))
        begun += wave
        bad = {n: "why" for n in wave if fate[n] == "failed"}
        silent = {n: "why" for n in wave if fate[n] == "silent"}
        rollout.ended(wave, bad, silent)
        allowed = over.failures.allows(len(wave))
        assert bool(rollout.stopped) == (bool(bad) if new else len(bad) + len(silent) > allowed) or (
            new and rollout.silent > over.failures.lets_be_silent(len(kind))
        )
    assert len(begun) == len({*begun})
    assert {*begun} | {*rollout.not_begun()} == asked
    assert not {*begun} & {*rollout.not_begun()}
    if not rollout.stopped:  # nobody was left that could have gone
        for name in rollout.left:
            assert any(
                name in w.members and len(w.members & {*rollout.away}) >= w.away for w in over.limits
            ), name


def plain(names: list[str], **more: Any) -> Course:
    return Course(tuple(names), **more)


def kinds(names: list[str]) -> dict[str, str]:
    return dict.fromkeys(names, "base")


def test_waves_grow() -> None:
    names = [f"srv-{n:04}" for n in range(1000)]
    assert [len(w) for w in waves_of(plain(names), kinds(names), {})] == [1, 4, 20, 100, 500, 375]


def test_a_dead_host_does_not_keep_the_others_from_their_turn() -> None:
    """It is tried last, and where it went first another one follows if the budget has room for it."""
    names = [f"srv-{n:02}" for n in range(20)]
    first = Rollout.begun(plain(names), kinds(names), {})
    first.ended(first.next(), {}, {"srv-00": "no answer"})
    assert (first.stopped, first.next()) == ("", ["srv-01"])
    again = waves_of(plain(names), kinds(names), {"srv-00": "no answer"})
    assert (again[0], again[-1]) == (["srv-01"], ["srv-00"])


def test_what_is_away_already_may_be_mended_and_frees_the_next() -> None:
    names = ["mgmt-1", "mgmt-2"]
    over = plain(names, limits=(Limit("dns", frozenset(names), 1),))
    assert waves_of(over, kinds(names), {"mgmt-1": "failed"}) == [["mgmt-1"], ["mgmt-2"]]
    rollout = Rollout.begun(over, kinds(names), {"mgmt-1": "failed"})
    rollout.ended(rollout.next(), {}, {})
    rollout.ended(rollout.next(), {"mgmt-2": "no room"}, {})
    assert rollout.not_begun() == {}


def test_a_failure_says_what_it_stopped() -> None:
    names = [f"srv-{n}" for n in range(1, 10)]
    rollout = Rollout.begun(plain(names), kinds(names), {})
    rollout.ended(rollout.next(), {}, {})
    rollout.ended(rollout.next(), {"srv-2": "no room"}, {})
    assert rollout.next() == []
    said = "1 of 4 hosts of a wave failed, where 0 may (`roles: {failures: 10 %}` of the site)"
    assert rollout.not_begun() == dict.fromkeys(names[5:], said)


def with_managers(count: int, **services: tuple[list[int], int]) -> Inventory:
    made = factory.site()
    hosts = {f"mgmt-{n}": Device(f"mgmt-{n}", "server", Role.MANAGEMENT, n, "h1", "h1-r1", 1, factory.AT)
             for n in range(1, count + 1)}  # fmt: skip
    told = {
        name: Service(tuple(f"mgmt-{n}" for n in who), least, factory.AT)
        for name, (who, least) in services.items()
    }
    site = replace(made.site, services=told, witnesses=tuple([*hosts][:3]), bastion="mgmt-1")
    return replace(made, site=site, devices={**made.devices, **hosts})


def over_managers(inventory: Inventory) -> Course:
    design = factory.plan(inventory).design
    return course(design, [n for n, d in design.inventory.devices.items() if d.role is Role.MANAGEMENT])


def waves_over(over: Course, roles: Mapping[str, str] | None = None) -> list[list[str]]:
    return waves_of(over, roles or kinds([*over.order]), {})


def test_services_and_witnesses_limit_who_goes_together() -> None:
    site = with_managers(4, dns=([1, 2], 1), metrics=([3, 4], 0))
    over = over_managers(site)
    assert [(w.what, w.away) for w in over.limits] == [("dns", 1), ("witnesses", 1)]
    assert waves_over(over) == [["mgmt-2"], ["mgmt-3", "mgmt-4"], ["mgmt-1"]]


def test_what_the_inventory_leaves_alone_is_away() -> None:
    site = with_managers(3, dns=([1, 2], 1))
    for change, word in ({"status": Status.OFFLINE}, "offline"), ({"cordoned": True}, "cordoned"):
        over = over_managers(factory.with_device(site, "mgmt-2", **change))
        assert over.away == {"mgmt-2": word}
        rollout = Rollout.begun(over, kinds(["mgmt-1", "mgmt-3"]), {})
        assert rollout.next() == ["mgmt-3"]
        rollout.ended(["mgmt-3"], {}, {})
        assert rollout.next() == []
        said = f"dns: of mgmt-1, mgmt-2 1 may be away at once, and mgmt-2 is ({word})"
        assert rollout.not_begun() == {"mgmt-1": said}
    unsaid = {"dns": replace(site.site.services["dns"], promised=False)}
    free = replace(site, site=replace(site.site, services=unsaid))
    over = over_managers(factory.with_device(free, "mgmt-2", status=Status.OFFLINE))
    assert waves_of(over, kinds(["mgmt-1", "mgmt-3"]), {}) == [["mgmt-3"], ["mgmt-1"]], (
        "witnesses, one by one"
    )
    planned = over_managers(factory.with_device(site, "mgmt-2", status=Status.PLANNED))
    assert planned.away == {}, "what is not there yet serves nobody, and keeps nobody from being set up"


def test_switches_that_carry_for_each_other_never_go_together() -> None:
    design = factory.plan(factory.site(leaves=8, vpcs=4, spread=2, spines=4)).design
    names = [n for f in design.networks.fabrics for n in f.switches]
    over = course(design, names)
    found = waves_over(over)
    assert len(found[0]) == 1
    assert sorted(n for w in found for n in w) == sorted(names)
    for wave in found:
        for pairs in design.networks.attachments.values():
            assert len({leaf.device for _, leaf in pairs}.intersection(wave)) <= 1
        assert len({"border-1", "border-2"}.intersection(wave)) <= 1
        assert sum(n.startswith("spine") for n in wave) <= 2
    dead = course(
        factory.plan(factory.with_device(factory.site(), "leaf-1", cordoned=True)).design, ["leaf-2"]
    )
    assert waves_over(dead) == [["leaf-2"]], "a switch that is left alone keeps no other from its turn"


@given(over=courses())
def test_a_course_survives_its_record(over: Course) -> None:
    told = over.as_json()
    assert Course.from_json(told) == over

    def listed(names: str) -> list[str]:
        return names.split()

    limits = [{**limit, "members": listed(limit["members"])} for limit in told["limits"]]
    older = {**told, "order": listed(told["order"]), "limits": limits}
    assert Course.from_json(older) == over


@pytest.mark.parametrize(
    ("told", "of_ten"), [("10 %", 1), ("5%", 0), ("100 %", 10), (3, 3), ("3", 3), (0, 0), ("12.5 %", 1)]
)
def test_a_budget_is_a_share_or_a_number(told: object, of_ten: int) -> None:
    assert read_budget(told).allows(10) == of_ten


@pytest.mark.parametrize("told", [True, -1, "110 %", "some", "", 1.5, None, "10 % of them"])
def test_what_is_no_budget_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="a share of a wave such as 10 %, or a number of hosts"):
        read_budget(told)
