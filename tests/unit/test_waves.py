"""The order of a change: something else carries the traffic of the switches that are changing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.apply.change import with_canary
from igoudar.design import Design
from igoudar.model import Inventory, Status
from igoudar.waves import partners, relieved, waves
from tests import factory


def design(inventory: Inventory) -> Design:
    return factory.plan(inventory).design


def all_switches(of: Design) -> list[str]:
    return [name for fabric in of.networks.fabrics for name in fabric.switches]


@settings(deadline=None, max_examples=60)
@given(
    leaves=st.integers(1, 9),
    vpcs=st.integers(0, 6),
    spread=st.integers(1, 5),
    spines=st.integers(1, 5),
    left_out=st.sets(st.integers(0, 15)),
)
def test_every_switch_has_its_wave_and_no_two_that_carry_for_each_other(
    leaves: int, vpcs: int, spread: int, spines: int, left_out: set[int]
) -> None:
    of = design(factory.site(leaves, vpcs, min(spread, leaves), spines))
    names = [n for position, n in enumerate(all_switches(of)) if position not in left_out]
    found = waves(of, names)
    assert sorted(n for wave in found for n in wave) == sorted(names)
    for pairs in of.networks.attachments.values():
        ends = {leaf.device for _, leaf in pairs}
        assert all(len(ends.intersection(wave)) <= 1 for wave in found)
    for fabric in of.networks.fabrics:
        half = (len(fabric.spines) + 1) // 2
        assert all(len({*fabric.spines}.intersection(wave)) <= half for wave in found)
        assert all(len({*fabric.borders}.intersection(wave)) <= 1 for wave in found)


def test_leaves_then_spines_then_borders() -> None:
    of = design(factory.site(leaves=4, vpcs=2, spread=2))
    assert waves(of, all_switches(of)) == [
        ["leaf-1", "leaf-3"],
        ["leaf-2", "leaf-4"],
        ["spine-1"],
        ["spine-2"],
        ["border-1"],
        ["border-2"],
    ]


def test_the_last_border_of_a_class_of_another_hall_waits_too() -> None:
    of = design(factory.site())
    apart = replace(of.networks.fabrics[0], borders=("border-1",))
    other = replace(of.networks.fabrics[0], name="h2", spines=(), leaves=(), borders=("border-2",))
    both = replace(of, networks=replace(of.networks, fabrics=(apart, other)))
    assert waves(both, ["border-1", "border-2"]) == [["border-1"], ["border-2"]]


def test_who_may_be_drained_has_a_partner_in_service() -> None:
    inventory = factory.site(leaves=2, vpcs=1, spread=2)
    assert relieved(design(inventory)) == {"leaf-1", "leaf-2", "spine-1", "spine-2", "border-1", "border-2"}
    for change in ({"drained": True}, {"status": Status.OFFLINE}):
        of = design(factory.with_device(inventory, "spine-2", **change))
        assert "spine-1" not in relieved(of)
        assert partners(of)["spine-1"] == {"spine-2"}
    assert "leaf-1" not in relieved(design(factory.site(leaves=2, vpcs=0)))


def test_one_switch_goes_before_all_others() -> None:
    planned = [["a", "b"], ["c"], ["d", "e"]]
    assert with_canary(planned, ["a", "b", "c", "e"]) == [["a"], ["b"], ["c"], ["e"]]
    assert with_canary(planned, ["d", "e", "x"]) == [["d"], ["e"]]
    assert with_canary(planned, []) == []
