"""The graph of power, cooling and water: its faults, loads, schemes, design figures and outages."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest

from igoudar.errors import Severity
from igoudar.power import (
    Declared,
    Device,
    Graph,
    Input,
    Loop,
    Profile,
    Psu,
    Rack,
    Rule,
    Scheme,
    Source,
    Unit,
    analyse,
    design,
    design_faults,
    faults,
    lines,
    load_faults,
    loads,
    outage,
    rated,
    renewable_share,
    scheme_faults,
)
from igoudar.power.loads import Balance
from igoudar.power.report import Single, Which
from tests.unit.power_halls import SCHEMES, hall
from tests.unit.power_oracle import World, outcome

GRID = Unit(name="grid", kind="grid", source=Source(local=False, renewable=True))


def both(watts: float) -> tuple[tuple[str, float], ...]:
    return (("A", watts), ("B", watts))


def fed(name: str, *units: str, kind: str = "board", **more: object) -> Unit:
    return Unit(name=name, kind=kind, power=Input(units), **more)  # type: ignore[arg-type]


def device(name: str, w: float, psus: str = "AB", **more: object) -> Device:
    return Device(name=name, allocated_w=w, psus=tuple(map(Psu, psus)), **more)  # type: ignore[arg-type]


def rack(name: str, feeds: dict[str, str], *devices: Device, **more: object) -> Rack:
    held = devices or (device("d", 1000.0, "".join(feeds)),)
    return Rack(name=name, feeds=tuple(feeds.items()), devices=held, **more)  # type: ignore[arg-type]


def two_n(ups_w: float = 3000.0, **more: object) -> Graph:
    """Two sides, a rack of two devices on both."""
    units = [GRID]
    for side in "ab":
        units += [
            fed(f"ups-{side}", "grid", kind="ups", capacity_w=ups_w, **more),
            fed(f"bus-{side}", f"ups-{side}", kind="busway", breaker_w=2000.0),
        ]
    both = rack("r1", {"A": "bus-a", "B": "bus-b"}, device("d1", 1000.0), device("d2", 600.0))
    return Graph(tuple(units), (both,))


def changed(graph: Graph, name: str, **more: object) -> Graph:
    units = tuple(replace(u, **more) if u.name == name else u for u in graph.units)  # type: ignore[arg-type]
    return replace(graph, units=units)


TWO_N = two_n()
UNREADABLE = {
    "duplicate-name": replace(TWO_N, units=(*TWO_N.units, GRID)),
    "not-an-amount": changed(TWO_N, "ups-a", capacity_w=math.nan),
    "not-an-amount ": changed(TWO_N, "ups-a", loss_fixed_w=-1.0),
    "not-an-amount  ": changed(TWO_N, "ups-a", capacity_w=0.0),
    "not-a-share": changed(TWO_N, "ups-a", power_factor=math.nan),
    "not-a-share ": changed(TWO_N, "ups-a", power_factor=0.0),
    "needs-more-than-there-are": changed(TWO_N, "ups-a", count=2, needed=3),
    "needs-more-than-there-are ": replace(
        TWO_N, racks=(rack("r", {"A": "bus-a"}, device("d", 1.0, "A", psus_needed=2)),)
    ),
    "unknown-unit": changed(TWO_N, "bus-a", power=Input(("ups-c",))),
    "unknown-unit ": replace(TWO_N, racks=(rack("r", {"A": "bus-c"}),)),
    "unknown-loop": changed(TWO_N, "ups-a", heats="room"),
    "unknown-feed": replace(TWO_N, racks=(rack("r", {"A": "bus-a"}, device("d", 1.0, "AB")),)),
    "unknown-leg": replace(
        TWO_N,
        racks=(rack("r", {"A": "bus-a"}, Device(name="d", allocated_w=1.0, psus=(Psu("A", "L4"),))),),
    ),
    "no-psu": replace(TWO_N, racks=(rack("r", {"A": "bus-a"}, device("d", 1.0, "")),)),
    "no-feed": changed(TWO_N, "bus-a", power=None),
    "no-feed ": changed(TWO_N, "bus-a", power=Input(())),
    "source-with-feed": changed(TWO_N, "grid", power=Input(("bus-a",))),
    "loop-in-chain": changed(TWO_N, "ups-a", power=Input(("grid", "bus-a"))),
    "loop-in-chain ": replace(TWO_N, loops=(Loop("air", "water"), Loop("water", "air"))),
    "no-cooling-capacity": replace(changed(TWO_N, "ups-a", cools="air"), loops=(Loop("air"),)),
    "ambient-not-covered": replace(
        changed(TWO_N, "ups-a", cools="air", cooling=((20.0, 1e4),)), loops=(Loop("air"),), ambient_c=47.0
    ),
    "curve-does-not-rise": replace(
        changed(TWO_N, "ups-a", cools="air", cooling=((20.0, 1e4), (20.0, 9e3))), loops=(Loop("air"),)
    ),
}


@pytest.mark.parametrize("code", UNREADABLE)
def test_a_graph_that_cannot_be_read(code: str) -> None:
    found = faults(UNREADABLE[code])
    assert code.strip() in {fault.code for fault in found}
    with pytest.raises(ValueError, match=r"\w"):
        analyse(UNREADABLE[code])


def test_a_chain_that_closes_is_said_once() -> None:
    (found,) = faults(UNREADABLE["loop-in-chain"])
    assert found.message == "bus-a from ups-a from bus-a: the chain closes on itself"


def test_nothing_is_wrong_with_a_good_graph() -> None:
    assert faults(TWO_N) == load_faults(TWO_N, Balance(0.1)) == ()


LOADED = {
    "breaker-below-load": changed(TWO_N, "bus-a", breaker_w=700.0),
    "overload": changed(TWO_N, "ups-a", capacity_w=700.0),
    "overload ": changed(TWO_N, "ups-a", capacity_va=800.0, power_factor=0.9),
    "feed-alone-overload": changed(TWO_N, "bus-a", breaker_w=1500.0),
    "feed-alone-overload ": replace(TWO_N, racks=(replace(TWO_N.racks[0], feed_w=both(1500.0)),)),
    "feed-alone-loses": replace(
        TWO_N, racks=(rack("r", {"A": "bus-a", "B": "bus-b"}, device("d", 10.0, "A")),)
    ),
    "feeds-share-unit": changed(TWO_N, "bus-b", power=Input(("ups-a",))),
    "feeds-share-group": changed(
        changed(TWO_N, "bus-b", power=Input(("ups-a",))), "ups-a", count=3, needed=2
    ),
    "psu-below-load": replace(
        TWO_N, racks=(rack("r", {"A": "bus-a", "B": "bus-b"}, device("d", 10.0, psu_w=9.0)),)
    ),
    "cooling-short": replace(changed(TWO_N, "ups-a", heats="room", loss_fixed_w=1.0), loops=(Loop("room"),)),
}


@pytest.mark.parametrize("code", LOADED)
def test_a_graph_that_is_loaded_wrongly(code: str) -> None:
    assert code.strip() in {fault.code for fault in load_faults(LOADED[code], Balance(0.1))}


def test_feeds_that_meet_in_a_reserve_that_is_not_in_use_share_nothing() -> None:
    reserve = fed("reserve", "grid")
    graph = replace(TWO_N, units=(*TWO_N.units, reserve))
    for side in "ab":
        graph = changed(graph, f"bus-{side}", power=Input((f"ups-{side}", "reserve")))
    assert load_faults(graph, Balance(0.1)) == ()


def legged(*legs: str) -> Rack:
    devices = tuple(
        Device(name=f"d{at}", allocated_w=600.0, psus=(Psu("A", leg),)) for at, leg in enumerate(legs)
    )
    return rack("r", {"A": "bus"}, *devices)


def test_phases_up_to_what_balances_them() -> None:
    units = (
        GRID,
        fed("tx", "grid", loss_share=0.1, loss_fixed_w=30.0),
        fed("ups", "tx", balances=True, loss_share=0.5),
        fed("bus", "ups", capacity_w=2700.0),
    )
    graph = Graph(units, (legged("L1", "L1", ""),))
    of = {unit.name: unit for unit in loads(graph).units}
    assert of["bus"].legs_w == pytest.approx((1400.0, 200.0, 200.0))
    assert of["bus"].imbalance == pytest.approx(800 / 600)
    assert of["ups"].legs_w == of["bus"].legs_w
    assert of["tx"].legs_w == pytest.approx((900.0, 900.0, 900.0))
    assert of["grid"].legs_w == pytest.approx((1000.0, 1000.0, 1000.0))
    found = load_faults(graph, Balance(0.1))
    assert [fault.code for fault in found if fault.name == "bus"] == ["phase-imbalance", "phase-overload"]
    assert not load_faults(Graph(units, (legged("L1", "L2", "L3"),)), Balance(0.1))


@pytest.mark.parametrize(
    ("capacity_w", "said"), [(11_900.0, ["phase-imbalance"]), (12_100.0, []), (None, [])]
)
def test_balance_is_judged_from_a_share_of_what_a_phase_may_carry(
    capacity_w: float | None, said: list[str]
) -> None:
    """1200 W on the largest phase are 30 % of a third of 12 kW; nobody says what the last one may carry."""
    graph = Graph((GRID, fed("bus", "grid", capacity_w=capacity_w)), (legged("L1", "L1", "L2"),))
    assert [fault.code for fault in load_faults(graph, Balance(0.2, 0.3))] == said


def told(graph: Graph) -> dict[tuple[str, str], tuple[str, float | None]]:
    return {(f.code, f.name): (f.message, f.amount) for f in load_faults(graph, Balance(9.0))}


def test_the_amount_is_that_of_the_message() -> None:
    """r1 with 1600 W on two sides: 800 W on each, all of it on one alone."""
    near = changed(TWO_N, "bus-a", capacity_w=1000.0)
    assert told(near) == {
        ("feed-alone-overload", "bus-a"): (
            "busway bus-a carries 1600 W of 1000 W when it is the only feed of its racks",
            1600.0,
        )
    }
    assert told(changed(TWO_N, "bus-a", breaker_w=500.0))["breaker-below-load", "bus-a"] == (
        "busway bus-a carries 800 W behind a breaker for 500 W",
        800.0,
    )


def test_a_phase_over_its_breaker_is_named_and_held_against_a_third() -> None:
    units = (GRID, fed("bus", "grid", capacity_w=3300.0))
    graph = Graph(units, (replace(legged("L2", "L2", "L3"), feed_w=both(3000.0)),))
    assert told(graph) == {
        ("breaker-below-load", "r"): (
            "feed A of rack r carries 1200 W on L2 of 1000 W, a third of its breaker",
            1200.0,
        ),
        ("phase-overload", "bus"): ("L2 of board bus carries 1200 W of 1100 W", 1200.0),
    }


def test_each_feed_is_held_against_its_own_tap_off() -> None:
    sides = {"A": "bus-a", "B": "bus-b"}

    def with_limits(*limits: tuple[str, float]) -> Graph:
        own = device("d1", 1000.0, "A"), device("d2", 300.0, "AB")
        return replace(TWO_N, racks=(rack("r", sides, *own, feed_w=limits),))

    many = ((("A", 1400.0), ("B", 400.0)), (("B", 200.0),))
    codes = {limits: {*told(with_limits(*limits))} for limits in many}
    assert codes == {
        (("A", 1400.0), ("B", 400.0)): {("feed-alone-loses", "r")},
        (("B", 200.0),): {("feed-alone-loses", "r"), ("feed-alone-overload", "r")},
    }
    assert told(with_limits(("A", 1000.0)))["breaker-below-load", "r"][1] == 1150.0


def sides_on_legs(*watts: float, **more: object) -> Graph:
    """A rack on two busways, a device a phase on both: as near to the mean of the three as `watts` are."""
    devices = [
        Device(name=f"d{leg}", allocated_w=w, psus=(Psu("A", leg), Psu("B", leg)))
        for leg, w in zip(("L1", "L2", "L3"), watts, strict=True)
    ]
    return replace(TWO_N, racks=(rack("r", {"A": "bus-a", "B": "bus-b"}, *devices, **more),))


def test_a_phase_that_the_other_side_would_overload_is_named_before_it_is_lost() -> None:
    """1860 W of 2000 W alone and 18 % out of balance, with 732 W of 667 W on one phase."""
    assert load_faults(sides_on_legs(620.0, 620.0, 620.0), Balance(0.2)) == ()
    (one, two) = load_faults(sides_on_legs(732.0, 564.0, 564.0), Balance(0.2))
    assert (one.code, one.name, one.amount) == ("feed-alone-overload", "bus-a", 732.0)
    assert one.message == "L1 of busway bus-a carries 732 W of 667 W when it is the only feed of its racks"
    assert (two.code, two.name) == ("feed-alone-overload", "bus-b")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_loads_are_those_of_the_oracle(scheme: str) -> None:
    for seed in range(40):
        graph = hall(scheme, seed)
        world, found = World(graph, ()), loads(graph)
        assert {unit.name: unit.load_w for unit in found.units} == pytest.approx(
            {unit.name: world.load(unit.name) for unit in graph.units}
        )
        assert {loop.name: (loop.heat_w, loop.capacity_w) for loop in found.loops} == {
            loop.name: (pytest.approx(world.heat(loop.name)), pytest.approx(world.cold(loop.name)))
            for loop in graph.loops
        }
        for feed in found.feeds:
            assert feed.load_w == pytest.approx(world.rack_feed(feed.rack, feed.feed))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_outage_of_three_is_that_of_the_oracle(scheme: str) -> None:
    for seed in range(40):
        graph = hall(scheme, seed)
        names = Random(seed).choices([unit.name for unit in graph.units], k=3)
        whole, found = outcome(graph, ()), outage(graph, names)
        true = outcome(graph, [("unit", name) for name in names])
        lost = sum(w for key, w in true.lost.items() if key not in whole.lost)
        assert found.lost_w == pytest.approx(lost)
        over = {f"{r}/{each.name}" for each in found.overloads for r in each.racks}
        over |= {each.name for each in found.overloads if not each.racks}
        assert over == set(true.over) - set(whole.over)
        must = dict(found.must_stand)
        for unit in graph.units:
            more = outcome(graph, [("unit", each) for each in (*names, unit.name)])
            more_w = sum(more.lost.values()) - sum(true.lost.values())
            assert must.get(unit.name, 0.0) == pytest.approx(more_w)
            assert (unit.name in must) == bool(more_w or set(more.over) - set(true.over))


def test_what_must_not_fail_while_a_side_is_out() -> None:
    found = outage(TWO_N, ["ups-a"])
    assert found.harmless
    assert found.feeds == (("r1", "A"),)
    assert found.must_stand == (("bus-b", 1600.0), ("grid", 1600.0), ("ups-b", 1600.0))


def test_phases_of_what_is_left_are_looked_at_while_a_side_is_out() -> None:
    even, odd = (
        sides_on_legs(*watts, feed_w=both(1900.0)) for watts in ((600.0, 600.0, 600.0), (690.0, 555.0, 555.0))
    )
    assert outage(even, ["ups-a"]).harmless

    found = outage(odd, ["ups-a"])
    assert not found.harmless
    assert [(o.name, o.load_w, round(o.limit_w), o.racks) for o in found.overloads] == [
        ("B on L1", 690.0, 633, ("r",)),
        ("L1 of bus-b", 690.0, 667, ()),
    ]
    assert outage(odd, ["grid"]).overloads == ()


def test_what_would_fill_a_phase_must_not_fail() -> None:
    """Three feeds: with one out the two others carry their phases, with two out the last does not."""
    graph = sides_on_legs(690.0, 600.0, 600.0)
    units = (*graph.units, fed("bus-c", "grid", breaker_w=1000.0, kind="busway"))
    psus = [[*device.psus, Psu("C", device.psus[0].leg)] for device in graph.racks[0].devices]
    held = [replace(d, psus=tuple(p)) for d, p in zip(graph.racks[0].devices, psus, strict=True)]
    three = rack("r", {"A": "bus-a", "B": "bus-b", "C": "bus-c"}, *held)
    found = outage(replace(graph, units=units, racks=(three,)), ["bus-c"])
    assert found.harmless
    assert [(name, w) for name, w in found.must_stand if name != "grid"] == [
        (f"{kind}-{side}", 0.0) for kind in ("bus", "ups") for side in "ab"
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_order_of_the_input_changes_nothing(scheme: str) -> None:
    for seed in range(10):
        graph, rng = hall(scheme, seed), Random(seed)
        other = Graph(
            tuple(rng.sample(graph.units, len(graph.units))),
            tuple(rng.sample(graph.racks, len(graph.racks))),
            graph.loops[::-1],
            graph.ambient_c,
        )
        assert repr(analyse(graph)) == repr(analyse(other))


def test_the_load_of_a_failed_side_is_lost_or_shifted() -> None:
    report = analyse(two_n(ups_w=1500.0))
    assert [(str(single.element), single.lost_w[1]) for single in report.singles] == [
        ("grid", 1600.0),
        ("ups-a or bus-a", 0.0),
        ("ups-b or bus-b", 0.0),
        ("feed A of r1", 0.0),
        ("feed B of r1", 0.0),
    ]
    assert [str(each) for each in report.singles[1].overloads] == ["ups-b 1600 W of 1500 W"]


def test_doubles_are_said_by_kinds() -> None:
    kinds = {unit.name: unit.kind for unit in TWO_N.units}
    assert [
        (line.kinds, line.harm, line.pairs, line.most_lost_w) for line in lines(analyse(TWO_N), kinds)
    ] == [
        ("feed and feed (both in one rack)", "a load is lost", 1, 1600.0),
        ("feed and psu (both in one rack)", "a load is lost", 4, 1000.0),
        ("feed and ups or busway", "a load is lost", 4, 1600.0),
        ("psu and psu (both of one device)", "a load is lost", 2, 1000.0),
        ("psu and ups or busway", "a load is lost", 8, 1000.0),
        ("ups or busway and ups or busway", "a load is lost", 4, 1600.0),
    ]


def test_a_line_reads_as_a_sentence() -> None:
    near = two_n(ups_w=1500.0)
    said = [str(line) for line in lines(analyse(near), {unit.name: unit.kind for unit in near.units})]
    assert said[0] == (
        "feed and feed (both in one rack): 1 pair, a load is lost, up to 1.6 kW; "
        "such as feed A of r1 with feed B of r1"
    )
    assert said[-1] == (
        "ups or busway and ups or busway: 4 pairs, a load is lost, up to 1.6 kW; "
        "such as ups-a or bus-a with ups-b or bus-b"
    )
    assert (
        "psu and psu: 2 pairs, a shared ups is overloaded; such as PSU 2 on B of a device of 1000 W in r1 "
        "with PSU 2 on B of a device of 600 W in r1: ups-a 1600 W of 1500 W"
    ) in said


def test_a_pair_that_takes_cooling_is_told_with_what_is_left_of_it() -> None:
    """A room of 1000 W with two coolers of 700 W and a third of 300 W."""
    coolers = [
        Unit(name=name, kind="dry-cooler", power=Input(("grid",)), cools="room", cooling=((40.0, w),))
        for name, w in (("c1", 700.0), ("c2", 700.0), ("c3", 300.0))
    ]
    loop = Loop(name="room")
    graph = Graph((GRID, *coolers), (rack("r", {"A": "grid"}, air="room"),), (loop,))
    (crowd,) = analyse(graph).crowds
    assert (str(crowd.worst_over), crowd.pairs) == ("room 1000 W of 300 W", 3)
    (line,) = [line for line in lines(analyse(graph), graph.kinds()) if "overloaded" in line.harm]
    assert "c1 with c2: room 1000 W of 300 W" in str(line)


def with_another(graph: Graph) -> Graph:
    """With a second rack like the first."""
    return replace(graph, racks=(*graph.racks, replace(graph.racks[0], name="r2")))


def test_the_class_decides() -> None:
    report = analyse(with_another(two_n(ups_w=2900.0)))
    by_class = {n: [*rated(report, n)] for n in (1, 2, 3, 4)}
    alone = {n: {r.severity for r in rows if isinstance(r.row, Single)} for n, rows in by_class.items()}
    assert alone == {
        1: {Severity.INFO},
        2: {Severity.WARNING},
        3: {Severity.ERROR},
        4: {Severity.ERROR},
    }
    doubles = [each for each in by_class[4] if not isinstance(each.row, Single)]
    spared = [each.row for each in doubles if each.severity is Severity.INFO]
    assert spared
    assert all(row.which in (Which.SAME_RACK, Which.SAME_DEVICE) for row in spared)  # type: ignore[union-attr]
    assert len(spared) < len(doubles)
    assert {r.severity for r in by_class[3] if not isinstance(r.row, Single)} == {Severity.INFO}
    with pytest.raises(ValueError, match="1, 2, 3 or 4"):
        [*rated(report, 5)]


def test_two_units_that_serve_one_rack_are_its_last_metre() -> None:
    graph = TWO_N  # all of it serves r1, so that even the UPSs are
    (double,) = [
        d for d in analyse(graph).doubles if str(d.first) == "ups-a or bus-a" and d.second.kind == "unit"
    ]
    assert double.last_metre
    other = replace(graph, racks=(*graph.racks, replace(graph.racks[0], name="r2")))
    doubles = [
        d for d in analyse(other).doubles if str(d.first) == "ups-a or bus-a" and d.second.kind == "unit"
    ]
    assert [d.last_metre for d in doubles] == [False]


# schemes

UPS = {"kind": "ups", "capacity_w": 1000.0}


def block_redundant(reserve_w: float = 1000.0, reserve: str = "ups-r") -> Graph:
    units = [GRID, fed("ups-r", "grid", kind="ups", capacity_w=reserve_w)]
    racks = []
    for name in "abc":
        units += [fed(f"ups-{name}", "grid", **UPS), fed(f"sts-{name}", f"ups-{name}", reserve, kind="sts")]  # type: ignore[arg-type]
        racks.append(rack(f"r{name}", {"A": f"sts-{name}"}, device("d", 900.0, "A")))
    return Graph(tuple(units), tuple(racks))


def distributed(w: float = 600.0) -> Graph:
    units = [GRID, *(fed(f"ups-{name}", "grid", **UPS) for name in "abc")]  # type: ignore[arg-type]
    pairs = ("ab", "bc", "ac")
    racks = [
        rack(f"r{one}{two}", {"A": f"ups-{one}", "B": f"ups-{two}"}, device("d", w)) for one, two in pairs
    ]
    return Graph(tuple(units), tuple(racks))


def parallel(count: int, w: float = 1000.0) -> Graph:
    units = (GRID, fed("ups", "grid", kind="ups", capacity_w=w, count=count, needed=max(1, count - 1)))
    return Graph(units, (rack("r", {"A": "ups"}, device("d", 1900.0, "A")),))


HELD = [
    (Scheme.N, parallel(2)),
    (Scheme.N_PLUS_1, parallel(3)),
    (Scheme.TWO_N, two_n()),
    (Scheme.DISTRIBUTED, distributed(500.0)),
    (Scheme.BLOCK, block_redundant()),
]
NOT_HELD = [
    (Scheme.N, parallel(2, 900.0), {"scheme-overload"}),
    (Scheme.N_PLUS_1, parallel(2), {"scheme-overloads"}),
    (Scheme.N_PLUS_1, parallel(1, 2000.0), {"scheme-loses"}),
    (Scheme.N_PLUS_1, parallel(3, 940.0), {"scheme-overloads"}),
    (Scheme.TWO_N, two_n(ups_w=1500.0), {"scheme-overloads"}),
    (Scheme.TWO_N, changed(two_n(), "bus-b", power=Input(("ups-a",))), {"scheme-loses", "scheme-feeds"}),
    (Scheme.TWO_N, distributed(500.0), {"scheme-not-in-pairs"}),
    (
        Scheme.TWO_N,
        replace(two_n(), racks=(rack("r", {"A": "bus-a", "B": "bus-b"}, device("d", 1.0, "A")),)),
        {"scheme-loses", "scheme-psus"},
    ),
    (Scheme.DISTRIBUTED, two_n(), {"scheme-in-pairs"}),
    (Scheme.DISTRIBUTED, distributed(700.0), {"scheme-overloads"}),
    (Scheme.BLOCK, block_redundant(800.0), {"scheme-overloads"}),
    (Scheme.BLOCK, block_redundant(reserve="grid"), {"scheme-no-reserve"}),
    (Scheme.BLOCK, two_n(), {"scheme-no-reserve"}),
    (Scheme.BLOCK, Graph((GRID,), (rack("r", {"A": "grid"}),)), {"scheme-without-blocks"}),
]


@pytest.mark.parametrize(("scheme", "graph"), HELD)
def test_a_scheme_that_the_graph_has(scheme: Scheme, graph: Graph) -> None:
    assert scheme_faults(graph, scheme, "ups") == ()


@pytest.mark.parametrize(("scheme", "graph", "codes"), NOT_HELD)
def test_a_scheme_that_the_graph_has_not(scheme: Scheme, graph: Graph, codes: set[str]) -> None:
    assert {fault.code for fault in scheme_faults(graph, scheme, "ups")} == codes


# design figures


def cooled() -> Graph:
    units = (
        GRID,
        fed("ups", "grid", kind="ups", loss_share=0.05, loss_fixed_w=100.0, heats="air"),
        fed("crah", "ups", cools="air", draw_w=200.0, draw_share=0.5, count=3, needed=2,
            cooling=((20.0, 8000.0), (40.0, 6000.0)), heats="air"),
        fed("tower", "grid", cools="out", cooling=((50.0, 30000.0),), water_l_per_kwh=1.5),
    )  # fmt: skip
    racks = (rack("r", {"A": "ups"}, device("d", 10000.0, "A"), air="air", liquid="out", liquid_share=0.4),)
    return Graph(units, racks, (Loop("air", "out"), Loop("out")), ambient_c=30.0)


def test_design_figures_by_hand() -> None:
    found = design(cooled())
    ups = 10000 + 2 * 200 * 0.5  # the fans hang on the UPS, two of the three are needed
    assert found.facility_w == pytest.approx(ups * 1.05 + 100)
    assert found.pue == pytest.approx((ups * 1.05 + 100) / 10000)
    air = 6000 + ups * 0.05 + 100 + 200
    assert found.water_l_per_h == pytest.approx(1.5 * (air + 4000) / 1000)
    assert found.wue_l_per_kwh == pytest.approx(1.5 * (air + 4000) / 10000)
    heat = {loop.name: loop for loop in loads(cooled()).loops}
    assert heat["air"].capacity_w == pytest.approx(3 * 7000)  # half-way between 20 and 40 °C
    assert heat["air"].heat_w == pytest.approx(6000 + 10400 * 0.05 + 100 + 400)  # fans at their most
    right = Declared(pue=1.08, wue_l_per_kwh=1.62, pue_tolerance=0.01, wue_tolerance=0.05)
    assert design_faults(cooled(), right) == ()
    wrong = replace(right, pue=1.2, wue_l_per_kwh=0.2)
    assert [fault.code for fault in design_faults(cooled(), wrong)] == ["design-pue", "design-wue"]


WIND = Source(local=True, renewable=True, capacity_factor=0.5)
COAL = Source(local=False, renewable=False, capacity_factor=0.9)


def powered(wind_w: float | None) -> Graph:
    units = (
        Unit(name="wind", kind="wind", source=WIND, capacity_w=wind_w, count=2),
        Unit(name="coal", kind="grid", source=COAL, capacity_w=1e6),
        Unit(name="battery", kind="battery", source=Source(local=True, renewable=True)),
        fed("board", "wind", "coal"),
    )
    return Graph(units, (rack("r", {"A": "board"}, device("d", 1000.0, "A")),))


def test_the_renewable_share_of_a_year() -> None:
    assert renewable_share(powered(800.0), Rule.ANNUAL).share == pytest.approx(0.8)
    assert renewable_share(powered(5000.0), Rule.ANNUAL).share == 1.0
    assert renewable_share(powered(None), Rule.ANNUAL).share is None
    abroad = replace(WIND, local=False)
    graph = changed(powered(800.0), "wind", source=abroad)
    assert renewable_share(graph, Rule.ANNUAL, local=True).share == 0.0


def test_without_a_profile_nothing_finer_is_shown() -> None:
    for rule in (Rule.MONTHLY, Rule.HOURLY):
        found = renewable_share(powered(5000.0), rule)
        assert found.share is None
        assert found.why == f"cannot be shown: {rule} matching needs a profile"


def test_months_are_matched_one_by_one() -> None:
    windy = (20.0,) * 6 + (5.0,) * 6
    profile = Profile((10.0,) * 12, (("wind", windy), ("coal", (10.0,) * 12)))
    assert renewable_share(powered(None), Rule.MONTHLY, profile).share == pytest.approx(0.75)
    assert renewable_share(powered(None), Rule.ANNUAL, profile).share == 1.0
    assert renewable_share(powered(None), Rule.HOURLY, profile).share is None
    short = Profile((10.0,) * 12, (("wind", windy[:11]),))
    assert renewable_share(powered(None), Rule.MONTHLY, short).share is None
