"""The reference campus: its totals come out as derived in its campus.yaml, and nothing is over.

Findings are asked of a hall of each kind alone. What joins halls, beside power, is judged by
`igoudar check dakhla`.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from igoudar.compiler import check_hall
from igoudar.day import today
from igoudar.errors import Severity
from igoudar.facility.graph import as_designed, power_graph
from igoudar.hall.places import Basis
from igoudar.hall.totals import totals
from igoudar.inventory import load, read_documents
from igoudar.model import Inventory, Role
from igoudar.power import Input, Rule, load_faults, loads, outage, renewable_share

ROOT = Path(__file__).parents[2]
GENERAL, AI, RESERVED = range(1, 7), range(7, 10), range(10, 11)
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def campus() -> Inventory:
    return load(ROOT / "inventory/dakhla", ROOT)


def test_halls_racks_and_power(campus: Inventory) -> None:
    found = totals(campus)

    assert {n: t.halls for n, t in found.items()} == dict.fromkeys(range(1, 11), 8)
    assert sum(t.racks for t in found.values()) == 19_200 + 1_632 + 800
    assert sum(found[n].racks_w for n in GENERAL) == pytest.approx(240.0e6)
    assert sum(found[n].racks_w for n in AI) == pytest.approx(161.7e6, rel=1e-3)
    assert sum(found[n].racks_w for n in RESERVED) == pytest.approx(8.0e6)
    assert sum(t.power_w for t in found.values()) == pytest.approx(409.7e6, rel=1e-4)
    assert sum(t.unknown for t in found.values()) == 0
    assert sum(t.management for t in found.values()) == 48 * 10_008 + 24 * 1_438 + 8 * 1_800 + 3
    assert sum(t.cables for t in found.values()) == 48 * 32_024 + 8 * 5_000 + 3
    assert all(t.drawn_w <= t.racks_w <= t.power_w for t in found.values())


def test_devices_of_each_kind_of_hall(campus: Inventory) -> None:
    found = totals(campus)
    hall = {n: {role: count / 8 for role, count in found[n].devices.items()} for n in (2, 7, 10)}

    assert (hall[2][Role.SERVER], hall[2][Role.LEAF], hall[2][Role.SPINE]) == (9_216, 768, 16)
    assert (hall[7][Role.SERVER], hall[7][Role.LEAF], hall[7][Role.SPINE]) == (864, 56 + 54, 32)
    assert (hall[10][Role.SERVER], hall[10][Role.LEAF]) == (1_600, 200)
    assert sum(t.devices[Role.SERVER] for t in found.values()) == 442_368 + 20_736 + 12_800


def test_cables_of_a_general_hall(campus: Inventory) -> None:
    """As the derivation has them, row by row; the differences are explained in cabling.yaml."""
    mine: dict[frozenset[Role], int] = defaultdict(int)
    for cable in campus.cables.values():
        roles = [campus.devices[end.device] for end in (cable.a, cable.b)]
        if any(device.hall == "g02-3" for device in roles if device.role is not Role.SUPER_SPINE):
            mine[frozenset(device.role for device in roles)] += 1

    assert mine == {
        frozenset({Role.SERVER, Role.LEAF}): 18_432,
        frozenset({Role.SERVER, Role.OOB}): 9_216,
        frozenset({Role.LEAF, Role.SPINE}): 3_072,
        frozenset({Role.SPINE, Role.SUPER_SPINE}): 512,
        frozenset({Role.LEAF, Role.OOB}): 768,
        frozenset({Role.SPINE, Role.OOB}): 16,
        frozenset({Role.SUPER_SPINE, Role.OOB}): 8,
    }
    assert sum(d.role is Role.SUPER_SPINE for d in campus.devices.values()) == 384
    assert campus.cables["spine-g02-3-a20/swp97 -- super-g02-1-a20/swp17"].length_m == 100


def test_the_campus_has_the_capacity_that_it_needs(campus: Inventory) -> None:
    assert campus.campus is not None
    assert (campus.campus.power_w, campus.campus.basis) == (500e6, Basis.FACILITY)


def test_each_hall_has_a_chain_of_its_own(campus: Inventory) -> None:
    """Counted by hand: sides of transformer, board, battery, UPS; busways; what cools; transfer switches."""
    plant = campus.plant
    mine = {hall: [u for u in plant.units.values() if u.hall == hall] for hall in ("g01-1", "a07-1", "r10-1")}

    assert {hall: len(units) for hall, units in mine.items()} == {
        "g01-1": 4 * 2 + 20 * 2 + 2,
        "a07-1": 4 * 2 + 4 * 2 + 5,
        "r10-1": 4 * 3 + 5 * 3 + 100 * 2 + 2,
    }
    assert campus.racks["g03-8-t20"].feeds == {"A": "g03-8-t-a", "B": "g03-8-t-b"}
    assert campus.racks["r10-8-e20"].feeds == {"A": "r10-8-e20-a", "B": "r10-8-e20-b"}
    assert plant.units["g03-8-tr-a"].power == Input(("mv-03-a",))
    assert {promise.name: len(promise.halls) for promise in plant.schemes.values()} == {
        "general": 48,
        "ai": 24,
        "reserved": 8,
    }


def test_sources_are_those_of_the_derivation(campus: Inventory) -> None:
    """65 % of 500 MW at 0.50 and 35 % at 0.27 are 650 MW each; 12 h of full load are 6 GWh."""
    graph = power_graph(campus)
    most = {u.name: u.limit_w * u.count for u in graph.units if u.source is not None}
    store = campus.plant.units["store"]
    mean = sum(
        unit.limit_w * unit.count * (unit.source.capacity_factor or 0)
        for unit in graph.units
        if unit.source is not None and unit.source.renewable and unit.source.local
    )

    assert (most["wind"], most["sun"], most["store"]) == (650e6, 650e6, 500e6)
    assert store.count * (campus.plant.types[store.type].energy_kwh or 0) == 6e6
    assert mean * 8760 == pytest.approx(4.38e12, rel=2e-3)  # Wh a year
    assert renewable_share(as_designed(campus, graph), Rule.ANNUAL, local=True).share == 1
    assert {load.name: load.load_w for load in loads(graph).units}["grid"] == 0


def test_no_unit_of_the_campus_carries_too_much(campus: Inventory) -> None:
    """Those that halls share too: the boards of the campus, its store and its sources."""
    graph = power_graph(campus)

    assert load_faults(graph, campus.plant.limits.balance) == ()


def test_a_side_of_a_hall_may_be_taken_out(campus: Inventory) -> None:
    graph = power_graph(campus)

    assert outage(graph, ["g01-1-board-a"]).harmless
    assert not outage(graph, ["g01-1-board-a", "g01-1-a-b"]).harmless
    assert outage(graph, ["r10-1-board-a", "r10-1-a-b"]).harmless
    assert outage(graph, ["mv-01-a"]).lost_w == 0


@pytest.mark.parametrize("hall", ["g02-3", "a07-1", "r10-1"])
def test_nothing_is_over_in_a_hall_of_each_kind(hall: str) -> None:
    """All of a kind are one series, and alike."""
    place = (ROOT / "inventory/dakhla", ROOT)
    found = check_hall(read_documents(*place), place, hall, today())

    assert [str(f) for f in found if f.severity is Severity.ERROR] == []
