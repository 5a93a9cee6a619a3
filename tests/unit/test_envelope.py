"""Envelopes against climate and cooling, and how long a hall stays inside one without cooling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import Finding, Severity
from igoudar.facility.cold import too_cold
from igoudar.facility.judged import judge
from igoudar.facility.plant import Medium, PlantLoop
from igoudar.hall.places import Cooling
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.power import Graph, Input, Loop, Source, Unit
from igoudar.power.supply import Supplies, Supply
from tests.errors import ROOT

FED = {"power": Input(("mains",))}
MAINS = Unit(name="mains", kind="wind", source=Source(local=True, renewable=True))


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory/lab", ROOT)


def coolers(*units: Unit, loops: tuple[Loop, ...] = (Loop("room"),)) -> Supplies:
    return Supplies(Graph((MAINS, *units), loops=loops))


def cooler(name: str = "c", cools: str = "room", **more: object) -> Unit:
    return Unit(name=name, kind="chiller", cools=cools, **{**FED, **more})  # type: ignore[arg-type]


def on_boards(lab: Inventory, **more: object) -> Inventory:
    """Its coolers stand still when the sources are gone. `more`: of its loop."""
    plant = lab.plant
    units = {
        name: replace(unit, power=Input((f"board-{name[-1]}",))) if unit.cools else unit
        for name, unit in plant.units.items()
    }
    loops = {"room": replace(plant.loops["room"], **more)}  # type: ignore[arg-type]
    return replace(lab, plant=replace(plant, units=units, loops=loops))


def told(inventory: Inventory, code: str) -> list[Finding]:
    return [finding for finding in judge(inventory) if finding.code == code]


# what loops are cooled to


def test_a_curve_is_straight_between_its_points() -> None:
    supplies = coolers(cooler(cooling=((20, 9.0), (40, 5.0)), supply=((20, 18.0), (40, 28.0))))

    assert [supplies.at("room", c).celsius for c in (0, 20, 30, 40)] == [18, 18, 23, 28]
    assert supplies.at("room", 41) == Supply(None, "c")
    assert supplies.capacity_w("room", 30) == 7


def test_an_approach_is_above_the_outside_or_above_the_loop_that_takes_the_heat() -> None:
    loops = (Loop("room", "water"), Loop("water"))
    dry = cooler("dry", "water", approach_k=8.0, cooling=((50, 1.0),))
    supplies = coolers(cooler(approach_k=4.0, cooling=((50, 1.0),)), dry, loops=loops)

    assert supplies.at("water", 30).celsius == 38
    assert supplies.at("room", 30).celsius == 42
    assert [*supplies.way("room")] == ["room", "water"]


def test_the_warmest_cooler_counts_and_one_that_says_nothing_is_named() -> None:
    one, two = (
        cooler(name, supply=((50, c),), cooling=((50, 1.0),)) for name, c in (("a", 18.0), ("b", 22.0))
    )
    silent = cooler("s", cooling=((50, 1.0),))

    assert coolers(one, two).at("room", 20).celsius == 22
    assert coolers(one, silent).at("room", 20) == Supply(None, "s")
    assert coolers().at("room", 20) == Supply(None)


@given(
    st.lists(
        st.tuples(st.integers(-5, 60), st.integers(5, 60)), min_size=1, max_size=5, unique_by=lambda p: p[0]
    )
)
def test_nothing_is_warmer_than_at_a_turn(points: list[tuple[int, int]]) -> None:
    supply = (*sorted((float(a), float(c)) for a, c in points), (70.0, 20.0))
    supplies = coolers(cooler(supply=supply, cooling=supply))
    worst = max(supplies.at("room", c).celsius or 0 for c in supplies.turns("room", 10, 45))
    everywhere = [supplies.at("room", 10 + n / 10).celsius or 0 for n in range(351)]

    assert max(everywhere) <= worst + 1e-9
    assert max(everywhere) == pytest.approx(worst, abs=6)  # a slope is at most 55 K a degree, a step 0.1


# envelopes


def test_the_lab_stays_inside(lab: Inventory) -> None:
    assert [f for f in judge(lab) if "envelope" in f.code or "warm" in f.code or "shown" in f.code] == []


def test_what_a_rack_needs_itself_comes_first(lab: Inventory) -> None:
    """22 °C and 2 K of mixing are too warm for H1, whose highest is 22 °C."""
    racks = {**lab.racks, "a05": replace(lab.racks["a05"], air_class="H1")}
    (finding,) = told(replace(lab, racks=racks), "envelope-missed")

    assert (finding.amount, finding.unit, finding.subject) == (22, "°C", "hall h1")
    assert finding.where == racks["a05"].where.at("air_class")
    assert finding.expected == "at most 20 °C, for 22 °C at the inlet"


def test_in_which_months_it_is_too_warm(lab: Inventory) -> None:
    """Without compressor 10 K above highs of 22 to 27 °C, against 35 - 2: from 24 °C on that is too warm."""
    kind = replace(lab.plant.types["air-handler-40"], supply=(), approach_k=10.0)
    types = {**lab.plant.types, "air-handler-40": kind}
    (finding,) = told(replace(lab, plant=replace(lab.plant, types=types)), "envelope-missed")

    assert "at 47 °C outside, loop room supplies 57 °C" in finding.message
    assert finding.message.endswith("and too warm on the mean day of June to November")


def test_liquid_is_judged_by_the_water_of_the_facility(lab: Inventory) -> None:
    loops = {
        **lab.plant.loops,
        "liquid": PlantLoop("liquid", lab.plant.loops["room"].where, "h1", Medium.LIQUID, "water"),
        "water": PlantLoop("water", lab.plant.loops["room"].where),
    }
    handler = lab.plant.units["cooler-a"]
    units = {
        **lab.plant.units,
        "cdu": replace(handler, name="cdu", type="cdu-1300", cools="liquid"),
        "dry": replace(handler, name="dry", type="dry-cooler-1000", cools="water"),
    }
    facts = {slug: replace(known, liquid_share=0.8) for slug, known in lab.facts.items()}
    halls = {"h1": replace(lab.halls["h1"], water_class="W32")}
    site = replace(lab, plant=replace(lab.plant, loops=loops, units=units), facts=facts, halls=halls)
    (finding,) = told(site, "envelope-missed")

    assert "loop water supplies 40 °C" in finding.message
    assert told(replace(site, halls={"h1": replace(halls["h1"], water_class="W40")}), "envelope-missed") == []


# cold


def at_coldest(site: Inventory, coldest: float | None) -> Inventory:
    assert site.campus is not None
    climate = replace(site.campus.climate, extreme_low_c=coldest)
    return replace(site, campus=replace(site.campus, climate=climate))


def with_handler(site: Inventory, **more: object) -> Inventory:
    kind = replace(site.plant.types["air-handler-40"], **more)  # type: ignore[arg-type]
    return replace(site, plant=replace(site.plant, types={**site.plant.types, "air-handler-40": kind}))


@given(coldest=st.integers(-60, 15), lowest=st.none() | st.integers(-60, 15))
def test_a_cooler_takes_the_coldest_hour_or_is_told(lab: Inventory, coldest: int, lowest: int | None) -> None:
    found = [*too_cold(at_coldest(with_handler(lab, lowest_c=lowest), coldest))]

    if lowest is None:
        assert [(f.code, f.subject) for f in found] == [("cold-not-shown", "type air-handler-40")]
    else:
        both = ["unit cooler-a", "unit cooler-b"] if coldest < lowest else []
        assert [(f.code, f.subject) for f in found] == [("too-cold-outside", unit) for unit in both]
        assert {(f.amount, f.unit) for f in found} <= {(lowest - coldest, "K")}


def test_where_nobody_knows_how_cold_it_gets_it_is_said_once(lab: Inventory) -> None:
    (finding,) = told(at_coldest(lab, None), "cold-not-shown")

    assert (finding.subject, finding.severity) == ("campus", Severity.WARNING)
    assert "cooler-a and 1 more" in finding.message
    assert told(at_coldest(lab, None), "too-cold-outside") == []


def test_what_gives_its_heat_to_a_further_loop_stands_inside(lab: Inventory) -> None:
    where = lab.plant.loops["room"].where
    loops = {"room": replace(lab.plant.loops["room"], to="water"), "water": PlantLoop("water", where)}
    dry = replace(lab.plant.units["cooler-a"], name="dry", type="dry-cooler-1000", cools="water")
    site = replace(lab, plant=replace(lab.plant, loops=loops, units={**lab.plant.units, "dry": dry}))

    assert [f.subject for f in told(at_coldest(site, -20), "too-cold-outside")] == ["unit dry"]


def test_a_supply_is_held_against_the_class_down_to_the_coldest_hour(lab: Inventory) -> None:
    """A setpoint that rises in the cold, below the lowest mean of a month."""
    site = with_handler(lab, supply=((-20.0, 50.0), (0.0, 22.0), (48.0, 22.0)))
    (finding,) = told(at_coldest(site, -20), "envelope-missed")

    assert "at -20 °C outside, loop room supplies 50 °C" in finding.message
    assert told(at_coldest(site, 0), "envelope-missed") == []
    assert told(at_coldest(site, None), "envelope-missed") == []


@pytest.mark.parametrize(
    ("name", "coldest", "dry"), [("A2", -13, 1), ("A2", -12, 0), ("recommended", -10, 1), ("H1", -9, 0)]
)
def test_outside_air_that_is_cold_is_dry(lab: Inventory, name: str, coldest: float, dry: int) -> None:
    """Its dew point is at most its temperature; what stays outside does not matter."""
    hall = replace(lab.halls["h1"], air_class=name)
    closed = at_coldest(replace(lab, halls={"h1": hall}), coldest)
    site = replace(closed, halls={"h1": replace(hall, cooling=Cooling.AIR_DIRECT)})

    assert told(closed, "envelope-dry") == []
    assert len(told(site, "envelope-dry")) == dry
    assert told(at_coldest(site, None), "envelope-dry") == []


# standstill


def test_how_long_it_lasts_is_what_the_air_takes_up(lab: Inventory) -> None:
    """1,000 m³ by 1.2 kJ are 1.2 MJ/K, and 11 K of that 13.2 MJ, with nothing heavy in it."""
    light = {slug: replace(known, kg=0.0) for slug, known in lab.facts.items()}
    types = {slug: replace(kind, kg=0.0) for slug, kind in lab.types.items()}
    site = replace(on_boards(lab, air_m3=1000.0), facts=light, types=types)
    (finding,) = told(site, "warm-before-battery-ends")
    fixed, losses = 2 * 800, 0.025 * 8550 * 1.003 + 0.003 * 8550  # of two UPSs; of the busways, too
    assert finding.amount == pytest.approx(13.2e6 / (8550 + fixed + losses), rel=1e-3)
    assert finding.severity is Severity.WARNING


def test_twice_the_air_lasts_twice_as_long(lab: Inventory) -> None:
    light = replace(on_boards(lab), limits=replace(lab.limits, warmth=replace(lab.limits.warmth, share=0.0)))  # type: ignore[type-var]

    def lasts(cubic: float) -> float:
        loops = {"room": replace(light.plant.loops["room"], air_m3=cubic)}
        (finding,) = told(replace(light, plant=replace(light.plant, loops=loops)), "warm-before-battery-ends")
        return finding.amount or 0.0

    assert lasts(800) == pytest.approx(2 * lasts(400))


def test_a_tank_helps_and_a_restart_in_time_is_no_error(lab: Inventory) -> None:
    (dry,) = told(on_boards(lab, air_m3=20.0), "warm-before-restart")
    assert (dry.severity, dry.unit) == (Severity.ERROR, "s")
    assert told(on_boards(lab, air_m3=20.0, water_m3=1.0), "warm-before-restart") == []
    assert [f.code for f in judge(on_boards(lab, water_m3=30.0)) if f.code.startswith("warm")] == []


def test_below_class_3_it_is_a_warning(lab: Inventory) -> None:
    halls = {"h1": replace(lab.halls["h1"], availability=2)}
    (finding,) = told(replace(on_boards(lab, air_m3=20.0), halls=halls), "warm-before-restart")
    assert finding.severity is Severity.WARNING


def test_cooling_on_a_ups_without_a_battery_stands_still(lab: Inventory) -> None:
    units = {name: unit for name, unit in lab.plant.units.items() if not name.startswith("battery")}
    for side in "ab":
        units[f"ups-{side}"] = replace(units[f"ups-{side}"], power=Input((f"board-{side}",)))
    site = replace(lab, plant=replace(lab.plant, units=units))
    small = {"room": replace(lab.plant.loops["room"], air_m3=20.0)}

    assert len(told(replace(site, plant=replace(site.plant, loops=small)), "warm-before-restart")) == 1


def test_a_store_on_a_board_is_a_source_that_is_gone(lab: Inventory) -> None:
    """Ten hours of it carry no cooler; behind a UPS they do."""
    big = replace(lab.plant.types["battery-80"], energy_kwh=850.0)
    plant = replace(on_boards(lab, air_m3=20.0).plant, types={**lab.plant.types, "battery-80": big})
    boards = {
        f"board-{side}": replace(lab.plant.units[f"board-{side}"], power=Input((f"battery-{side}",)))
        for side in "ab"
    }

    stored = replace(lab, plant=replace(plant, units={**plant.units, **boards}))
    assert len(told(stored, "warm-before-restart")) == 1
    behind = {name: lab.plant.units[name] for name in ("cooler-a", "cooler-b")}
    safe = replace(lab, plant=replace(plant, units={**plant.units, **behind}))
    assert [f.code for f in judge(safe) if f.code.startswith("warm")] == []
