"""What a rack counts as where nobody says what devices draw, or what it may: never less than is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from igoudar.checks import places
from igoudar.errors import Where
from igoudar.facility.graph import Racks, as_designed, power_graph
from igoudar.facility.judged import judge
from igoudar.hall.draw import built_w, drawn_w
from igoudar.hall.places import TypeFacts
from igoudar.hall.totals import totals
from igoudar.hardware.parts import Components, Inlet
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.placement.known import rack_draws
from igoudar.placement.request import LimitsIn, RequestFile
from igoudar.power import Rack, feed_loads
from igoudar.waivers import Waiver
from tests import factory
from tests.errors import ROOT

AT = Where("site.yaml", 1)
FEEDS = {"A": "one", "B": "two"}
SITE = factory.site(leaves=2, vpcs=0)


class Box(NamedTuple):
    inlets: int
    needed: int
    watts: int
    liquid: float = 0.0


boxes = st.lists(
    st.integers(0, 4).flatmap(
        lambda n: st.builds(Box, st.just(n), st.integers(1, max(1, n)), st.sampled_from([0, 60, 350, 2000]))
    ),
    min_size=1,
    max_size=5,
)


def holding(devices: Sequence[Box], known: Sequence[bool], power_w: float | None) -> Inventory:
    """One rack with these, each of a type of its own; nobody says what those draw that are not known."""
    box = next(iter(SITE.devices.values()))
    kind, rack = SITE.types[box.type], SITE.racks[box.rack]
    types, facts, here = {}, {}, {}
    for n, (device, said) in enumerate(zip(devices, known, strict=True)):
        inlets = tuple(Inlet(f"PSU{k}", "iec-60320-c14") for k in range(device.inlets))
        types[f"t{n}"] = replace(kind, parts=Components(inlets=inlets))
        watts = float(device.watts) if said else None
        needed, liquid = device.needed, device.liquid
        facts[f"t{n}"] = TypeFacts(AT, "t", allocated_w=watts, psus_needed=needed, liquid_share=liquid)
        here[f"d{n}"] = replace(box, name=f"d{n}", type=f"t{n}")
    racks = {rack.name: replace(rack, feeds=FEEDS, power_w=power_w)}
    return replace(SITE, types=types, facts=facts, devices=here, racks=racks, cables={})


def in_graph(inventory: Inventory) -> Rack:
    (rack,) = inventory.racks.values()
    return Racks(inventory).rack(rack, [*inventory.devices.values()])


def total(rack: Rack) -> float:
    return math.fsum(device.allocated_w for device in rack.devices)


def carried(rack: Rack) -> list[float]:
    """By each feed with both, by each alone, by each phase, and what the loss of each feed takes."""
    found = []
    for feed in feed_loads(rack, {*FEEDS}):
        off = math.fsum(device.allocated_w for device in rack.devices if device.name in feed.off_alone)
        found += [feed.load_w, *feed.legs_w, feed.alone_w, *feed.alone_legs_w, off]
    return found


def no_less(now: Sequence[float], before: Sequence[float]) -> bool:
    return all(one >= other - 1e-6 for one, other in zip(now, before, strict=True))


@given(boxes, st.data(), st.none() | st.integers(0, 12_000))
def test_a_rack_counts_as_its_budget_and_never_as_less_than_what_is_known(
    devices: list[Box], data: st.DataObject, power_w: int | None
) -> None:
    """Once in the graph, once for placement: one rule."""
    said = data.draw(st.lists(st.booleans(), min_size=len(devices), max_size=len(devices)))
    made = holding(devices, said, power_w)
    known = sum(device.watts for device, here in zip(devices, said, strict=True) if here)
    expected = known if all(said) else max(known, power_w or 0)

    assert total(in_graph(made)) == pytest.approx(expected)
    assert [*rack_draws(made, RequestFile.model_construct(limits=LimitsIn())).values()] == pytest.approx(
        [expected]
    )


@given(boxes, st.data(), st.integers(0, 3000))
def test_no_load_goes_down_when_a_draw_becomes_unknown(
    devices: list[Box], data: st.DataObject, spare: int
) -> None:
    """Of a rack within its budget: neither in all nor on one feed alone, whatever was not known before."""
    said = data.draw(st.lists(st.booleans(), min_size=len(devices), max_size=len(devices)))
    assume(any(said))
    gone = data.draw(st.sampled_from([n for n, here in enumerate(said) if here]))
    budget = sum(device.watts for device in devices) + spare
    before = in_graph(holding(devices, said, budget))
    now = in_graph(holding(devices, [here and n != gone for n, here in enumerate(said)], budget))

    assert total(now) >= total(before) - 1e-6
    alone = [[feed.alone_w for feed in feed_loads(rack, {*FEEDS})] for rack in (now, before)]
    assert no_less(*alone)
    if all(said):  # the only gap is where the device was: on its feeds, and lost with them
        assert no_less(carried(now), carried(before))


@given(st.none() | st.integers(0, 9000), st.lists(st.none() | st.integers(0, 2000), max_size=6), st.data())
def test_nothing_known_is_lost(power_w: int | None, draws: list[int | None], data: st.DataObject) -> None:
    known = sum(watts for watts in draws if watts is not None)
    for counted in (drawn_w, built_w):
        assert counted(power_w, draws) >= known
        assert counted(power_w, [*draws, 100]) >= counted(power_w, draws), "more is never less"
    assert built_w(power_w, draws) >= drawn_w(power_w, draws), "what is built for it carries it"


def test_what_two_that_hang_otherwise_leave_is_on_the_shelf() -> None:
    one, other, both = Box(1, 1, 500), Box(2, 2, 500), Box(2, 1, 300)
    alike = in_graph(holding([one, one, both], [False, False, True], 4000))
    unlike = in_graph(holding([one, other, both], [False, False, True], 4000))

    assert [(d.allocated_w, d.psus_needed, len(d.psus)) for d in alike.devices] == [(300, 1, 2), (3700, 1, 1)]
    assert [(d.allocated_w, d.psus_needed, len(d.psus)) for d in unlike.devices] == [
        (300, 1, 2),
        (3700, 1, 2),
    ]
    assert {feed.feed: feed.off_alone for feed in feed_loads(alike, {*FEEDS})}["B"] == (
        alike.devices[1].name,
    )


def test_the_heat_of_what_nobody_says_goes_where_that_of_its_type_goes() -> None:
    tray, switch = Box(2, 1, 6000, liquid=0.9), Box(2, 1, 1000)

    assert in_graph(holding([tray, switch], [True, True], 9000)).liquid_share == pytest.approx(5400 / 7000)
    assert in_graph(holding([tray, switch], [False, True], 9000)).liquid_share == pytest.approx(7200 / 9000)
    assert in_graph(holding([tray, switch], [False, True], None)).liquid_share == 0


def test_as_designed_a_rack_draws_no_less_than_what_stands_in_it() -> None:
    made = holding([Box(2, 1, 3000)], [True], 2000)
    assert [total(rack) for rack in as_designed(made, power_graph(made)).racks] == [3000]


@pytest.mark.parametrize(("power_w", "watts"), [(None, 3300), (2000, 3300), (5000, 5000)])
def test_halls_and_counts_take_what_stands_in_a_rack_that_states_no_more(
    power_w: float | None, watts: float
) -> None:
    made = holding([Box(2, 1, 3000), Box(0, 1, 300)], [True, True], power_w)

    (found,) = totals(made).values()
    assert (found.racks, found.racks_w, found.drawn_w, found.unknown) == (1, watts, 3300, 0)
    assert [places.Inside(made).built_w(rack) for rack in made.racks.values()] == [watts]


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory/lab", ROOT)


def silent(lab: Inventory, **rack: object) -> Inventory:
    """Nobody says what `oob-1` draws, and rack a03 is changed."""
    facts = {**lab.facts, "generic-oob-48": replace(lab.facts["generic-oob-48"], allocated_w=None)}
    changed = replace(lab.racks["a03"], **rack)  # type: ignore[arg-type]
    return replace(lab, facts=facts, racks={**lab.racks, "a03": changed})


def test_a_gap_takes_no_other_load_off_the_feeds(lab: Inventory) -> None:
    """3,230 W stand in a03, 60 of them those of which nobody says it any more."""

    def found(inventory: Inventory) -> Rack:
        return next(rack for rack in power_graph(inventory).racks if rack.name == "a03")

    assert total(found(silent(lab))) == 12_500
    assert total(found(silent(lab, power_w=None))) == 3170
    assert total(found(silent(lab, power_w=2000.0))) == 3170
    hung = {device.name: device.psus for device in found(lab).devices if device.name != "oob-1"}
    assert hung.items() <= {device.name: device.psus for device in found(silent(lab)).devices}.items()


def test_a_breaker_that_is_too_small_is_told_with_a_gap_too(lab: Inventory) -> None:
    """Of a rack without a power, where the known devices are too much."""
    weak = replace(lab.plant.units["busway-a"], tap_off_a=4.0)
    plant = replace(lab.plant, units={**lab.plant.units, "busway-a": weak})

    def told(inventory: Inventory) -> set[str]:
        return {f.code for f in judge(replace(inventory, plant=plant)) if f.subject == "rack a03"}

    assert "feed-alone-overload" in told(lab)
    assert "feed-alone-overload" in told(silent(lab, power_w=None))


def test_a_waiver_changes_no_load(lab: Inventory) -> None:
    made = silent(lab, power_w=None)
    day = date(2026, 12, 31)
    codes = {"no-draw": "rack a03 / type generic-oob-48", "no-rack-power": "rack a03"}
    waivers = tuple(Waiver(code, about, "known", "amina", day, None, AT) for code, about in codes.items())
    assert power_graph(replace(made, waivers=waivers)) == power_graph(made)
